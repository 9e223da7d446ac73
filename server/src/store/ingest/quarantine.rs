//! Quarantine: the records of X that are no valid posts, and what became of them.

mod keep;
mod read;
mod replay;

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::ColumnTrait;
use sea_orm::sea_query::ExprTrait;
use uuid::Uuid;

pub(super) use keep::keep;
pub(in crate::store) use read::records_of;

use super::StreamId;
use crate::domain::{LeaderId, Platform, ScoredPost};
use crate::store::entity::quarantine::{Column, Entity};
use crate::store::purge::{Old, SMALL_PORTION};
use crate::store::{Error, Store};

/// Names a record in quarantine. Later records have greater names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuarantineId(pub Uuid);

impl fmt::Display for QuarantineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for QuarantineId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// What became of a record in quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuarantineStatus {
    /// Nothing so far.
    Open,
    /// It was a valid post when it was read again.
    Replayed,
    /// Somebody decided that it is not wanted.
    Discarded,
}

impl QuarantineStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Open, Self::Replayed, Self::Discarded];

    /// The name in the store and in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Replayed => "replayed",
            Self::Discarded => "discarded",
        }
    }

    /// Reads the name in the store.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// What a replay made of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReplayOutcome {
    /// A new post.
    Inserted,
    /// A newer version of a stored post.
    Updated,
    /// Nothing: as new a version is stored already, or the post is deleted.
    Unchanged,
}

impl ReplayOutcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Inserted, Self::Updated, Self::Unchanged];

    /// The name in the store and in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inserted => "inserted",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }

    /// Reads the name in the store.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// A record of X that was no valid post when it was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// The name of the record.
    pub id: QuarantineId,
    /// The stream that it came in.
    pub stream: StreamId,
    /// Whose timeline it was in.
    pub leader_id: LeaderId,
    /// Where that timeline is.
    pub platform: Platform,
    /// The record as JSON; cut at 64 KiB, and then no longer JSON.
    pub raw: String,
    /// What is wrong with it, as the last look at it found.
    pub reason: String,
    /// Where in the answer or, after a replay, in the record.
    pub path: String,
    /// What became of it.
    pub status: QuarantineStatus,
    /// How often a replay was tried.
    pub attempts: u32,
    /// What the replay made of it; None unless it was replayed.
    pub outcome: Option<ReplayOutcome>,
    /// When it was fetched first.
    pub first_seen_at: Timestamp,
    /// When it was fetched last.
    pub last_seen_at: Timestamp,
    /// When it was replayed or discarded.
    pub closed_at: Option<Timestamp>,
}

/// Which records are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QuarantineFilter {
    /// Only those with this status.
    pub status: Option<QuarantineStatus>,
    /// Only those from timelines of this leader.
    pub leader: Option<LeaderId>,
}

/// Keeps what was no valid post.
///
/// Records come in with the pages ([`super::Ingest::commit_page`]) and are counted there, as quarantined. A replay is
/// no page: it moves no checkpoint and has no line in the ledger. So the stored posts are those that the ledger counts
/// as inserted and those whose [`Quarantined::outcome`] says so, as long as both are kept.
#[async_trait]
pub trait Quarantine: Send + Sync {
    /// At most `limit` records that came before `before`, newest first.
    ///
    /// # Errors
    /// When the database fails.
    async fn records(
        &self,
        filter: QuarantineFilter,
        before: Option<QuarantineId>,
        limit: u32,
    ) -> Result<Vec<Quarantined>, Error>;

    /// One record.
    ///
    /// # Errors
    /// When the database fails.
    async fn record(&self, id: QuarantineId) -> Result<Option<Quarantined>, Error>;

    /// Stores the post that an open record turned out to be and closes the record, both or neither. A stored post of
    /// the same version or a later one is left as it is: it was read from a whole page. None when the record is not
    /// open.
    ///
    /// # Errors
    /// When the database fails.
    async fn replay(&self, id: QuarantineId, post: &ScoredPost) -> Result<Option<ReplayOutcome>, Error>;

    /// Notes that an open record is still no post, and why; false when it is not open.
    ///
    /// # Errors
    /// When the database fails.
    async fn refuse(&self, id: QuarantineId, reason: &str, path: &str) -> Result<bool, Error>;

    /// Closes an open record that nobody wants; false when it is not open.
    ///
    /// # Errors
    /// When the database fails.
    async fn discard(&self, id: QuarantineId) -> Result<bool, Error>;

    /// Forgets records that were closed before then and not seen since, a portion at a time, and says how many. Items of
    /// the review queue that are about nothing else go with them; the lines of the audit stay.
    ///
    /// # Errors
    /// When the database fails.
    async fn purge_closed(&self, before: Timestamp) -> Result<u64, Error>;
}

#[async_trait]
impl Quarantine for Store {
    async fn records(
        &self,
        filter: QuarantineFilter,
        before: Option<QuarantineId>,
        limit: u32,
    ) -> Result<Vec<Quarantined>, Error> {
        read::page(self, filter, before, limit).await
    }

    async fn record(&self, id: QuarantineId) -> Result<Option<Quarantined>, Error> {
        read::one(&self.db, id).await
    }

    async fn replay(&self, id: QuarantineId, post: &ScoredPost) -> Result<Option<ReplayOutcome>, Error> {
        replay::replay(self, id, post).await
    }

    async fn refuse(&self, id: QuarantineId, reason: &str, path: &str) -> Result<bool, Error> {
        replay::refuse(self, id, reason, path).await
    }

    async fn discard(&self, id: QuarantineId) -> Result<bool, Error> {
        replay::discard(self, id).await
    }

    async fn purge_closed(&self, before: Timestamp) -> Result<u64, Error> {
        let before = before.as_microsecond();
        // X may give a record again and again: as long as it does, what was decided about it has to be known.
        let rule = Column::ClosedAt.lt(before).and(Column::LastSeenAt.lt(before));
        Old::<Entity> { key: &[Column::Id], by: Column::ClosedAt, rule }.forget(&self.db, SMALL_PORTION).await
    }
}
