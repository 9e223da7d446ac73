//! The feed: stored posts, newest first.

mod keys;
mod row;
mod totals;

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use self::keys::Key;
pub(super) use self::row::media_json;
use super::entity::{leaders, post_metrics, posts};
use super::{Error, Store, instant};
use crate::domain::{FeedCursor, FeedFilter, FeedPage, Post, PostId};

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

#[async_trait]
impl Posts for Store {
    async fn page(&self, filter: &FeedFilter, after: Option<FeedCursor>, limit: u32) -> Result<FeedPage, Error> {
        let total = totals::total(&self.db, filter).await?;
        let after = after.map(|cursor| Key { posted_at: cursor.posted_at.as_microsecond(), id: cursor.id.0 });
        let keys = keys::top(&self.db, filter, after, u64::from(limit) + 1).await?;
        self.show(keys, limit, total).await
    }

    async fn page_by_number(&self, filter: &FeedFilter, page: u64, page_size: u32) -> Result<FeedPage, Error> {
        let total = totals::total(&self.db, filter).await?;
        let mut skip = page.saturating_sub(1).saturating_mul(u64::from(page_size));
        if skip >= total {
            return Ok(FeedPage { total, ..FeedPage::default() });
        }
        // Whole days are skipped by their counts, so that only keys of one day are read to be dropped.
        let mut start = None;
        for day in totals::days(&self.db, filter).await? {
            if skip < day.posts {
                start = Some(Key { posted_at: (day.day + 1) * instant::DAY, id: Uuid::nil() });
                break;
            }
            skip -= day.posts;
        }
        let wanted = skip.saturating_add(u64::from(page_size)).saturating_add(1);
        let mut keys = keys::top(&self.db, filter, start, wanted).await?;
        keys.drain(..keys.len().min(usize::try_from(skip).unwrap_or(usize::MAX)));
        self.show(keys, page_size, total).await
    }

    async fn latest_post_at(&self) -> Result<Option<Timestamp>, Error> {
        let newest = keys::top(&self.db, &FeedFilter::default(), None, 1).await?;
        newest.first().map(|key| instant::read(key.posted_at)).transpose()
    }

    async fn count(&self) -> Result<u64, Error> {
        totals::total(&self.db, &FeedFilter::default()).await
    }
}

impl Store {
    /// The page of the first `limit` keys; a key beyond them says that another page follows.
    async fn show(&self, mut keys: Vec<Key>, limit: u32, total: u64) -> Result<FeedPage, Error> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = keys.len() > limit;
        keys.truncate(limit);
        let next = match keys.last() {
            Some(key) if more => Some(FeedCursor { posted_at: instant::read(key.posted_at)?, id: PostId(key.id) }),
            _ => None,
        };
        Ok(FeedPage { posts: self.posts_of(&keys).await?, next, total })
    }

    async fn posts_of(&self, keys: &[Key]) -> Result<Vec<Post>, Error> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let rows = posts::Entity::find()
            .find_also_related(post_metrics::Entity)
            .find_also_related(leaders::Entity)
            .filter(posts::Column::Id.is_in(keys.iter().map(|key| key.id)))
            // It may have been deleted since its key was read.
            .filter(posts::Column::DeletedAt.is_null())
            .all(&self.db)
            .await?;
        let mut found: HashMap<Uuid, Post> = HashMap::with_capacity(rows.len());
        for (post, metrics, leader) in rows {
            let leader = leader.ok_or(Error::Corrupt { what: "leader of a post" })?;
            found.insert(post.id, row::read(post, metrics.as_ref(), leader.name)?);
        }
        Ok(keys.iter().filter_map(|key| found.remove(&key.id)).collect())
    }
}
