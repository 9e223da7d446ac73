//! Forgets runs that are long over.

use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait};

use crate::store::entity::ingest_commits;
use crate::store::entity::ingest_runs::{Column, Entity};
use crate::store::purge::{Old, SMALL_PORTION};
use crate::store::{Error, instant};

/// Deletes the oldest runs that were over before then. A line of the ledger keeps its run, or it would be one of nobody.
pub(super) async fn forget(db: &impl ConnectionTrait, before: Timestamp) -> Result<u64, Error> {
    let newest = Query::select().column(Column::Id).from(Entity).order_by(Column::Id, Order::Desc).limit(1).to_owned();
    let lines = Query::select()
        .expr(Expr::val(1))
        .from(ingest_commits::Entity)
        .and_where(Expr::col((ingest_commits::Entity, ingest_commits::Column::RunId)).equals((Entity, Column::Id)))
        .to_owned();
    let is_old = Column::Id.lt(instant::first_id(before)).and(Column::EndedAt.lt(before.as_microsecond()));
    let is_newest = Expr::col((Entity, Column::Id)).eq(Expr::SubQuery(None, Box::new(newest.into())));
    let rule = is_old.and(is_newest.not()).and(Expr::exists(lines).not());
    Old::<Entity> { key: &[Column::Id], by: Column::Id, rule }.forget(db, SMALL_PORTION).await
}
