//! Runs: the history of what was fetched.

use jiff::ToSpan;
use sea_orm::sea_query::{Alias, Expr, Func, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Set};

use super::RunTotals;
use crate::domain::{Run, RunCounters, RunId, RunStatus, RunTrigger};
use crate::store::entity::ingest_runs::{ActiveModel, Column, Entity, Model};
use crate::store::settings::Target;
use crate::store::text::clean;
use crate::store::{Error, Store, instant, number};

/// Counters and their columns.
pub(super) fn columns(counters: &RunCounters) -> [(Column, i64); 7] {
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

impl Store {
    pub(super) async fn insert_run(&self, run: &Run) -> Result<(), Error> {
        let counters = &run.counters;
        let row = ActiveModel {
            id: Set(run.id.0),
            trigger: Set(run.trigger.as_str().to_owned()),
            status: Set(run.status.as_str().to_owned()),
            backfill: Set(run.backfill),
            dry_run: Set(run.dry_run),
            started_at: Set(run.started_at.as_microsecond()),
            ended_at: Set(run.ended_at.map(jiff::Timestamp::as_microsecond)),
            pages: Set(number::write(counters.pages)),
            fetched: Set(number::write(counters.fetched)),
            inserted: Set(number::write(counters.inserted)),
            updated: Set(number::write(counters.updated)),
            unchanged: Set(number::write(counters.unchanged)),
            quarantined: Set(number::write(counters.quarantined)),
            duplicates: Set(number::write(counters.duplicates)),
            leaders_total: Set(small(run.leaders_total)),
            leaders_done: Set(small(run.leaders_done)),
            error: Set(run.error.as_deref().map(clean)),
        };
        Entity::insert(row).exec_without_returning(&self.db).await?;
        Ok(())
    }

    pub(super) async fn set_leaders_done(&self, run: RunId, done: u32) -> Result<(), Error> {
        let update = Entity::update_many()
            .col_expr(Column::Status, Expr::value(RunStatus::Running.as_str()))
            .col_expr(Column::LeadersDone, Expr::value(small(done)));
        update.filter(Column::Id.eq(run.0)).exec(&self.db).await?;
        Ok(())
    }

    pub(super) async fn close_run(&self, run: &Run) -> Result<(), Error> {
        let ended_at = run.ended_at.unwrap_or_else(|| self.now());
        let mut update = Entity::update_many()
            .col_expr(Column::Status, Expr::value(run.status.as_str()))
            .col_expr(Column::EndedAt, Expr::value(ended_at.as_microsecond()))
            .col_expr(Column::LeadersTotal, Expr::value(small(run.leaders_total)))
            .col_expr(Column::LeadersDone, Expr::value(small(run.leaders_done)))
            .col_expr(Column::Error, Expr::value(run.error.as_deref().map(clean)));
        if run.dry_run {
            for (column, count) in columns(&run.counters) {
                update = update.col_expr(column, Expr::value(count));
            }
        }
        update.filter(Column::Id.eq(run.id.0)).exec(&self.db).await?;
        Ok(())
    }

    pub(super) async fn find_run(&self, id: RunId) -> Result<Option<Run>, Error> {
        Entity::find_by_id(id.0).one(&self.db).await?.map(read).transpose()
    }

    pub(super) async fn runs_before(&self, before: Option<RunId>, limit: u32) -> Result<Vec<Run>, Error> {
        let mut query = Entity::find().order_by_desc(Column::Id).limit(u64::from(limit));
        if let Some(before) = before {
            query = query.filter(Column::Id.lt(before.0));
        }
        query.all(&self.db).await?.into_iter().map(read).collect()
    }

    pub(super) async fn sum_runs(&self) -> Result<RunTotals, Error> {
        let mut query = Query::select().expr_as(Func::count(Expr::col(Column::Id)), "runs").from(Entity).to_owned();
        for (column, _) in columns(&RunCounters::default()) {
            // PostgreSQL sums 64-bit numbers to NUMERIC.
            let sum = Func::cast_as(Func::sum(Expr::col(column)), Alias::new("bigint"));
            query.expr_as(sum, column);
        }
        let Some(row) = self.db.query_one(&query).await? else { return Ok(RunTotals::default()) };
        Sums::from_query_result(&row, "")?.read()
    }

    pub(super) async fn close_orphans(&self) -> Result<u64, Error> {
        let now = self.now();
        let mut update = Entity::update_many()
            .col_expr(Column::Status, Expr::value(RunStatus::Interrupted.as_str()))
            .col_expr(Column::EndedAt, Expr::value(now.as_microsecond()))
            .filter(Column::Status.is_in([RunStatus::Queued, RunStatus::Running].map(RunStatus::as_str)));
        if matches!(self.target, Target::Postgres(_)) {
            let hour_ago = now.checked_sub(1.hour()).map_err(|_| Error::Corrupt { what: "time" })?;
            update = update.filter(Column::StartedAt.lt(hour_ago.as_microsecond()));
        }
        Ok(update.exec(&self.db).await?.rows_affected)
    }
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

fn small(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn read(row: Model) -> Result<Run, Error> {
    let leaders = |count: i32| u32::try_from(count).map_err(|_| Error::Corrupt { what: "count" });
    Ok(Run {
        id: RunId(row.id),
        trigger: RunTrigger::parse(&row.trigger).ok_or(Error::Corrupt { what: "trigger of a run" })?,
        status: RunStatus::parse(&row.status).ok_or(Error::Corrupt { what: "status of a run" })?,
        backfill: row.backfill,
        dry_run: row.dry_run,
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
        error: row.error,
    })
}
