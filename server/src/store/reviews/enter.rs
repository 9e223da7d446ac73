//! Puts posts and records into the queue, in the transaction that stores them.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::domain::{ReviewReason, ReviewState};
use crate::store::bounded::Transaction;
use crate::store::entity::review_items::{Column, Entity, Model};
use crate::store::text::clean;
use crate::store::{Error, Store, bulk};

/// Puts posts into the queue for this reason; those that wait there stay as they are.
pub(in crate::store) async fn posts(
    tx: &Transaction,
    store: &Store,
    posts: &[Uuid],
    reason: ReviewReason,
    notes: Option<&str>,
) -> Result<(), Error> {
    insert(tx, about_posts(store, posts, reason, notes)).await
}

/// Items for posts that wait for this reason.
pub(in crate::store) fn about_posts(
    store: &Store,
    posts: &[Uuid],
    reason: ReviewReason,
    notes: Option<&str>,
) -> Vec<Model> {
    let row = |id: &Uuid| Model { post_id: Some(*id), notes: notes.map(clean), ..waiting(store, reason) };
    posts.iter().map(row).collect()
}

/// Puts records that are no posts into the queue.
pub(in crate::store) async fn records(tx: &Transaction, store: &Store, records: &[Uuid]) -> Result<(), Error> {
    let row = |id: &Uuid| Model { quarantine_id: Some(*id), ..waiting(store, ReviewReason::Quarantined) };
    insert(tx, records.iter().map(row).collect()).await
}

/// A record became this post, and its item is about the post from then on, in the place of any other that waits for it.
/// When the post is gone, the item goes.
pub(in crate::store) async fn record_became(tx: &Transaction, record: Uuid, post: Option<Uuid>) -> Result<(), Error> {
    let of_record = Column::QuarantineId.eq(record);
    let pending = Column::State.eq(ReviewState::Pending.as_str());
    let Some(post) = post else {
        Entity::delete_many().filter(of_record).exec(tx).await?;
        return Ok(());
    };
    Entity::delete_many().filter(Column::PostId.eq(post)).filter(pending).exec(tx).await?;
    let about_post = Entity::update_many()
        .col_expr(Column::PostId, Expr::value(post))
        .col_expr(Column::QuarantineId, Expr::value(None::<Uuid>))
        .filter(of_record);
    about_post.exec(tx).await?;
    Ok(())
}

/// Nobody wants the record: what waits about it is rejected.
pub(in crate::store) async fn record_discarded(tx: &Transaction, store: &Store, record: Uuid) -> Result<(), Error> {
    let rejected = Entity::update_many()
        .col_expr(Column::State, Expr::value(ReviewState::Rejected.as_str()))
        .col_expr(Column::UpdatedAt, Expr::value(store.now().as_microsecond()))
        .filter(Column::QuarantineId.eq(record))
        .filter(Column::State.eq(ReviewState::Pending.as_str()));
    rejected.exec(tx).await?;
    Ok(())
}

fn waiting(store: &Store, reason: ReviewReason) -> Model {
    let now = store.now();
    Model {
        id: store.entropy.uuid_v7(now),
        post_id: None,
        quarantine_id: None,
        state: ReviewState::Pending.as_str().to_owned(),
        reason: reason.as_str().to_owned(),
        notes: None,
        reviewer: None,
        reviewed_at: None,
        created_at: now.as_microsecond(),
        updated_at: now.as_microsecond(),
    }
}

async fn insert(tx: &Transaction, rows: Vec<Model>) -> Result<(), Error> {
    for chunk in rows.chunks(bulk::ROWS) {
        let mut insert = bulk::insert::<Entity>(tx.get_database_backend(), chunk.to_vec());
        tx.execute(insert.on_conflict(OnConflict::new().do_nothing().to_owned())).await?;
    }
    Ok(())
}
