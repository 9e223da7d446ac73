//! What is taken over from another service: stored once, and never over what Amber knows better.
//!
//! What an import stored and nobody changed since may be changed by the next import. Such a post has the origin
//! [`PostOrigin::Imported`](crate::domain::PostOrigin) and was last changed when it was first seen.

mod leaders;
mod posts;
mod reviews;

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Error, Store};
use crate::domain::{
    Author, ExternalId, Leader, LeaderId, NewLeader, Platform, PostId, PostMetrics, ReviewState, Sentiment,
    Verification,
};

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Imported {
    /// It is new.
    Stored,
    /// It is there already, as it is or newer.
    Known,
    /// It is there from an earlier import, and was brought up to date.
    Updated,
}

/// A leader of another service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedLeader {
    /// The name of the record, which it keeps.
    pub id: LeaderId,
    /// The leader.
    pub leader: NewLeader,
    /// When it was added there.
    pub created_at: Timestamp,
}

/// A post of another service.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedPost {
    /// The name of the record, which it keeps unless the post is known under another.
    pub id: PostId,
    /// Whose post it is.
    pub leader: LeaderId,
    /// Where it was published.
    pub platform: Platform,
    /// What that is called, for [`Platform::Other`].
    pub platform_name: Option<String>,
    /// Its number, when it has one on X.
    pub number: Option<ExternalId>,
    /// What the platform calls it; empty when that is not known.
    pub external_id: String,
    /// Who wrote it.
    pub author: Author,
    /// The whole text.
    pub text: String,
    /// When it was published.
    pub posted_at: Timestamp,
    /// A BCP 47 tag, `und` when unknown.
    pub language: String,
    /// The tone of the text.
    pub sentiment: Sentiment,
    /// Public counts.
    pub metrics: PostMetrics,
    /// What reviewers say of it.
    pub verification: Verification,
    /// Where it can be read; empty when nowhere.
    pub permalink: String,
    /// When the other service first stored it.
    pub first_seen_at: Timestamp,
    /// Whether X is asked now and then what became of it.
    pub is_asked_again: bool,
}

/// An item of the review queue of another service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedReviewItem {
    /// The name of the record, which it keeps.
    pub id: Uuid,
    /// What it is about.
    pub post: PostId,
    /// What became of it.
    pub state: ReviewState,
    /// What was written about it.
    pub notes: Option<String>,
    /// Who decided.
    pub reviewer: Option<String>,
    /// When that was.
    pub reviewed_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Where posts are in Amber that another service knows by other names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownPosts {
    ids: BTreeMap<PostId, PostId>,
    numbers: BTreeMap<ExternalId, PostId>,
}

impl KnownPosts {
    /// The post with this name or else this number on X.
    #[must_use]
    pub fn find(&self, id: PostId, number: Option<ExternalId>) -> Option<PostId> {
        self.ids.get(&id).or_else(|| self.numbers.get(&number?)).copied()
    }
}

/// Takes over rows of another service. Each call is one transaction, and tells what became of its rows in their order.
#[async_trait]
pub trait Imports: Send + Sync {
    /// Leaders by which Amber knows these already: by their id, or by their account on X where Amber itself added the
    /// leader.
    ///
    /// # Errors
    /// When the database fails.
    async fn known_leaders(&self, leaders: &[ImportedLeader]) -> Result<Vec<Option<Leader>>, Error>;

    /// Stores leaders; those whose ids are taken are left as they are.
    ///
    /// # Errors
    /// When the database fails. Nothing is stored then.
    async fn import_leaders(&self, leaders: &[ImportedLeader]) -> Result<Vec<Imported>, Error>;

    /// The posts that Amber has under these ids or, on X, under these numbers, deleted ones included.
    ///
    /// # Errors
    /// When the database fails.
    async fn known_posts(&self, ids: &[PostId], numbers: &[ExternalId]) -> Result<KnownPosts, Error>;

    /// Stores posts of leaders that are there; with `rehearse` it only tells what would become of them.
    ///
    /// # Errors
    /// When the database fails. Nothing is stored then.
    async fn import_posts(&self, posts: &[ImportedPost], rehearse: bool) -> Result<Vec<Imported>, Error>;

    /// Stores review items of posts that are there; with `rehearse` it only tells what would become of them.
    ///
    /// # Errors
    /// When the database fails. Nothing is stored then.
    async fn import_review_items(&self, items: &[ImportedReviewItem], rehearse: bool) -> Result<Vec<Imported>, Error>;
}

#[async_trait]
impl Imports for Store {
    async fn known_leaders(&self, leaders: &[ImportedLeader]) -> Result<Vec<Option<Leader>>, Error> {
        leaders::known(self, leaders).await
    }

    async fn import_leaders(&self, leaders: &[ImportedLeader]) -> Result<Vec<Imported>, Error> {
        leaders::import(self, leaders).await
    }

    async fn known_posts(&self, ids: &[PostId], numbers: &[ExternalId]) -> Result<KnownPosts, Error> {
        let rows = posts::known(&self.db, ids, numbers).await?;
        Ok(posts::by_name(&rows))
    }

    async fn import_posts(&self, posts: &[ImportedPost], rehearse: bool) -> Result<Vec<Imported>, Error> {
        posts::import(self, posts, rehearse).await
    }

    async fn import_review_items(&self, items: &[ImportedReviewItem], rehearse: bool) -> Result<Vec<Imported>, Error> {
        reviews::import(self, items, rehearse).await
    }
}
