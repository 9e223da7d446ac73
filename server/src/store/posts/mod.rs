//! The feed: stored posts, newest first.

use async_trait::async_trait;
use jiff::Timestamp;

use super::Error;
use crate::domain::{FeedCursor, FeedFilter, FeedPage};

/// Reads the posts.
#[async_trait]
pub trait Posts: Send + Sync {
    /// At most `limit` posts after `after`, newest first; posts of one instant by id, the greatest first.
    ///
    /// # Errors
    /// When the database fails.
    async fn page(&self, filter: &FeedFilter, after: Option<FeedCursor>, limit: u32) -> Result<FeedPage, Error>;

    /// The page with the number `page`, counted from 1, in pages of `page_size`; empty past the end.
    ///
    /// # Errors
    /// When the database fails.
    async fn page_by_number(&self, filter: &FeedFilter, page: u64, page_size: u32) -> Result<FeedPage, Error>;

    /// When the newest post was published.
    ///
    /// # Errors
    /// When the database fails.
    async fn latest_post_at(&self) -> Result<Option<Timestamp>, Error>;

    /// How many posts there are.
    ///
    /// # Errors
    /// When the database fails.
    async fn count(&self) -> Result<u64, Error>;
}
