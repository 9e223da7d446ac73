//! Ends runs before their work is done.

use sea_orm::EntityTrait;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};

use super::{close, row};
use crate::domain::{Run, RunId};
use crate::store::entity::ingest_runs::Column;
use crate::store::entity::ingest_tasks;
use crate::store::{Error, Store, schedule};

impl Store {
    pub(super) async fn cancel(&self, id: RunId) -> Result<Option<Run>, Error> {
        let tx = self.begin().await?;
        // Nothing is handed out meanwhile, so that a task is either waiting or not.
        schedule::lock(&tx).await?;
        let Some(run) = row::lock(&tx, id).await? else { return Ok(None) };
        if run.ended_at.is_some() {
            return row::read(run).map(Some);
        }
        if !run.cancel_requested {
            row::change(&tx, id, [(Column::CancelRequested, Expr::value(true))]).await?;
        }
        self.drop_waiting(&tx, id).await?;
        let run = match self.close_if_empty(&tx, id).await? {
            Some(closed) => Some(closed),
            None => row::find(&tx, id).await?,
        };
        tx.commit().await?;
        Ok(run)
    }

    pub(super) async fn fail_all(&self, reason: &str) -> Result<Vec<Run>, Error> {
        let tx = self.begin().await?;
        schedule::lock(&tx).await?;
        let mut failed = Vec::new();
        for open in row::open(&tx).await? {
            let id = RunId(open.id);
            // Its last task may have ended a moment ago.
            if row::lock(&tx, id).await?.is_none_or(|run| run.ended_at.is_some()) {
                continue;
            }
            let tasks = ingest_tasks::Entity::delete_many().filter(ingest_tasks::Column::RunId.eq(id.0));
            close::count_failed(&tx, id, tasks.exec(&tx).await?.rows_affected, reason).await?;
            failed.extend(self.close_if_empty(&tx, id).await?);
        }
        tx.commit().await?;
        Ok(failed)
    }

    pub(super) async fn fail_waiting(&self, id: RunId, reason: &str) -> Result<(), Error> {
        let tx = self.begin().await?;
        schedule::lock(&tx).await?;
        if row::lock(&tx, id).await?.is_none_or(|run| run.ended_at.is_some()) {
            return Ok(());
        }
        let dropped = self.drop_waiting(&tx, id).await?;
        if dropped > 0 {
            close::count_failed(&tx, id, dropped, reason).await?;
        }
        self.close_if_empty(&tx, id).await?;
        tx.commit().await?;
        Ok(())
    }
}
