//! Posts of which none is stored yet.

use sea_orm::sea_query::{Expr, InsertStatement};
use uuid::Uuid;

use super::{Owner, days, more_of_a_day, row};
use crate::domain::{ReviewReason, ScoredPost};
use crate::store::entity::{post_counts, post_hashtags, post_metrics, posts, review_items};
use crate::store::reviews::enter;
use crate::store::{Store, bulk};

/// The rows of new posts and of all that belongs to them.
pub(in crate::store) struct NewPosts {
    posts: Vec<posts::Model>,
    /// In the order in which they are to be numbered.
    pub(in crate::store) ids: Vec<Uuid>,
    metrics: Vec<post_metrics::Model>,
    hashtags: Vec<post_hashtags::Model>,
    days: Vec<post_counts::Model>,
    doubtful: Vec<review_items::Model>,
}

impl NewPosts {
    /// Of `distinct` posts no two may belong to one chain of edits.
    pub(in crate::store) fn of(store: &Store, owner: Owner, distinct: &[&ScoredPost]) -> Self {
        let now = store.now();
        let posts: Vec<_> = distinct.iter().map(|post| row::of(post, owner, store.entropy.as_ref(), now)).collect();
        let both = || distinct.iter().copied().zip(&posts);
        let mut order: Vec<_> = posts.iter().map(|row| (row.posted_at, row.id)).collect();
        order.sort_unstable();
        let doubtful: Vec<_> = both().filter(|(post, _)| post.is_doubtful).map(|(_, row)| row.id).collect();
        Self {
            ids: order.into_iter().map(|(_, id)| id).collect(),
            metrics: both().map(|(post, row)| row::metrics_of(store, owner, row.id, post)).collect(),
            hashtags: both()
                .flat_map(|(post, row)| row::hashtags(post, (row.id, row.leader_id, row.posted_at)))
                .collect(),
            days: days(posts.iter().map(|row| (owner, row.posted_at))),
            doubtful: enter::about_posts(store, &doubtful, ReviewReason::LowConfidence, None),
            posts,
        }
    }

    /// Inserts the posts if `condition` holds.
    pub(in crate::store) fn insert(&mut self, condition: Expr) -> InsertStatement {
        bulk::insert_if::<posts::Entity>(condition, std::mem::take(&mut self.posts))
    }

    /// Inserts what belongs to them if `condition` holds.
    pub(in crate::store) fn insert_others(self, condition: &Expr) -> Vec<InsertStatement> {
        let when = || condition.clone();
        let mut inserts = vec![
            bulk::insert_if::<post_metrics::Entity>(when(), self.metrics),
            bulk::insert_if::<post_counts::Entity>(when(), self.days).on_conflict(more_of_a_day()).take(),
        ];
        if !self.hashtags.is_empty() {
            inserts.push(bulk::insert_if::<post_hashtags::Entity>(when(), self.hashtags));
        }
        if !self.doubtful.is_empty() {
            inserts.push(bulk::insert_if::<review_items::Entity>(when(), self.doubtful));
        }
        inserts
    }
}
