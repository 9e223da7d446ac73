//! A run as a stream of its states, over as many connections as it takes.

use std::future::ready;
use std::time::Duration;

use amber_proto::v1::{Run, WatchRunRequest, WatchRunResponse};
use futures::stream::{Stream, TryStreamExt};
use tonic::{Status, Streaming};

use crate::Amber;
use crate::resume::{Watched, resuming};

impl Amber {
    /// Each state of a run that is newer than `after_seq`, until the run has ended; zero begins with the state now.
    ///
    /// When the server goes away or the connection breaks, it calls again and goes on after the last state, as often and
    /// as patiently as [`Options::retry`] says; each state that comes begins the count anew.
    ///
    /// ```no_run
    /// use amber_sdk::v1::{CancelRunRequest, TriggerIngestionRequest};
    /// use futures::TryStreamExt;
    ///
    /// # async fn example(amber: amber_sdk::Amber) -> Result<(), tonic::Status> {
    /// let asked = amber.ingestion().trigger_ingestion(TriggerIngestionRequest::default()).await?;
    /// let run_id = asked.into_inner().run_id;
    /// let mut states = std::pin::pin!(amber.watch_run(&run_id, 0));
    /// while let Some(run) = states.try_next().await? {
    ///     println!("{} of {} leaders", run.leaders_done, run.leaders_total);
    ///     if run.leaders_failed > 10 {
    ///         let enough = CancelRunRequest { run_id: run_id.clone() };
    ///         amber.ingestion().cancel_run(enough).await?;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// An item is the [`Status`] of a call that failed for good; it is the last item.
    ///
    /// [`Options::retry`]: crate::Options::retry
    pub fn watch_run(&self, run_id: &str, after_seq: i64) -> impl Stream<Item = Result<Run, Status>> + Send + use<> {
        let request = WatchRunRequest { run_id: run_id.to_owned(), after_seq };
        resuming(self, WatchedRun { request }).try_filter_map(|told| ready(Ok(told.run)))
    }
}

/// A run that is watched.
struct WatchedRun {
    request: WatchRunRequest,
}

impl Watched for WatchedRun {
    type Told = WatchRunResponse;

    const LONGEST_SILENCE: Option<Duration> = None;

    async fn open(&self, amber: &Amber) -> Result<Streaming<WatchRunResponse>, Status> {
        Ok(amber.ingestion().watch_run(self.request.clone()).await?.into_inner())
    }

    fn note(&mut self, told: &WatchRunResponse) -> bool {
        let Some(run) = &told.run else { return false };
        self.request.after_seq = run.seq;
        run.end_time.is_some()
    }
}
