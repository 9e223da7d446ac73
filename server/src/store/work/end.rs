//! Ends tasks, or gives them back undone.
//!
//! Everywhere streams are locked first, then the run, then its tasks.

use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{Claim, TaskEnd, lease};
use crate::domain::Run;
use crate::store::bounded::Transaction;
use crate::store::entity::ingest_runs::Column;
use crate::store::entity::ingest_tasks;
use crate::store::runs::{close, row};
use crate::store::{Error, Store};

impl Store {
    pub(super) async fn finish_task(&self, claim: &Claim, end: &TaskEnd) -> Result<Option<Run>, Error> {
        let tx = self.begin().await?;
        lease::end(&tx, &claim.lease).await?;
        row::lock(&tx, claim.run).await?;
        // It is gone when the run was ended over its head.
        if delete(&tx, claim).await? {
            count(&tx, claim, end).await?;
        }
        let closed = self.close_if_empty(&tx, claim.run).await?;
        tx.commit().await?;
        Ok(closed)
    }

    pub(super) async fn put_back(&self, claim: &Claim, not_before: Option<Timestamp>) -> Result<(), Error> {
        let tx = self.begin().await?;
        lease::end(&tx, &claim.lease).await?;
        if row::lock(&tx, claim.run).await?.is_some_and(|run| run.cancel_requested) {
            delete(&tx, claim).await?;
            self.close_if_empty(&tx, claim.run).await?;
        } else {
            use ingest_tasks::{Column, Entity};
            let not_before = not_before.map_or(0, Timestamp::as_microsecond);
            let update = Entity::update_many().col_expr(Column::NotBefore, Expr::value(not_before));
            update.filter(of_claim(claim)).exec(&tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

fn of_claim(claim: &Claim) -> Expr {
    use ingest_tasks::Column;
    Column::RunId.eq(claim.run.0).and(Column::LeaderId.eq(claim.lease.leader.0))
}

async fn delete(tx: &Transaction, claim: &Claim) -> Result<bool, Error> {
    let task = ingest_tasks::Entity::delete_many().filter(of_claim(claim));
    Ok(task.exec(tx).await?.rows_affected == 1)
}

async fn count(tx: &Transaction, claim: &Claim, end: &TaskEnd) -> Result<(), Error> {
    let mut values = vec![(Column::LeadersDone, Expr::col(Column::LeadersDone).add(1))];
    if let Some(error) = &end.error {
        values.push((Column::LeadersFailed, Expr::col(Column::LeadersFailed).add(1)));
        values.push((Column::Error, close::first_error(error)));
    }
    if claim.dry_run {
        let counters = row::columns(&end.dry_counters);
        values.extend(counters.map(|(column, count)| (column, Expr::col(column).add(count))));
    }
    row::change(tx, claim.run, values).await
}
