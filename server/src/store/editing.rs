//! Posts that somebody enters, changes or deletes by hand.

use async_trait::async_trait;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::entity::{leaders, post_metrics, posts, review_items};
use super::ingest::{Owner, upsert};
use super::posts::{Tone, given};
use super::reviews::{Deed, enter, write_down};
use super::text::{clean, json};
use super::tombstones::Doomed;
use super::{Error, Store};
use crate::domain::{
    Label, NewPost, PostChange, PostId, PostMetrics, PostOrigin, ReviewAction, ReviewFacts, ReviewReason, ReviewState,
    Sentiment, Verification,
};
use crate::store::bounded::Transaction;

/// Why a post is gone that somebody deleted.
const BY_HAND: &str = "by_hand";

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edited {
    /// The post is as it was asked for.
    Done,
    /// There is no such post.
    Unknown,
    /// Only the platform of the post may change this.
    NotEditable,
}

/// Keeps posts that are entered by hand, and what is changed by hand of all others.
#[async_trait]
pub trait Editing: Send + Sync {
    /// Stores a post, in the name of `actor`; None when there is no such leader.
    ///
    /// # Errors
    /// When the database fails.
    async fn enter(&self, post: &NewPost, actor: &str) -> Result<Option<PostId>, Error>;

    /// Changes a post, in the name of `actor`. A new status also settles the item of the post that waits for a reviewer.
    ///
    /// # Errors
    /// When the database fails.
    async fn change(&self, id: PostId, change: &PostChange, actor: &str) -> Result<Edited, Error>;

    /// Deletes a post for good, in the name of `actor`; false when there is none. It leaves its numbers and its time, so
    /// that it is not stored again when its platform tells it again.
    ///
    /// # Errors
    /// When the database fails.
    async fn remove(&self, id: PostId, actor: &str) -> Result<bool, Error>;
}

#[async_trait]
impl Editing for Store {
    async fn enter(&self, post: &NewPost, actor: &str) -> Result<Option<PostId>, Error> {
        let tx = self.begin().await?;
        let Some(leader) = hold_leader(&tx, post.leader.0).await? else { return Ok(None) };
        let row = self.row_by_hand(post, leader);
        let id = row.id;
        posts::Entity::insert(row.into_active_model()).exec_without_returning(&tx).await?;
        self.renew_counts(&tx, id, &post.metrics).await?;
        let owner = Owner { leader: post.leader, platform: post.platform };
        upsert::count_by_day(&tx, [(owner, post.posted_at.as_microsecond())]).await?;
        if let Some(reason) = post.review {
            enter::posts(&tx, self, &[id], reason, post.review_notes.as_deref()).await?;
        }
        let facts = ReviewFacts {
            state: post.review.map(|_| ReviewState::Pending),
            notes: post.review_notes.clone(),
            verification: Some(post.verification),
            label: post.sentiment.label(),
        };
        let (action, after) = (ReviewAction::CreatePost, Some(facts));
        write_down(&tx, self, Deed { actor, action, item: None, post: Some(id), before: None, after }).await?;
        self.number_arrivals(&tx, &[id]).await?;
        tx.commit().await?;
        Ok(Some(PostId(id)))
    }

    async fn change(&self, id: PostId, change: &PostChange, actor: &str) -> Result<Edited, Error> {
        let tx = self.begin().await?;
        let Some(post) = hold_post(&tx, id).await? else { return Ok(Edited::Unknown) };
        if change.is_of_content() && post.origin == PostOrigin::Fetched.as_str() {
            return Ok(Edited::NotEditable);
        }
        self.rewrite(&tx, &post, change).await?;
        if let Some(metrics) = &change.metrics {
            self.renew_counts(&tx, post.id, metrics).await?;
        }
        let settled = match change.verification {
            Some(status) => self.settle_waiting(&tx, post.id, status, actor).await?,
            None => None,
        };
        let before = facts(&post);
        let label = change.label.or(if given::was(&post) { before.label } else { None });
        let label = label.or_else(|| change.text.as_ref().map_or(before.label, |text| text.sentiment.label()));
        let verification = change.verification.or(before.verification);
        let after = Some(ReviewFacts { verification, label, ..before.clone() });
        let action = ReviewAction::UpdatePost;
        let deed = Deed { actor, action, item: settled, post: Some(post.id), before: Some(before), after };
        write_down(&tx, self, deed).await?;
        tx.commit().await?;
        Ok(Edited::Done)
    }

    async fn remove(&self, id: PostId, actor: &str) -> Result<bool, Error> {
        let tx = self.begin().await?;
        let Some(post) = hold_post(&tx, id).await? else { return Ok(false) };
        let before = Some(facts(&post));
        let doomed =
            Doomed { id: post.id, leader_id: post.leader_id, platform: post.platform, posted_at: post.posted_at };
        self.bury(&tx, BY_HAND, &[doomed]).await?;
        let action = ReviewAction::DeletePost;
        write_down(&tx, self, Deed { actor, action, item: None, post: Some(post.id), before, after: None }).await?;
        tx.commit().await?;
        Ok(true)
    }
}

impl Store {
    /// The author is the leader, as Amber follows the leader.
    fn row_by_hand(&self, post: &NewPost, leader: leaders::Model) -> posts::Model {
        let now = self.now().as_microsecond();
        let id = self.entropy.uuid_v7(post.posted_at);
        let tone = Tone::of(post.sentiment);
        posts::Model {
            id,
            platform: post.platform.as_str().to_owned(),
            // No platform numbered it, so it is a chain of edits by itself.
            root_id: id.to_string(),
            external_id: clean(&post.external_id),
            version: 0,
            leader_id: post.leader.0,
            author_handle: leader.x_handle.unwrap_or_default(),
            author_name: leader.name,
            author_avatar_url: leader.avatar_url,
            body: clean(&post.text),
            hashtags: json(&[""; 0]),
            media: json(&[""; 0]),
            posted_at: post.posted_at.as_microsecond(),
            language: clean(&post.language),
            sentiment_label: tone.label,
            sentiment_score: tone.score,
            sentiment_model: tone.model,
            unscored_reason: tone.unscored,
            content_hash: Vec::new(),
            revision: 1,
            permalink: clean(&post.permalink),
            edited: false,
            truncated: false,
            withheld_in: json(&[""; 0]),
            first_seen_at: now,
            updated_at: now,
            deleted_at: None,
            deleted_reason: None,
            verification_status: post.verification.as_str().to_owned(),
            origin: PostOrigin::Manual.as_str().to_owned(),
            platform_name: post.platform_name.as_deref().map(clean),
        }
    }

    async fn rewrite(&self, tx: &Transaction, post: &posts::Model, change: &PostChange) -> Result<(), Error> {
        use posts::{Column, Entity};
        let mut update = Entity::update_many()
            .col_expr(Column::Revision, Expr::col(Column::Revision).add(1))
            .col_expr(Column::UpdatedAt, Expr::value(self.now().as_microsecond()));
        let mut sentiment = change.label.map(Sentiment::Given);
        if let Some(text) = &change.text {
            update = update
                .col_expr(Column::Body, Expr::value(clean(&text.text)))
                .col_expr(Column::Language, Expr::value(clean(&text.language)));
            sentiment = sentiment.or((!given::was(post)).then_some(text.sentiment));
            let is_doubtful = text.is_doubtful && sentiment == Some(text.sentiment);
            if is_doubtful {
                enter::posts(tx, self, &[post.id], ReviewReason::LowConfidence, None).await?;
            }
        }
        for (column, value) in sentiment.into_iter().flat_map(given::columns) {
            update = update.col_expr(column, value);
        }
        if let Some(status) = change.verification {
            update = update.col_expr(Column::VerificationStatus, Expr::value(status.as_str()));
        }
        update.filter(Column::Id.eq(post.id)).exec(tx).await?;
        Ok(())
    }

    /// Puts these counts in the place of all others. Nobody can be asked for them again; of a post that is looked up again,
    /// the time of that stays.
    async fn renew_counts(&self, tx: &Transaction, post: Uuid, counts: &PostMetrics) -> Result<(), Error> {
        use post_metrics::{Column, Entity};
        let row = upsert::row::metrics(post, counts, self.now(), None);
        let mut replace = OnConflict::column(Column::PostId);
        replace.update_columns([
            Column::Likes,
            Column::Reposts,
            Column::Replies,
            Column::Quotes,
            Column::Bookmarks,
            Column::Impressions,
            Column::UpdatedAt,
        ]);
        Entity::insert(row.into_active_model()).on_conflict(replace).exec_without_returning(tx).await?;
        Ok(())
    }

    /// Settles the item of the post that waits, if there is one, as the status says.
    async fn settle_waiting(
        &self,
        tx: &Transaction,
        post: Uuid,
        status: Verification,
        actor: &str,
    ) -> Result<Option<Uuid>, Error> {
        use review_items::{Column, Entity};
        let state = match status {
            Verification::NeedsReview => return Ok(None),
            Verification::Verified => ReviewState::Approved,
            Verification::Rejected => ReviewState::Rejected,
        };
        let waiting = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::PostId.eq(post))
            .filter(Column::State.eq(ReviewState::Pending.as_str()))
            .lock(LockType::NoKeyUpdate);
        let Some(item) = waiting.into_tuple::<Uuid>().one(tx).await? else { return Ok(None) };
        let now = self.now().as_microsecond();
        let settle = Entity::update_many()
            .col_expr(Column::State, Expr::value(state.as_str()))
            .col_expr(Column::Reviewer, Expr::value(clean(actor)))
            .col_expr(Column::ReviewedAt, Expr::value(now))
            .col_expr(Column::UpdatedAt, Expr::value(now))
            .filter(Column::Id.eq(item));
        settle.exec(tx).await?;
        Ok(Some(item))
    }
}

fn facts(post: &posts::Model) -> ReviewFacts {
    ReviewFacts {
        verification: Verification::parse(&post.verification_status),
        label: post.sentiment_label.as_deref().and_then(Label::parse),
        ..ReviewFacts::default()
    }
}

/// Locks a leader; None when there is no such leader.
async fn hold_leader(tx: &Transaction, id: Uuid) -> Result<Option<leaders::Model>, Error> {
    Ok(leaders::Entity::find_by_id(id).lock(LockType::KeyShare).one(tx).await?)
}

/// Locks a living post, and its leader before it: whoever deletes a leader locks in that order too.
async fn hold_post(tx: &Transaction, id: PostId) -> Result<Option<posts::Model>, Error> {
    use posts::{Column, Entity};
    let owner = Entity::find_by_id(id.0).select_only().column(Column::LeaderId).into_tuple::<Uuid>().one(tx).await?;
    let Some(owner) = owner else { return Ok(None) };
    if hold_leader(tx, owner).await?.is_none() {
        return Ok(None);
    }
    let living = Entity::find_by_id(id.0).filter(Column::DeletedAt.is_null());
    Ok(living.lock(LockType::NoKeyUpdate).one(tx).await?)
}
