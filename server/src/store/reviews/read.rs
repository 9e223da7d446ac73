//! Reads items of the queue together with what they are about.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{ReviewCursor, ReviewItem, Subject};
use crate::domain::{Post, ReviewId, ReviewReason, ReviewState};
use crate::store::entity::review_items::{Column, Entity, Model};
use crate::store::ingest::{Quarantined, records_of};
use crate::store::newest_first::behind;
use crate::store::{Error, Store, instant};

pub(super) async fn page(
    store: &Store,
    states: &[ReviewState],
    after: Option<ReviewCursor>,
    limit: u32,
) -> Result<Vec<ReviewItem>, Error> {
    let mut query = Entity::find().order_by_desc(Column::CreatedAt).order_by_desc(Column::Id).limit(u64::from(limit));
    query = match states {
        [state] => query.filter(Column::State.eq(state.as_str())),
        several => query.filter(Column::State.is_in(several.iter().map(|state| state.as_str()))),
    };
    if let Some(ReviewCursor { created_at, id }) = after {
        query = query.filter(behind([Column::CreatedAt, Column::Id], created_at.as_microsecond(), id.0));
    }
    show(store, query.all(&store.db).await?).await
}

pub(super) async fn one(store: &Store, id: ReviewId) -> Result<Option<ReviewItem>, Error> {
    let row = Entity::find_by_id(id.0).one(&store.db).await?;
    Ok(show(store, row.into_iter().collect()).await?.pop())
}

pub(super) async fn waiting(store: &Store) -> Result<u64, Error> {
    let waiting = Entity::find().filter(Column::State.eq(ReviewState::Pending.as_str()));
    Ok(waiting.count(&store.db).await?)
}

/// The items with their posts and records. One whose post went since it was read is left out.
async fn show(store: &Store, rows: Vec<Model>) -> Result<Vec<ReviewItem>, Error> {
    let posts = store.posts_of(rows.iter().filter_map(|row| row.post_id)).await?;
    let records = rows.iter().filter(|row| row.post_id.is_none()).filter_map(|row| row.quarantine_id);
    let mut records: HashMap<Uuid, Quarantined> = records_of(&store.db, records.collect()).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(subject) = subject(&row, &posts, &mut records) else { continue };
        items.push(read(row, subject)?);
    }
    Ok(items)
}

/// A post can have several items, of which at most one waits.
fn subject(row: &Model, posts: &HashMap<Uuid, Post>, records: &mut HashMap<Uuid, Quarantined>) -> Option<Subject> {
    match (row.post_id, row.quarantine_id) {
        (Some(post), _) => posts.get(&post).cloned().map(Box::new).map(Subject::Post),
        (None, Some(record)) => records.remove(&record).map(Box::new).map(Subject::Record),
        (None, None) => None,
    }
}

fn read(row: Model, subject: Subject) -> Result<ReviewItem, Error> {
    Ok(ReviewItem {
        id: ReviewId(row.id),
        subject,
        state: ReviewState::parse(&row.state).ok_or(Error::Corrupt { what: "state of a review" })?,
        reason: ReviewReason::parse(&row.reason).ok_or(Error::Corrupt { what: "reason of a review" })?,
        notes: row.notes,
        reviewer: row.reviewer,
        reviewed_at: instant::read_opt(row.reviewed_at)?,
        created_at: instant::read(row.created_at)?,
        updated_at: instant::read(row.updated_at)?,
    })
}
