//! Runs: asked for, planned, watched, cancelled, ended.

mod cancel;
pub(super) mod close;
mod plan;
mod purge;
pub(super) mod row;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Error, Store};
use crate::domain::{LeaderId, Run, RunId, RunTrigger};

/// A run that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRequest {
    /// Who asks.
    pub trigger: RunTrigger,
    /// Read older posts as well.
    pub backfill: bool,
    /// Store nothing.
    pub dry_run: bool,
    /// Only these leaders, sorted and each once; empty means all with a handle on X.
    pub leaders: Vec<LeaderId>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// A new run.
    New(Run),
    /// An equal run that waits or is under way.
    Joined(Run),
    /// Too many runs are open.
    Full {
        /// How many.
        open: u64,
    },
}

/// A tick of the schedule that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// The due time by which the tick was found: whoever moves it on first has the tick.
    pub due: Timestamp,
    /// The newest tick that has passed.
    pub at: Timestamp,
    /// Ticks between the two that nobody ran.
    pub missed: u64,
    /// When the next one is due.
    pub next: Timestamp,
}

/// What became of a tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ticked {
    /// A new run.
    Started(Run),
    /// The scheduled run before it is still open: the tick counts as missed.
    Swallowed,
    /// Another replica was faster, or the schedule is paused or stopped.
    Lost,
}

/// The most runs that are open at once.
pub const MAX_OPEN_RUNS: u64 = 16;

/// Leaders that X did not know are looked up again by scheduled runs once a day, by others at once.
pub(super) const LOOKUP_AGAIN: std::time::Duration = std::time::Duration::from_hours(24);

/// Keeps the runs.
#[async_trait]
pub trait Runs: Send + Sync {
    /// Writes down a run with one task per leader, or joins an equal one that is open. A run without leaders ends at
    /// once.
    ///
    /// # Errors
    /// When the database fails.
    async fn open_run(&self, request: &RunRequest) -> Result<Opened, Error>;

    /// Takes a tick of the schedule: moves the due time on and writes down its run, both or neither.
    ///
    /// # Errors
    /// When the database fails.
    async fn open_tick(&self, tick: Tick, dry_run: bool) -> Result<Ticked, Error>;

    /// Asks a run to end. Tasks that nobody works on are dropped at once, the others end at their next page. None when
    /// there is no such run; a run that is over stays as it is.
    ///
    /// # Errors
    /// When the database fails.
    async fn cancel_run(&self, id: RunId) -> Result<Option<Run>, Error>;

    /// Ends the outstanding tasks of every open run as failed for `reason`, which ends these runs.
    ///
    /// # Errors
    /// When the database fails.
    async fn fail_open_runs(&self, reason: &str) -> Result<Vec<Run>, Error>;

    /// Drops the outstanding tasks of a run that nobody works on as failed for `reason`, for a fault that all others
    /// would meet as well. The run ends with its last task.
    ///
    /// # Errors
    /// When the database fails.
    async fn fail_waiting_tasks(&self, id: RunId, reason: &str) -> Result<(), Error>;

    /// One run.
    ///
    /// # Errors
    /// When the database fails.
    async fn run(&self, id: RunId) -> Result<Option<Run>, Error>;

    /// The newest run.
    ///
    /// # Errors
    /// When the database fails.
    async fn last_run(&self) -> Result<Option<Run>, Error>;

    /// At most `limit` runs that are older than `before`, newest first.
    ///
    /// # Errors
    /// When the database fails.
    async fn runs(&self, before: Option<RunId>, limit: u32) -> Result<Vec<Run>, Error>;

    /// Forgets runs that were asked for and over before then, a portion at a time, and says how many. The newest run stays,
    /// and so does every run of which the ledger has lines.
    ///
    /// # Errors
    /// When the database fails.
    async fn purge_runs(&self, before: Timestamp) -> Result<u64, Error>;
}

#[async_trait]
impl Runs for Store {
    async fn open_run(&self, request: &RunRequest) -> Result<Opened, Error> {
        self.open(request).await
    }

    async fn open_tick(&self, tick: Tick, dry_run: bool) -> Result<Ticked, Error> {
        self.take_tick(tick, dry_run).await
    }

    async fn cancel_run(&self, id: RunId) -> Result<Option<Run>, Error> {
        self.cancel(id).await
    }

    async fn fail_open_runs(&self, reason: &str) -> Result<Vec<Run>, Error> {
        self.fail_all(reason).await
    }

    async fn fail_waiting_tasks(&self, id: RunId, reason: &str) -> Result<(), Error> {
        self.fail_waiting(id, reason).await
    }

    async fn run(&self, id: RunId) -> Result<Option<Run>, Error> {
        row::find(&self.db, id).await
    }

    async fn last_run(&self) -> Result<Option<Run>, Error> {
        Ok(row::newest(&self.db, None, 1).await?.pop())
    }

    async fn runs(&self, before: Option<RunId>, limit: u32) -> Result<Vec<Run>, Error> {
        row::newest(&self.db, before, limit).await
    }

    async fn purge_runs(&self, before: Timestamp) -> Result<u64, Error> {
        purge::forget(&self.db, before).await
    }
}
