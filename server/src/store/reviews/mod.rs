//! The review queue: what waits for a reviewer, what reviewers decided, and who did what.
//!
//! Rows are locked in the order of everything else that writes posts: the post first, then its item.

mod audit;
mod decide;
pub(super) mod enter;
mod read;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

pub(super) use audit::{Deed, write as write_down};

use super::ingest::Quarantined;
use super::{Error, Store};
use crate::domain::{Label, Post, PostId, ReviewEntry, ReviewId, ReviewReason, ReviewState};

/// A post, or a record in quarantine, that a reviewer is to look at or has looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewItem {
    /// The name of the item.
    pub id: ReviewId,
    /// What it is about.
    pub subject: Subject,
    /// What became of it.
    pub state: ReviewState,
    /// Why it entered.
    pub reason: ReviewReason,
    /// Notes of reviewers and of whoever asked for the review.
    pub notes: Option<String>,
    /// Who decided last.
    pub reviewer: Option<String>,
    /// When that was.
    pub reviewed_at: Option<Timestamp>,
    /// When it entered.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// What an item is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// A post.
    Post(Box<Post>),
    /// A record that is no post so far.
    Record(Box<Quarantined>),
}

impl ReviewItem {
    /// The post, once there is one.
    #[must_use]
    pub fn post(&self) -> Option<&Post> {
        match &self.subject {
            Subject::Post(post) => Some(post),
            Subject::Record(_) => None,
        }
    }
}

/// A place in the queue: the last item that was shown. The next page starts after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReviewCursor {
    /// When that item entered.
    pub created_at: Timestamp,
    /// That item.
    pub id: ReviewId,
}

/// What a reviewer decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Approved or rejected.
    pub state: ReviewState,
    /// Who decides.
    pub reviewer: String,
    /// Notes in the place of the old ones, which empty ones take away; None leaves them.
    pub notes: Option<String>,
}

/// What a reviewer changes without a decision; None leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// Who changes it.
    pub reviewer: String,
    /// The notes.
    pub notes: Option<String>,
    /// The tone of the post.
    pub label: Option<Label>,
}

/// What became of a decision or a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reviewed {
    /// It is as it was asked for.
    Done,
    /// There is no such item.
    Unknown,
    /// The item is about a record that is no post, and only posts can be treated so.
    NoPost,
}

/// Which lines of the audit are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReviewAuditFilter {
    /// Only those of this item.
    pub item: Option<ReviewId>,
    /// Only those of this post.
    pub post: Option<PostId>,
}

/// Keeps the review queue. Items enter with what they are about, in its transaction.
#[async_trait]
pub trait Reviews: Send + Sync {
    /// At most `limit` items in one of these states after `after`, those that entered last first.
    ///
    /// # Errors
    /// When the database fails.
    async fn items(
        &self,
        states: &[ReviewState],
        after: Option<ReviewCursor>,
        limit: u32,
    ) -> Result<Vec<ReviewItem>, Error>;

    /// One item.
    ///
    /// # Errors
    /// When the database fails.
    async fn item(&self, id: ReviewId) -> Result<Option<ReviewItem>, Error>;

    /// How many items wait.
    ///
    /// # Errors
    /// When the database fails.
    async fn waiting(&self) -> Result<u64, Error>;

    /// Takes a decision on an item, its post and the audit, all or nothing. The same decision of the same reviewer again
    /// changes nothing. To reject a record that is no post discards it.
    ///
    /// # Errors
    /// When the database fails.
    async fn decide(&self, id: ReviewId, decision: &Decision) -> Result<Reviewed, Error>;

    /// Changes an item, its post and the audit, all or nothing. What is so already changes nothing.
    ///
    /// # Errors
    /// When the database fails.
    async fn amend(&self, id: ReviewId, amendment: &Amendment) -> Result<Reviewed, Error>;

    /// At most `limit` lines of the audit before the line `before`, the last first.
    ///
    /// # Errors
    /// When the database fails.
    async fn review_audit(
        &self,
        filter: ReviewAuditFilter,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<ReviewEntry>, Error>;
}

#[async_trait]
impl Reviews for Store {
    async fn items(
        &self,
        states: &[ReviewState],
        after: Option<ReviewCursor>,
        limit: u32,
    ) -> Result<Vec<ReviewItem>, Error> {
        read::page(self, states, after, limit).await
    }

    async fn item(&self, id: ReviewId) -> Result<Option<ReviewItem>, Error> {
        read::one(self, id).await
    }

    async fn waiting(&self) -> Result<u64, Error> {
        read::waiting(self).await
    }

    async fn decide(&self, id: ReviewId, decision: &Decision) -> Result<Reviewed, Error> {
        decide::decide(self, id, decision).await
    }

    async fn amend(&self, id: ReviewId, amendment: &Amendment) -> Result<Reviewed, Error> {
        decide::amend(self, id, amendment).await
    }

    async fn review_audit(
        &self,
        filter: ReviewAuditFilter,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<ReviewEntry>, Error> {
        audit::page(self, filter, before, limit).await
    }
}
