//! Who reads which leader: tasks, and the leases under which they are worked off.
//!
//! A lease is a promise for a while; what makes it safe is its epoch, which grows with every claim and which every page
//! commit checks (Kleppmann's fencing token). The time of leases is the time of the database, so the clocks of replicas
//! do not matter.

mod claim;
mod end;
mod lease;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

pub(super) use lease::locked;

use super::{Error, Store};
use crate::domain::{LeaderId, Run, RunCounters, RunId, RunTrigger};

/// Names a process that works; made anew at each start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(pub Uuid);

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The right to read one leader for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lease {
    /// Whose streams.
    pub leader: LeaderId,
    /// Who has it.
    pub worker: WorkerId,
    /// The fencing token: greater than that of every lease before it.
    pub epoch: i64,
}

/// A leader to be read, and the lease for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The lease.
    pub lease: Lease,
    /// For which run.
    pub run: RunId,
    /// Why that run was made.
    pub trigger: RunTrigger,
    /// Older posts as well.
    pub backfill: bool,
    /// Store nothing.
    pub dry_run: bool,
    /// Another worker held a lease for this leader that ran out.
    pub taken_over: bool,
}

/// How many tasks a worker wants, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    /// The most tasks that it can take now.
    pub tasks: u32,
    /// The most leaders that all replicas together may read at once: they share one credential.
    pub everywhere: u32,
    /// How long the lease lasts without a heartbeat.
    pub ttl: Duration,
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskEnd {
    /// Why the leader could not be read; None when it was read.
    pub error: Option<String>,
    /// What a dry run would have stored; zero for others, whose pages count for themselves.
    pub dry_counters: RunCounters,
}

/// Hands out tasks. This is all that the engine asks of its scheduler of work.
#[async_trait]
pub trait Work: Send + Sync {
    /// Takes tasks that are due and whose leader nobody reads, those of the oldest run first, at most one per leader.
    /// None are handed out while ingestion has stopped by itself.
    ///
    /// # Errors
    /// When the database fails.
    async fn claim(&self, worker: WorkerId, want: Want) -> Result<Vec<Claim>, Error>;

    /// Extends every lease of `worker` and tells those that it still holds.
    ///
    /// # Errors
    /// When the database fails.
    async fn heartbeat(&self, worker: WorkerId, ttl: Duration) -> Result<Vec<Lease>, Error>;

    /// Ends a task and gives back its lease. The last task of a run ends the run, which is then the answer.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] when another worker has the leader by now, or when the database fails. Nothing changes then.
    async fn end_task(&self, claim: &Claim, end: &TaskEnd) -> Result<Option<Run>, Error>;

    /// Gives a task back undone, to be taken again not before `not_before`.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] as for [`Work::end_task`], or when the database fails.
    async fn return_task(&self, claim: &Claim, not_before: Option<Timestamp>) -> Result<(), Error>;

    /// Gives back every lease of `worker`, for an orderly end; their tasks wait for others.
    ///
    /// # Errors
    /// When the database fails.
    async fn release(&self, worker: WorkerId) -> Result<u64, Error>;

    /// On SQLite, which one process has for itself, gives back the leases of processes that are gone, and says how many;
    /// on PostgreSQL leases run out by themselves.
    ///
    /// # Errors
    /// When the database fails.
    async fn release_orphans(&self) -> Result<u64, Error>;
}

#[async_trait]
impl Work for Store {
    async fn claim(&self, worker: WorkerId, want: Want) -> Result<Vec<Claim>, Error> {
        self.hand_out(worker, want).await
    }

    async fn heartbeat(&self, worker: WorkerId, ttl: Duration) -> Result<Vec<Lease>, Error> {
        self.extend(worker, ttl).await
    }

    async fn end_task(&self, claim: &Claim, end: &TaskEnd) -> Result<Option<Run>, Error> {
        self.finish_task(claim, end).await
    }

    async fn return_task(&self, claim: &Claim, not_before: Option<Timestamp>) -> Result<(), Error> {
        self.put_back(claim, not_before).await
    }

    async fn release(&self, worker: WorkerId) -> Result<u64, Error> {
        self.release_all(worker).await
    }

    async fn release_orphans(&self) -> Result<u64, Error> {
        self.release_left().await
    }
}
