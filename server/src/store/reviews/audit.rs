//! Who did what in the queue, and to posts by hand. Lines are written with what they tell, and never changed.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::ReviewAuditFilter;
use crate::domain::{Label, PostId, ReviewAction, ReviewEntry, ReviewFacts, ReviewId, ReviewState, Verification};
use crate::store::bounded::Transaction;
use crate::store::entity::review_audit::{ActiveModel, Column, Entity, Model};
use crate::store::text::{clean, from_json, json};
use crate::store::{Error, Store, instant};

/// Something that was done.
#[derive(Debug, Clone)]
pub(in crate::store) struct Deed<'a> {
    pub(in crate::store) actor: &'a str,
    pub(in crate::store) action: ReviewAction,
    pub(in crate::store) item: Option<Uuid>,
    pub(in crate::store) post: Option<Uuid>,
    pub(in crate::store) before: Option<ReviewFacts>,
    pub(in crate::store) after: Option<ReviewFacts>,
}

/// The stored form of what reviewers decide about.
#[derive(Serialize, Deserialize)]
struct StoredFacts {
    state: Option<String>,
    notes: Option<String>,
    verification: Option<String>,
    sentiment: Option<String>,
}

/// Writes it down.
pub(in crate::store) async fn write(tx: &Transaction, store: &Store, deed: Deed<'_>) -> Result<(), Error> {
    let now = store.now();
    let line = ActiveModel {
        id: Set(store.entropy.uuid_v7(now)),
        at: Set(now.as_microsecond()),
        actor: Set(clean(deed.actor)),
        action: Set(deed.action.as_str().to_owned()),
        item_id: Set(deed.item),
        post_id: Set(deed.post),
        before: Set(deed.before.as_ref().map(facts_json)),
        after: Set(deed.after.as_ref().map(facts_json)),
    };
    Entity::insert(line).exec_without_returning(tx).await?;
    Ok(())
}

pub(super) async fn page(
    store: &Store,
    filter: ReviewAuditFilter,
    before: Option<Uuid>,
    limit: u32,
) -> Result<Vec<ReviewEntry>, Error> {
    let mut query = Entity::find().order_by_desc(Column::Id).limit(u64::from(limit));
    if let Some(item) = filter.item {
        query = query.filter(Column::ItemId.eq(item.0));
    }
    if let Some(post) = filter.post {
        query = query.filter(Column::PostId.eq(post.0));
    }
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    query.all(&store.db).await?.into_iter().map(read).collect()
}

fn facts_json(facts: &ReviewFacts) -> Value {
    json(&StoredFacts {
        state: facts.state.map(|state| state.as_str().to_owned()),
        notes: facts.notes.as_deref().map(clean),
        verification: facts.verification.map(|status| status.as_str().to_owned()),
        sentiment: facts.label.map(|label| label.as_str().to_owned()),
    })
}

fn read_facts(stored: Value) -> Result<ReviewFacts, Error> {
    let stored: StoredFacts = from_json(stored, "line of the review audit")?;
    Ok(ReviewFacts {
        state: stored.state.as_deref().and_then(ReviewState::parse),
        notes: stored.notes,
        verification: stored.verification.as_deref().and_then(Verification::parse),
        label: stored.sentiment.as_deref().and_then(Label::parse),
    })
}

fn read(row: Model) -> Result<ReviewEntry, Error> {
    Ok(ReviewEntry {
        id: row.id,
        at: instant::read(row.at)?,
        actor: row.actor,
        action: ReviewAction::parse(&row.action).ok_or(Error::Corrupt { what: "action of the review audit" })?,
        item: row.item_id.map(ReviewId),
        post: row.post_id.map(PostId),
        before: row.before.map(read_facts).transpose()?,
        after: row.after.map(read_facts).transpose()?,
    })
}
