//! Executes the runs, one after the other.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::Deps;
use super::execute::execute;
use super::service::{ActiveRun, Shared};
use crate::domain::{Run, RunStatus};

/// Executes the runs, one after the other, so that a leader is never read twice at once by this process.
pub struct Worker {
    deps: Deps,
    shared: Arc<Shared>,
    inbox: mpsc::Receiver<Arc<ActiveRun>>,
}

impl Worker {
    pub(super) fn new(deps: Deps, shared: Arc<Shared>, inbox: mpsc::Receiver<Arc<ActiveRun>>) -> Self {
        Self { deps, shared, inbox }
    }

    /// Works until `stop`; then the page under way is finished, and what waits is marked as interrupted.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            let Some(Some(place)) = stop.run_until_cancelled(self.inbox.recv()).await else { break };
            let run = execute(&self.deps, &self.shared, &place, &stop).await;
            self.conclude(&place, run).await;
        }
        self.inbox.close();
        while let Ok(place) = self.inbox.try_recv() {
            let waiting = place.progress.borrow().clone();
            self.conclude(&place, Run { status: RunStatus::Interrupted, ..waiting }).await;
        }
    }

    async fn conclude(&self, place: &Arc<ActiveRun>, run: Run) {
        let run = Run { ended_at: Some(self.deps.clock.now()), ..run };
        if let Err(reason) = self.deps.ingest.finish_run(&run).await {
            error!(run_id = %run.id, %reason, "The end of run {} could not be written down.", run.id);
        }
        let finished = run;
        info!(
            run_id = %finished.id,
            status = finished.status.as_str(),
            inserted = finished.counters.inserted,
            fetched = finished.counters.fetched,
            "Run {} ended: {}, {} new posts.", finished.id, finished.status.as_str(), finished.counters.inserted
        );
        let took = finished.ended_at.unwrap_or(finished.started_at).duration_since(finished.started_at);
        let took = took.try_into().unwrap_or_default();
        self.deps.metrics.run_finished(finished.status, took, finished.error.clone());
        self.deps.metrics.breaker(self.deps.breaker().state.as_str());
        self.shared.forget(place);
        place.progress.send_replace(finished);
    }
}
