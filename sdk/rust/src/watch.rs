//! A run as a stream of its states, over as many connections as it takes.

use std::time::Duration;

use amber_proto::v1::{Run, WatchRunRequest, WatchRunResponse};
use futures::stream::{Stream, try_unfold};
use tokio::time::Instant;
use tonic::{Code, Status, Streaming};

use crate::{Amber, Refusal};

/// A connection that lasted this long was no failure, whatever ended it: proxies cut quiet streams.
const LASTED: Duration = Duration::from_secs(10);

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
        let watch = Watch {
            amber: self.clone(),
            request: WatchRunRequest { run_id: run_id.to_owned(), after_seq },
            open: None,
            failures: 0,
            is_over: false,
        };
        try_unfold(watch, |mut watch| async move { Ok(watch.next().await?.map(|run| (run, watch))) })
    }
}

/// A run that is watched.
struct Watch {
    amber: Amber,
    request: WatchRunRequest,
    open: Option<(Streaming<WatchRunResponse>, Instant)>,
    failures: u32,
    is_over: bool,
}

impl Watch {
    /// The next state; None after the end of the run.
    async fn next(&mut self) -> Result<Option<Run>, Status> {
        while !self.is_over {
            let refusal = match self.receive().await {
                Ok(Some(run)) => {
                    self.failures = 0;
                    self.request.after_seq = run.seq;
                    self.is_over = run.end_time.is_some();
                    return Ok(Some(run));
                }
                Ok(None) => break,
                Err(refusal) => refusal,
            };
            if self.open.take().is_some_and(|(_, since)| since.elapsed() > LASTED) {
                self.failures = 0;
            }
            self.amber.retry().pause(self.failures, as_outage(refusal)).await?;
            self.failures += 1;
        }
        Ok(None)
    }

    /// What the open stream says next; without one it is opened first.
    async fn receive(&mut self) -> Result<Option<Run>, Status> {
        let (states, _) = match &mut self.open {
            Some(open) => open,
            none => {
                let states = self.amber.ingestion().watch_run(self.request.clone()).await?.into_inner();
                none.insert((states, Instant::now()))
            }
        };
        let told = states.message().await?;
        told.map(|told| told.run.ok_or_else(|| Status::internal("a state without a run"))).transpose()
    }
}

/// The transport has several codes for a connection that broke; none of them brings a reason of Amber.
pub(crate) fn as_outage(status: Status) -> Status {
    let of_transport = matches!(status.code(), Code::Unknown | Code::Internal | Code::Cancelled);
    if of_transport && status.reason().is_none() { Status::unavailable(status.message()) } else { status }
}
