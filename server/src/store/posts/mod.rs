//! The feed: stored posts, newest first.

pub(super) mod given;
mod keys;
mod row;
mod scan;
mod totals;

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use self::keys::Key;
pub(super) use self::row::{Tone, media_json};
use super::entity::{leaders, post_metrics, posts};
use super::{Error, Store, instant};
use crate::domain::{FeedCursor, FeedFilter, FeedPage, Post, PostId};

/// Reads the posts.
#[async_trait]
pub trait Posts: Send + Sync {
    /// At most `limit` posts after `after`, newest first; posts of one instant by id, the greatest first. While the filter
    /// looks inside posts, a page may hold fewer and yet be followed by another.
    ///
    /// # Errors
    /// When the database fails.
    async fn page(&self, filter: &FeedFilter, after: Option<FeedCursor>, limit: u32) -> Result<FeedPage, Error>;

    /// One post; None when there is none or it was deleted.
    ///
    /// # Errors
    /// When the database fails.
    async fn post(&self, id: PostId) -> Result<Option<Post>, Error>;

    /// The page with the number `page`, counted from 1, in pages of `page_size`; empty past the end. Only for a filter
    /// whose posts are counted.
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
        let total = if filter.is_counted() { Some(totals::total(&self.db, filter).await?) } else { None };
        let after = after.map(|cursor| Key { posted_at: cursor.posted_at.as_microsecond(), id: cursor.id.0 });
        let (keys, next) = if filter.looks_inside() {
            scan::page(&self.db, filter, after, usize_of(limit)).await?
        } else {
            cut(keys::top(&self.db, filter, after, u64::from(limit) + 1).await?, limit)
        };
        self.show(&keys, next, total).await
    }

    async fn post(&self, id: PostId) -> Result<Option<Post>, Error> {
        Ok(self.posts_of([id.0]).await?.remove(&id.0))
    }

    async fn page_by_number(&self, filter: &FeedFilter, page: u64, page_size: u32) -> Result<FeedPage, Error> {
        let total = totals::total(&self.db, filter).await?;
        let mut skip = page.saturating_sub(1).saturating_mul(u64::from(page_size));
        if skip >= total {
            return Ok(FeedPage { total: Some(total), ..FeedPage::default() });
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
        let (keys, next) = cut(keys, page_size);
        self.show(&keys, next, Some(total)).await
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
    /// The posts of `keys`, before the page behind `next`.
    async fn show(&self, keys: &[Key], next: Option<Key>, total: Option<u64>) -> Result<FeedPage, Error> {
        let next = match next {
            Some(key) => Some(FeedCursor { posted_at: instant::read(key.posted_at)?, id: PostId(key.id) }),
            None => None,
        };
        let mut found = self.posts_of(keys.iter().map(|key| key.id)).await?;
        let posts = keys.iter().filter_map(|key| found.remove(&key.id)).collect();
        Ok(FeedPage { posts, next, total })
    }

    /// The posts of these ids that are not deleted.
    pub(super) async fn posts_of(&self, ids: impl IntoIterator<Item = Uuid>) -> Result<HashMap<Uuid, Post>, Error> {
        let ids: Vec<Uuid> = ids.into_iter().collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = posts::Entity::find()
            .find_also_related(post_metrics::Entity)
            .find_also_related(leaders::Entity)
            .filter(posts::Column::Id.is_in(ids))
            // It may have been deleted since its key was read.
            .filter(posts::Column::DeletedAt.is_null())
            .all(&self.db)
            .await?;
        let mut found: HashMap<Uuid, Post> = HashMap::with_capacity(rows.len());
        for (post, metrics, leader) in rows {
            let leader = leader.ok_or(Error::Corrupt { what: "leader of a post" })?;
            found.insert(post.id, row::read(post, metrics.as_ref(), leader.name)?);
        }
        Ok(found)
    }
}

/// The first `limit` keys, and the place behind them when a key more says that another page follows.
fn cut(mut keys: Vec<Key>, limit: u32) -> (Vec<Key>, Option<Key>) {
    let has_more = keys.len() > usize_of(limit);
    keys.truncate(usize_of(limit));
    let next = keys.last().copied().filter(|_| has_more);
    (keys, next)
}

fn usize_of(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
