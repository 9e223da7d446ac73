//! How far each stream is read, and the pages that were stored.

mod commit;
mod handover;
mod quarantine;
mod stored;
mod streams;
pub(super) mod upsert;

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

pub(super) use self::commit::{Entry, Owner};
pub use self::handover::MovedStream;
pub(super) use self::quarantine::records_of;
pub use self::quarantine::{Quarantine, QuarantineFilter, QuarantineId, QuarantineStatus, Quarantined, ReplayOutcome};

use super::work::Lease;

use super::{Error, Store};
use crate::domain::{Checkpoint, ExternalId, LeaderId, Platform, RunCounters, RunId, ScoredPost};

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
    /// The name for people and for checkpoint stores, as `x:name`.
    pub key: String,
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
    /// Where in the answer, such as `data[3].created_at`.
    pub path: String,
}

/// A page of posts and the checkpoint that covers it.
#[derive(Debug, Clone, PartialEq)]
pub struct PageCommit {
    /// The run that fetched it.
    pub run: RunId,
    /// The right to write; its epoch is checked.
    pub lease: Lease,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Where the stream is.
    pub platform: Platform,
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
    /// Every post is probably new. A page of which that is true is stored faster, any other one slower.
    pub is_likely_new: bool,
}

/// What became of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The version of the stream from now on.
    pub version: i64,
    /// The counts of this page; they balance.
    pub counters: RunCounters,
    /// Somebody asked the run to end, or it is over.
    pub cancel_requested: bool,
}

/// Stored posts of a leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostsFrom {
    /// Whose.
    pub leader: LeaderId,
    /// Where.
    pub platform: Platform,
    /// The lowest number.
    pub from: ExternalId,
    /// Only those that were first stored then or later; None: all.
    pub since: Option<Timestamp>,
}

/// Keeps streams and pages.
#[async_trait]
pub trait Ingest: Send + Sync {
    /// A stream of the leader of `lease`.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] when another worker has the leader by now, [`Error::Conflict`] when the leader is gone or
    /// has no handle on `platform`, or when the database fails.
    async fn stream(&self, lease: &Lease, platform: Platform, kind: StreamKind) -> Result<Stream, Error>;

    /// Every stream of a leader, by key.
    ///
    /// # Errors
    /// When the database fails.
    async fn streams(&self) -> Result<Vec<Stream>, Error>;

    /// Stores a page and moves the checkpoint, both or neither.
    ///
    /// # Errors
    /// [`Error::Fenced`] when the stream is no longer at `page.version` or under `page.lease`, [`Error::Unbalanced`]
    /// when `page.fetched` is not the number of its records, or when the database fails. Nothing is stored then.
    async fn commit_page(&self, page: PageCommit) -> Result<Committed, Error>;

    /// Counts what [`Ingest::commit_page`] would store, and stores nothing.
    ///
    /// # Errors
    /// As [`Ingest::commit_page`].
    async fn rehearse_page(&self, page: PageCommit) -> Result<RunCounters, Error>;

    /// How many such posts there are, deleted ones included.
    ///
    /// # Errors
    /// When the database fails.
    async fn posts_from(&self, asked: PostsFrom) -> Result<u64, Error>;

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
}

#[async_trait]
impl Ingest for Store {
    async fn stream(&self, lease: &Lease, platform: Platform, kind: StreamKind) -> Result<Stream, Error> {
        self.leased_stream(lease, platform, kind).await
    }

    async fn streams(&self) -> Result<Vec<Stream>, Error> {
        self.all_streams().await
    }

    async fn commit_page(&self, page: PageCommit) -> Result<Committed, Error> {
        self.commit(&page).await
    }

    async fn rehearse_page(&self, page: PageCommit) -> Result<RunCounters, Error> {
        self.rehearse(&page).await
    }

    async fn posts_from(&self, asked: PostsFrom) -> Result<u64, Error> {
        self.count_from(asked).await
    }

    async fn note_success(&self, stream: StreamId) -> Result<(), Error> {
        self.mark_read(stream).await
    }

    async fn note_failure(&self, stream: StreamId, reason: &str) -> Result<(), Error> {
        self.mark_failed(stream, reason).await
    }
}
