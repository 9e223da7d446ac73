//! What all runs counted.

use sea_orm::sea_query::{Alias, Expr, Func, Query};
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::RunTotals;
use super::row::columns;
use crate::domain::RunCounters;
use crate::store::entity::ingest_runs::{Column, Entity};
use crate::store::{Error, number};

/// Sums up all runs.
pub(super) async fn sum<C: ConnectionTrait>(db: &C) -> Result<RunTotals, Error> {
    let mut query = Query::select().expr_as(Func::count(Expr::col(Column::Id)), "runs").from(Entity).to_owned();
    for (column, _) in columns(&RunCounters::default()) {
        // PostgreSQL sums 64-bit numbers to NUMERIC.
        let sum = Func::cast_as(Func::sum(Expr::col(column)), Alias::new("bigint"));
        query.expr_as(sum, column);
    }
    let Some(row) = db.query_one(&query).await? else { return Ok(RunTotals::default()) };
    Sums::from_query_result(&row, "")?.read()
}

#[derive(FromQueryResult)]
struct Sums {
    runs: i64,
    fetched: Option<i64>,
    inserted: Option<i64>,
    updated: Option<i64>,
    unchanged: Option<i64>,
    quarantined: Option<i64>,
    duplicates: Option<i64>,
    pages: Option<i64>,
}

impl Sums {
    fn read(&self) -> Result<RunTotals, Error> {
        let sum = |sum: Option<i64>| number::read(sum.unwrap_or_default());
        Ok(RunTotals {
            runs: number::read(self.runs)?,
            counters: RunCounters {
                fetched: sum(self.fetched)?,
                inserted: sum(self.inserted)?,
                updated: sum(self.updated)?,
                unchanged: sum(self.unchanged)?,
                quarantined: sum(self.quarantined)?,
                duplicates: sum(self.duplicates)?,
                pages: sum(self.pages)?,
            },
        })
    }
}
