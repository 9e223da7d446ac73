//! The review queue of another service.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{Imported, ImportedReviewItem};
use crate::domain::{ReviewReason, ReviewState};
use crate::store::bounded::Transaction;
use crate::store::entity::review_items::{Column, Entity, Model};
use crate::store::text::clean;
use crate::store::{Error, Store, bulk};

pub(super) async fn import(
    store: &Store,
    items: &[ImportedReviewItem],
    rehearse: bool,
) -> Result<Vec<Imported>, Error> {
    let tx = store.begin().await?;
    let times: BTreeMap<Uuid, i64> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::UpdatedAt])
        .filter(Column::Id.is_in(items.iter().map(|item| item.id)))
        .into_tuple::<(Uuid, i64)>()
        .all(&tx)
        .await?
        .into_iter()
        .collect();
    let mut waiting = waiting(&tx, items).await?;
    let mut outcomes = Vec::with_capacity(items.len());
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for item in items {
        // Of the items of a post one can wait: the one that Amber has stays.
        let may_wait = item.state != ReviewState::Pending || waiting.get(&item.post.0).is_none_or(|id| *id == item.id);
        outcomes.push(match times.get(&item.id) {
            Some(known) if *known < item.updated_at.as_microsecond() && may_wait => {
                changed.push(item);
                Imported::Updated
            }
            None if may_wait => {
                new.push(row(item));
                Imported::Stored
            }
            _ => Imported::Known,
        });
        if item.state == ReviewState::Pending {
            waiting.entry(item.post.0).or_insert(item.id);
        }
    }
    if rehearse {
        return Ok(outcomes);
    }
    for item in changed {
        update(&tx, item).await?;
    }
    for chunk in new.chunks(bulk::ROWS) {
        let mut insert = bulk::insert::<Entity>(tx.get_database_backend(), chunk.to_vec());
        tx.execute(insert.on_conflict(OnConflict::new().do_nothing().to_owned())).await?;
    }
    tx.commit().await?;
    Ok(outcomes)
}

/// The items that wait for a reviewer, by post.
async fn waiting(tx: &Transaction, items: &[ImportedReviewItem]) -> Result<BTreeMap<Uuid, Uuid>, Error> {
    let posts: BTreeSet<Uuid> = items.iter().map(|item| item.post.0).collect();
    let query = Entity::find()
        .select_only()
        .columns([Column::PostId, Column::Id])
        .filter(Column::PostId.is_in(posts))
        .filter(Column::State.eq(ReviewState::Pending.as_str()));
    Ok(query.into_tuple::<(Uuid, Uuid)>().all(tx).await?.into_iter().collect())
}

fn row(item: &ImportedReviewItem) -> Model {
    Model {
        id: item.id,
        post_id: Some(item.post.0),
        quarantine_id: None,
        state: item.state.as_str().to_owned(),
        reason: ReviewReason::Imported.as_str().to_owned(),
        notes: item.notes.as_deref().map(clean),
        reviewer: item.reviewer.as_deref().map(clean),
        reviewed_at: item.reviewed_at.map(Timestamp::as_microsecond),
        created_at: item.updated_at.as_microsecond(),
        updated_at: item.updated_at.as_microsecond(),
    }
}

async fn update(tx: &Transaction, item: &ImportedReviewItem) -> Result<(), Error> {
    let row = row(item);
    let update = Entity::update_many()
        .col_expr(Column::State, Expr::value(row.state))
        .col_expr(Column::Notes, Expr::value(row.notes))
        .col_expr(Column::Reviewer, Expr::value(row.reviewer))
        .col_expr(Column::ReviewedAt, Expr::value(row.reviewed_at))
        .col_expr(Column::UpdatedAt, Expr::value(row.updated_at))
        .filter(Column::Id.eq(row.id))
        .filter(Column::UpdatedAt.lt(row.updated_at));
    update.exec(tx).await?;
    Ok(())
}
