//! How far each stream is read, the pages that were stored, and the runs that fetched them.

mod commit;
mod quarantine;
mod runs;
mod streams;
pub(super) mod upsert;

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

pub(super) use self::commit::Owner;
use super::{Error, Store};
use crate::domain::{Checkpoint, LeaderId, Platform, Run, RunCounters, RunId, ScoredPost};

/// Names a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub Uuid);

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// In which direction a stream walks a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamKind {
    /// The newest posts.
    Posts,
    /// Older posts, downwards from the oldest stored one.
    Backfill,
}

impl StreamKind {
    /// The name in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Posts => "posts",
            Self::Backfill => "backfill",
        }
    }

    /// Reads the name in the store.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Posts, Self::Backfill].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One leader's timeline on one platform and how far it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// The name of the record.
    pub id: StreamId,
    /// Whose timeline it is.
    pub leader_id: LeaderId,
    /// Where the timeline is.
    pub platform: Platform,
    /// In which direction it is read.
    pub kind: StreamKind,
    /// How far it is read.
    pub checkpoint: Checkpoint,
    /// How many pages moved the checkpoint; the fence of [`Ingest::commit_page`].
    pub version: i64,
    /// When it was last read without a failure.
    pub last_success_at: Option<Timestamp>,
    /// Why it could not be read the last time; None after a success.
    pub last_error: Option<String>,
}

/// A record of X that is no valid post.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected {
    /// The record as it came.
    pub raw: serde_json::Value,
    /// What is wrong with it.
    pub reason: String,
    /// Where in the record, as a JSON pointer (RFC 6901).
    pub path: String,
}

/// A page of posts and the checkpoint that covers it.
#[derive(Debug, Clone, PartialEq)]
pub struct PageCommit {
    /// The run that fetched it; None outside of a run.
    pub run: Option<RunId>,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// The version of the stream on which `checkpoint` builds.
    pub version: i64,
    /// How far the stream is read with this page.
    pub checkpoint: Checkpoint,
    /// The valid posts, in any order.
    pub posts: Vec<ScoredPost>,
    /// The other records.
    pub rejected: Vec<Rejected>,
    /// Records that X returned: every one is in `posts` or in `rejected`.
    pub fetched: u64,
}

/// What became of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The version of the stream from now on.
    pub version: i64,
    /// The counts of this page; they balance.
    pub counters: RunCounters,
}

/// All finished and running runs together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunTotals {
    /// Runs.
    pub runs: u64,
    /// The sum of what they counted.
    pub counters: RunCounters,
}

/// Keeps streams, pages and runs.
#[async_trait]
pub trait Ingest: Send + Sync {
    /// The stream of a leader; it is created when it is absent.
    ///
    /// # Errors
    /// [`Error::Conflict`] when there is no such leader, or when the database fails.
    async fn stream(&self, leader: LeaderId, platform: Platform, kind: StreamKind) -> Result<Stream, Error>;

    /// Every stream.
    ///
    /// # Errors
    /// When the database fails.
    async fn streams(&self) -> Result<Vec<Stream>, Error>;

    /// Stores a page and moves the checkpoint, both or neither.
    ///
    /// # Errors
    /// [`Error::Fenced`] when the stream is no longer at `page.version`, [`Error::Unbalanced`] when `page.fetched` is
    /// not the number of its records, or when the database fails. Nothing is stored then.
    async fn commit_page(&self, page: PageCommit) -> Result<Committed, Error>;

    /// Notes that a stream was read to the end of what was wanted.
    ///
    /// # Errors
    /// When the database fails.
    async fn note_success(&self, stream: StreamId) -> Result<(), Error>;

    /// Notes why a stream could not be read.
    ///
    /// # Errors
    /// When the database fails.
    async fn note_failure(&self, stream: StreamId, reason: &str) -> Result<(), Error>;

    /// Writes down a run that begins.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the run is known already, or when the database fails.
    async fn start_run(&self, run: &Run) -> Result<(), Error>;

    /// Notes that a run is under way and how many of its leaders are done.
    ///
    /// # Errors
    /// When the database fails.
    async fn advance_run(&self, run: RunId, leaders_done: u32) -> Result<(), Error>;

    /// Writes down how a run ended. The counters are those of the committed pages; only those of a dry run, which
    /// commits none, are taken from `run`.
    ///
    /// # Errors
    /// When the database fails.
    async fn finish_run(&self, run: &Run) -> Result<(), Error>;

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

    /// What all runs counted.
    ///
    /// # Errors
    /// When the database fails.
    async fn run_totals(&self) -> Result<RunTotals, Error>;

    /// Marks the runs whose process is gone as interrupted and says how many: on SQLite, which one process has for
    /// itself, all that wait or are under way; on PostgreSQL those that started more than an hour ago.
    ///
    /// # Errors
    /// When the database fails.
    async fn interrupt_orphans(&self) -> Result<u64, Error>;
}

#[async_trait]
impl Ingest for Store {
    async fn stream(&self, leader: LeaderId, platform: Platform, kind: StreamKind) -> Result<Stream, Error> {
        self.open_stream(leader, platform, kind).await
    }

    async fn streams(&self) -> Result<Vec<Stream>, Error> {
        self.all_streams().await
    }

    async fn commit_page(&self, page: PageCommit) -> Result<Committed, Error> {
        self.commit(page).await
    }

    async fn note_success(&self, stream: StreamId) -> Result<(), Error> {
        self.mark_read(stream).await
    }

    async fn note_failure(&self, stream: StreamId, reason: &str) -> Result<(), Error> {
        self.mark_failed(stream, reason).await
    }

    async fn start_run(&self, run: &Run) -> Result<(), Error> {
        self.insert_run(run).await
    }

    async fn advance_run(&self, run: RunId, leaders_done: u32) -> Result<(), Error> {
        self.set_leaders_done(run, leaders_done).await
    }

    async fn finish_run(&self, run: &Run) -> Result<(), Error> {
        self.close_run(run).await
    }

    async fn run(&self, id: RunId) -> Result<Option<Run>, Error> {
        self.find_run(id).await
    }

    async fn last_run(&self) -> Result<Option<Run>, Error> {
        Ok(self.runs_before(None, 1).await?.pop())
    }

    async fn runs(&self, before: Option<RunId>, limit: u32) -> Result<Vec<Run>, Error> {
        self.runs_before(before, limit).await
    }

    async fn run_totals(&self) -> Result<RunTotals, Error> {
        self.sum_runs().await
    }

    async fn interrupt_orphans(&self) -> Result<u64, Error> {
        self.close_orphans().await
    }
}
