//! Posts of which none is stored yet.

use uuid::Uuid;

use super::{Owner, days, more_of_a_day, row};
use crate::domain::{ReviewReason, ScoredPost};
use crate::store::Store;
use crate::store::bulk::Chain;
use crate::store::entity::{post_counts, post_hashtags, post_metrics, posts, review_items};
use crate::store::reviews::enter;

/// The rows of new posts and of all that belongs to them.
pub(in crate::store) struct NewPosts {
    posts: Vec<posts::Model>,
    /// In the order in which they are to be numbered.
    ids: Vec<Uuid>,
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
            metrics: both().map(|(post, row)| row::metrics_of(store, owner, (row.id, post), now)).collect(),
            hashtags: both()
                .flat_map(|(post, row)| row::hashtags(post, (row.id, row.leader_id, row.posted_at)))
                .collect(),
            days: days(posts.iter().map(|row| (owner, row.posted_at))),
            doubtful: enter::about_posts(store, &doubtful, ReviewReason::LowConfidence, None),
            posts,
        }
    }

    /// Inserts all of them as parts of a statement; answers the posts in the order in which they are to be numbered.
    pub(in crate::store) fn join(self, chain: &mut Chain) -> Vec<Uuid> {
        chain.insert::<posts::Entity>("new_posts", self.posts, &row::SHARED);
        chain.insert::<post_metrics::Entity>("new_metrics", self.metrics, &row::SHARED_METRICS);
        chain.upsert::<post_counts::Entity>("new_counts", self.days, more_of_a_day());
        if !self.hashtags.is_empty() {
            let shared = [post_hashtags::Column::LeaderId];
            chain.insert::<post_hashtags::Entity>("new_hashtags", self.hashtags, &shared);
        }
        if !self.doubtful.is_empty() {
            chain.insert::<review_items::Entity>("new_reviews", self.doubtful, &[]);
        }
        self.ids
    }
}
