//! The rows of runs.

use sea_orm::sea_query::{LockType, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::domain::{Run, RunCounters, RunId, RunStatus, RunTrigger};
use crate::store::bounded::Transaction;
use crate::store::entity::ingest_runs::{Column, Entity, Model};
use crate::store::{Error, instant, number};

/// Counters and their columns.
pub(in crate::store) fn columns(counters: &RunCounters) -> [(Column, i64); 7] {
    [
        (Column::Fetched, number::write(counters.fetched)),
        (Column::Inserted, number::write(counters.inserted)),
        (Column::Updated, number::write(counters.updated)),
        (Column::Unchanged, number::write(counters.unchanged)),
        (Column::Quarantined, number::write(counters.quarantined)),
        (Column::Duplicates, number::write(counters.duplicates)),
        (Column::Pages, number::write(counters.pages)),
    ]
}

/// The open ones, oldest first.
pub(in crate::store) async fn open<C: ConnectionTrait>(db: &C) -> Result<Vec<Model>, Error> {
    Ok(Entity::find().filter(Column::EndedAt.is_null()).order_by_asc(Column::Id).all(db).await?)
}

/// One run, which then changes for nobody else until the transaction ends. Its streams are to be locked before it,
/// its tasks behind it.
pub(in crate::store) async fn lock(tx: &Transaction, id: RunId) -> Result<Option<Model>, Error> {
    // References to the run take a weaker lock, with which this one gets along.
    Ok(Entity::find_by_id(id.0).lock(LockType::NoKeyUpdate).one(tx).await?)
}

/// One run.
pub(super) async fn find<C: ConnectionTrait>(db: &C, id: RunId) -> Result<Option<Run>, Error> {
    Entity::find_by_id(id.0).one(db).await?.map(read).transpose()
}

/// At most `limit` runs, newest first.
pub(super) async fn newest<C: ConnectionTrait>(db: &C, before: Option<RunId>, limit: u32) -> Result<Vec<Run>, Error> {
    let mut query = Entity::find().order_by_desc(Column::Id).limit(u64::from(limit));
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before.0));
    }
    query.all(db).await?.into_iter().map(read).collect()
}

/// Changes a run, which watchers notice by its sequence number.
pub(in crate::store) async fn change<C: ConnectionTrait>(
    db: &C,
    id: RunId,
    values: impl IntoIterator<Item = (Column, SimpleExpr)>,
) -> Result<(), Error> {
    use sea_orm::sea_query::{Expr, ExprTrait};
    let update =
        values.into_iter().fold(Entity::update_many(), |update, (column, value)| update.col_expr(column, value));
    let update = update.col_expr(Column::Seq, Expr::col(Column::Seq).add(1));
    update.filter(Column::Id.eq(id.0)).exec(db).await?;
    Ok(())
}

/// Understands a row.
pub(in crate::store) fn read(row: Model) -> Result<Run, Error> {
    let leaders = |count: i32| u32::try_from(count).map_err(|_| Error::Corrupt { what: "count" });
    Ok(Run {
        id: RunId(row.id),
        trigger: RunTrigger::parse(&row.trigger).ok_or(Error::Corrupt { what: "trigger of a run" })?,
        status: RunStatus::parse(&row.status).ok_or(Error::Corrupt { what: "status of a run" })?,
        backfill: row.backfill,
        dry_run: row.dry_run,
        tick: instant::read_opt(row.tick)?,
        seq: number::read(row.seq)?,
        cancel_requested: row.cancel_requested,
        started_at: instant::read(row.started_at)?,
        ended_at: instant::read_opt(row.ended_at)?,
        counters: RunCounters {
            fetched: number::read(row.fetched)?,
            inserted: number::read(row.inserted)?,
            updated: number::read(row.updated)?,
            unchanged: number::read(row.unchanged)?,
            quarantined: number::read(row.quarantined)?,
            duplicates: number::read(row.duplicates)?,
            pages: number::read(row.pages)?,
        },
        leaders_total: leaders(row.leaders_total)?,
        leaders_done: leaders(row.leaders_done)?,
        leaders_failed: leaders(row.leaders_failed)?,
        error: row.error,
    })
}
