//! Asks for a run whenever its time has come.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::service::{Shared, lock};
use super::{CronError, Error, Ingestion, RunRequest, Schedule};
use crate::domain::RunTrigger;

/// Looks at the clock once a second, so that a clock that jumps is seen, and never asks twice for one time.
pub struct Scheduler {
    ingestion: Ingestion,
    schedule: Schedule,
    shared: Arc<Shared>,
}

/// How often the scheduler looks at the clock.
const POLL: Duration = Duration::from_secs(1);

impl Scheduler {
    /// A scheduler for `ingestion`.
    ///
    /// # Errors
    /// When the configured cron fields are not valid.
    pub fn new(ingestion: &Ingestion) -> Result<Self, CronError> {
        let settings = &ingestion.deps.settings;
        let schedule = Schedule::new(settings.interval, settings.cron.as_deref())?;
        Ok(Self { ingestion: ingestion.clone(), schedule, shared: Arc::clone(&ingestion.shared) })
    }

    /// Works until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let Some(()) = stop.run_until_cancelled(self.plan_first()).await else { return };
        let mut poll = tokio::time::interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(poll.tick()).await.is_some() {
            self.tick().await;
        }
        *lock(&self.shared.next_due) = None;
    }

    /// Plans the first run by the last scheduled one that the store knows, so that a restart neither skips nor repeats.
    async fn plan_first(&self) {
        let last = loop {
            match self.ingestion.deps.ingest.runs(None, 50).await {
                Ok(runs) => break runs.into_iter().find(|run| run.trigger == RunTrigger::Schedule),
                Err(error) => {
                    warn!(%error, "The scheduler cannot read the last run; it tries again.");
                    tokio::time::sleep(POLL).await;
                }
            }
        };
        let now = self.ingestion.deps.clock.now();
        let due = self.schedule.first_after_start(now, last.map(|run| run.started_at));
        info!(next_run = %due, "Ingestion is scheduled; the next run is at {due}.");
        *lock(&self.shared.next_due) = Some(due);
    }

    async fn tick(&self) {
        let now = self.ingestion.deps.clock.now();
        let is_due = lock(&self.shared.next_due).is_some_and(|due| due <= now);
        if !is_due || lock(&self.shared.stopped_reason).is_some() {
            return;
        }
        let request =
            RunRequest { trigger: RunTrigger::Schedule, backfill: false, dry_run: false, leaders: Vec::new() };
        match self.ingestion.trigger(request).await {
            Ok(_) | Err(Error::Busy { .. }) => *lock(&self.shared.next_due) = Some(self.schedule.next_after(now)),
            Err(error) => warn!(%error, "A scheduled run could not be started; it stays due."),
        }
    }
}
