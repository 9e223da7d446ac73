//! The front desk: takes requests for runs and tells how they fare.

use std::sync::Arc;

use tracing::{info, warn};

use super::shared::Shared;
use super::task::conclude;
use super::{Deps, Error, QuarantineDeps, Worker};
use crate::domain::{Leader, LeaderId, Run, RunId, RunTrigger, StreamKey};
use crate::store::{self, Control, MovedStream, Opened, Quarantine, RunRequest};
use crate::x_api::Endpoint;

/// Takes requests for runs and tells how they fare. Clones share everything.
#[derive(Clone)]
pub struct Ingestion {
    pub(super) deps: Deps,
    pub(super) shared: Arc<Shared>,
}

impl Ingestion {
    /// The front desk, and the worker that must be run beside it.
    #[must_use]
    pub fn new(deps: Deps) -> (Self, Worker) {
        let shared = Arc::new(Shared::new());
        let worker = Worker::new(deps.clone(), Arc::clone(&shared));
        (Self { deps, shared }, worker)
    }

    /// Asks for a run, or joins an equal one that is open. Lifts a stop that Amber made by itself: whoever asks knows
    /// why it stopped, or finds out.
    ///
    /// # Errors
    /// When ingestion has no access to X, a leader cannot be read, too many runs are open, or the store fails.
    pub async fn trigger(&self, mut request: RunRequest) -> Result<Run, Error> {
        let Some(x) = &self.deps.x else { return Err(Error::Disabled) };
        self.check_leaders(&request.leaders).await?;
        let limited = x.rate_limited_until().get(&Endpoint::UserTimeline).copied();
        if let Some(until) = limited.filter(|_| request.trigger == RunTrigger::Refresh) {
            return Err(Error::RateLimited { until });
        }
        request.leaders.sort_unstable();
        request.leaders.dedup();
        request.dry_run |= self.deps.settings.dry_run;
        self.shared.note(self.deps.schedules.lift_stop().await?);
        let run = match self.deps.runs.open_run(&request).await? {
            Opened::New(run) => run,
            Opened::Joined(run) => return Ok(run),
            Opened::Full { open } => return Err(Error::Busy { open }),
        };
        info!(run_id = %run.id, trigger = run.trigger.as_str(), "Run {} was asked for.", run.id);
        self.shared.asked(run.id);
        self.shared.work.notify_one();
        self.shared.changed();
        if run.status.is_over() {
            // Nobody is followed: no task will end it.
            conclude(&self.deps, run.clone());
        }
        Ok(run)
    }

    /// Asks a run to end: what it has stored stays. None when there is no such run.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn cancel(&self, id: RunId) -> Result<Option<Run>, Error> {
        let run = self.deps.runs.cancel_run(id).await?;
        if run.is_some() {
            info!(run_id = %id, "Run {id} was asked to end.");
            self.shared.cancelled(id);
        }
        Ok(run)
    }

    /// Starts the schedule of all replicas, whatever stopped it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn start(&self) -> Result<Control, Error> {
        let control = self.deps.schedules.start().await?;
        info!("The schedule was started.");
        self.shared.note(control.clone());
        self.shared.work.notify_one();
        Ok(control)
    }

    /// Stops the schedule of all replicas. Runs that are open go on, and runs can still be asked for.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stop(&self) -> Result<Control, Error> {
        let control = self.deps.schedules.pause().await?;
        info!("The schedule was stopped.");
        self.shared.note(control.clone());
        Ok(control)
    }

    /// One run; None when there is no such run.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn run(&self, id: RunId) -> Result<Option<Run>, Error> {
        Ok(self.deps.runs.run(id).await?)
    }

    /// At most `limit` runs that are older than `before`, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn runs(&self, before: Option<RunId>, limit: u32) -> Result<Vec<Run>, Error> {
        Ok(self.deps.runs.runs(before, limit).await?)
    }

    /// What is needed to read refused records again.
    #[must_use]
    pub fn replaying(&self, records: Arc<dyn Quarantine>) -> QuarantineDeps {
        let (leaders, analyzer) = (Arc::clone(&self.deps.leaders), Arc::clone(&self.deps.analyzer));
        QuarantineDeps { leaders, records, analyzer }
    }

    /// Removes the checkpoint files of streams whose leader is gone, so that one who is added again is read anew. A file that
    /// stays does no other harm.
    pub async fn forget_files(&self, streams: &[StreamKey]) {
        let Some(mirror) = &self.deps.mirror else { return };
        for key in streams {
            if let Err(error) = mirror.forget(key).await {
                warn!(%key, %error, "The checkpoint file of {key} was not removed: {error}.");
            }
        }
    }

    /// Lets the checkpoint files of streams that go on under other keys do the same. A file that stays does no harm, since it
    /// says of which account it is.
    pub async fn move_files(&self, streams: &[MovedStream]) {
        let Some(mirror) = &self.deps.mirror else { return };
        for MovedStream { from, to, checkpoint, version } in streams {
            if let Err(error) = mirror.rename(from, to, checkpoint, *version).await {
                warn!(%from, %to, %error, "The checkpoint file of {from} did not become that of {to}: {error}.");
            }
        }
    }

    async fn check_leaders(&self, wanted: &[LeaderId]) -> Result<(), Error> {
        if wanted.is_empty() {
            return Ok(());
        }
        let found = self.deps.leaders.get_many(wanted).await?;
        for id in wanted {
            let leader = found.iter().find(|leader| leader.id == *id).ok_or(Error::LeaderNotFound(*id))?;
            leader.x_handle().ok_or(Error::NoHandle(*id))?;
        }
        Ok(())
    }
}

/// Every leader, page by page.
pub(super) async fn all_leaders(deps: &Deps) -> Result<Vec<Leader>, store::Error> {
    const PAGE: u32 = 500;
    let mut leaders: Vec<Leader> = Vec::new();
    loop {
        let after = leaders.last().map(|last| store::LeaderCursor { created_at: last.created_at, id: last.id });
        let page = deps.leaders.list(after, PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        leaders.extend(page);
        if is_last {
            return Ok(leaders);
        }
    }
}
