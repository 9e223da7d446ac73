//! The health report as one stream, over as many connections as it takes.

use std::future::ready;
use std::time::Duration;

use amber_proto::v1::{GetHealthResponse, WatchHealthRequest, WatchHealthResponse};
use futures::stream::{Stream, TryStreamExt};
use tonic::{Status, Streaming};

use crate::Amber;
use crate::resume::{Watched, resuming};

/// The server sends something every 15 seconds; after so long without anything the connection is dead.
const SILENCE: Duration = Duration::from_secs(45);

impl Amber {
    /// The health report at once and after each change of its status or of a check; now and then as it is. Without an end.
    ///
    /// When the server goes away or the connection breaks, it calls again, as often and as patiently as
    /// [`Options::retry`] says; each report that comes begins the count anew.
    ///
    /// ```no_run
    /// use futures::TryStreamExt;
    ///
    /// # async fn example(amber: amber_sdk::Amber) -> Result<(), tonic::Status> {
    /// let mut reports = std::pin::pin!(amber.watch_health());
    /// while let Some(report) = reports.try_next().await? {
    ///     println!("{}", report.status().as_str_name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// An item is the [`Status`] of a call that failed for good; it is the last item.
    ///
    /// [`Options::retry`]: crate::Options::retry
    pub fn watch_health(&self) -> impl Stream<Item = Result<GetHealthResponse, Status>> + Send + use<> {
        resuming(self, WatchedHealth).try_filter_map(|told| ready(Ok(told.report)))
    }
}

/// The report that is watched.
struct WatchedHealth;

impl Watched for WatchedHealth {
    type Told = WatchHealthResponse;

    const LONGEST_SILENCE: Option<Duration> = Some(SILENCE);

    async fn open(&self, amber: &Amber) -> Result<Streaming<WatchHealthResponse>, Status> {
        Ok(amber.health().watch_health(WatchHealthRequest {}).await?.into_inner())
    }

    fn note(&mut self, _: &WatchHealthResponse) -> bool {
        false
    }
}
