//! How a run ends: with its last task, once.

use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};

use super::row;
use crate::domain::{Run, RunId, RunStatus};
use crate::store::bounded::Transaction;
use crate::store::entity::ingest_runs::{Column, Entity, Model};
use crate::store::entity::ingest_tasks;
use crate::store::text::clean;
use crate::store::{Error, Store};

/// Whether a run has an outstanding task.
pub(in crate::store) fn has_tasks(id: RunId) -> SimpleExpr {
    let tasks = Query::select()
        .expr(Expr::val(1))
        .from(ingest_tasks::Entity)
        .and_where(ingest_tasks::Column::RunId.eq(id.0))
        .to_owned();
    Expr::exists(tasks)
}

impl Store {
    /// Ends a run that has no outstanding task. The run has to be locked by an earlier statement: this one then sees
    /// every task that others ended before.
    pub(in crate::store) async fn close_if_empty(&self, tx: &Transaction, id: RunId) -> Result<Option<Run>, Error> {
        let nobody_was_read = Expr::col(Column::LeadersFailed).gte(Expr::col(Column::LeadersDone));
        let status = Expr::case(Expr::col(Column::CancelRequested).eq(true), RunStatus::Cancelled.as_str())
            .case(Expr::col(Column::LeadersFailed).eq(0), RunStatus::Succeeded.as_str())
            .case(nobody_was_read, RunStatus::Failed.as_str())
            .finally(RunStatus::Partial.as_str());
        let close = Query::update()
            .table(Entity)
            .value(Column::Status, status)
            .value(Column::EndedAt, self.now().as_microsecond())
            .value(Column::Seq, Expr::col(Column::Seq).add(1))
            .and_where(Column::Id.eq(id.0))
            .and_where(Column::EndedAt.is_null())
            .and_where(has_tasks(id).not())
            .returning_all()
            .to_owned();
        let Some(closed) = tx.query_one(&close).await? else { return Ok(None) };
        row::read(Model::from_query_result(&closed, "")?).map(Some)
    }

    /// Drops the tasks of a run that nobody works on and says how many there were.
    pub(in crate::store) async fn drop_waiting(&self, tx: &Transaction, id: RunId) -> Result<u64, Error> {
        let waiting = ingest_tasks::Entity::delete_many()
            .filter(ingest_tasks::Column::RunId.eq(id.0))
            .filter(ingest_tasks::Column::LeaderId.not_in_subquery(self.leased_leaders()));
        Ok(waiting.exec(tx).await?.rows_affected)
    }
}

/// Counts `tasks` as ended without success, and keeps the first reason.
pub(super) async fn count_failed(tx: &Transaction, id: RunId, tasks: u64, reason: &str) -> Result<(), Error> {
    let tasks = i32::try_from(tasks).unwrap_or(i32::MAX);
    let values = [
        (Column::LeadersDone, Expr::col(Column::LeadersDone).add(tasks)),
        (Column::LeadersFailed, Expr::col(Column::LeadersFailed).add(tasks)),
        (Column::Error, first_error(reason)),
    ];
    row::change(tx, id, values).await
}

/// The error of a run that fails (again) for `reason`.
pub(in crate::store) fn first_error(reason: &str) -> SimpleExpr {
    Expr::col(Column::Error).if_null(clean(reason))
}
