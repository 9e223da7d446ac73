//! Follows the health report. All who do share one look at the parts, which the report keeps for half a second.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{Stream, unfold};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::Operations;
use crate::domain::{Network, Principal};
use crate::health::{Health, Report};
use crate::usecase::Error;
use crate::usecase::holder::Holder;

/// How often a watcher looks.
const POLL: Duration = Duration::from_secs(1);
/// After so long without a message the report is told as it is: proxies cut streams that are quiet for longer.
const HEARTBEAT: Duration = Duration::from_secs(15);

impl Operations {
    /// The most callers that follow the health report at once, in one process.
    pub const MAX_WATCHERS: usize = 200;
    /// The most of these that one client has, or one network without a credential.
    pub const MAX_WATCHERS_OF_ONE: usize = 50;

    /// The health report at once, and again when a part says something else. Anyone may ask.
    ///
    /// # Errors
    /// [`Error::TooManyWatchers`]; in the stream [`Error::Stopping`].
    pub fn watch_health(
        &self,
        (caller, network): (&Principal, Option<Network>),
    ) -> Result<impl Stream<Item = Result<Report, Error>> + Send + use<>, Error> {
        let seat = self.watchers.take(Holder::of(caller, network)).map_err(Error::TooManyWatchers)?;
        let watcher = Watcher { health: Arc::clone(&self.health), closing: self.closing.clone(), told: None };
        Ok(unfold(Some((watcher, seat)), |place| async {
            let (mut watcher, seat) = place?;
            let told = watcher.next().await;
            let goes_on = told.is_ok();
            Some((told, goes_on.then_some((watcher, seat))))
        }))
    }
}

/// One who follows the health report.
struct Watcher {
    health: Arc<Health>,
    closing: CancellationToken,
    /// What was told last, and when.
    told: Option<(Report, Instant)>,
}

impl Watcher {
    async fn next(&mut self) -> Result<Report, Error> {
        let changed = async {
            loop {
                if self.told.is_some() {
                    sleep(POLL).await;
                }
                let report = Box::pin(self.health.report()).await;
                let is_known = |(told, at): &(Report, Instant)| told.is_like(&report) && at.elapsed() < HEARTBEAT;
                if !self.told.as_ref().is_some_and(is_known) {
                    return report;
                }
            }
        };
        let report = self.closing.run_until_cancelled(changed).await.ok_or(Error::Stopping)?;
        self.told = Some((report.clone(), Instant::now()));
        Ok(report)
    }
}
