//! Hands out tasks.
//!
//! One caller at a time does, so that what all replicas read together is counted exactly. Rows that are locked by others
//! are passed over: a worker that froze inside a transaction holds up nobody but its own leader.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, JoinType, LockBehavior, LockType, Order, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
    QuerySelect,
};
use uuid::Uuid;

use super::{Claim, Lease, Want, WorkerId};
use crate::domain::{LeaderId, Platform, Run, RunId, RunStatus, RunTrigger};
use crate::store::entity::ingest_runs;
use crate::store::entity::ingest_streams::{self, Column};
use crate::store::entity::ingest_tasks;
use crate::store::ingest::StreamKind;
use crate::store::runs::{close, row};
use crate::store::{Error, Store, number, schedule};

/// Names for the two streams of a leader, and for a task, within one statement.
const NEWEST: &str = "newest";
const OLDER: &str = "older";
const TASK: &str = "task";

/// A task that may be handed out.
#[derive(FromQueryResult)]
struct Free {
    leader_id: Uuid,
    lease_epoch: i64,
    lease_owner: Option<Uuid>,
}

impl Store {
    pub(super) async fn hand_out(&self, worker: WorkerId, want: Want) -> Result<Vec<Claim>, Error> {
        // Most calls find nothing to do: they need no lock.
        if want.tasks == 0 || row::open(&self.db).await?.is_empty() {
            return Ok(Vec::new());
        }
        let tx = self.begin().await?;
        let control = schedule::lock(&tx).await?;
        self.close_abandoned(&tx).await?;
        let mut claims = Vec::new();
        if !schedule::has_stopped(&control, self.now()) {
            let leased = self.count_leased(&tx).await?;
            let mut free = Ord::min(u64::from(want.tasks), u64::from(want.everywhere).saturating_sub(leased));
            for run in runs_in_turn(&tx).await? {
                if free == 0 {
                    break;
                }
                let taken = self.take(&tx, worker, &run, free, want).await?;
                free = free.saturating_sub(number::len(&taken));
                claims.extend(taken);
            }
        }
        tx.commit().await?;
        Ok(claims)
    }

    /// Ends runs that no worker will end: those whose last leaders were deleted, and those that were called off while a
    /// worker had tasks that it never gave back.
    async fn close_abandoned(&self, tx: &DatabaseTransaction) -> Result<(), Error> {
        use ingest_runs::{Column, Entity};
        let abandoned = Entity::find()
            .filter(Column::EndedAt.is_null())
            .filter(Column::CancelRequested.eq(true).or(close::has_tasks().not()))
            .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked);
        for run in abandoned.all(tx).await? {
            if run.cancel_requested {
                self.drop_waiting(tx, RunId(run.id)).await?;
            }
            self.close_if_empty(tx, RunId(run.id)).await?;
        }
        Ok(())
    }

    /// How many leaders are being read.
    async fn count_leased(&self, tx: &DatabaseTransaction) -> Result<u64, Error> {
        let leased = ingest_streams::Entity::find()
            .filter(Column::LeaseOwner.is_not_null())
            .filter(Column::Kind.eq(StreamKind::Posts.as_str()))
            .filter(Expr::col(Column::LeaseUntil).gt(self.database_now()));
        Ok(leased.count(tx).await?)
    }

    async fn take(
        &self,
        tx: &DatabaseTransaction,
        worker: WorkerId,
        run: &Run,
        limit: u64,
        want: Want,
    ) -> Result<Vec<Claim>, Error> {
        let free = self.free_tasks(tx, run.id, limit).await?;
        if free.is_empty() {
            return Ok(Vec::new());
        }
        let lease = ingest_streams::Entity::update_many()
            .col_expr(Column::LeaseOwner, Expr::value(worker.0))
            .col_expr(Column::LeaseEpoch, Expr::col(Column::LeaseEpoch).add(1))
            .col_expr(Column::LeaseUntil, self.lease_end(want.ttl))
            .filter(Column::LeaderId.is_in(free.iter().map(|task| task.leader_id)));
        lease.exec(tx).await?;
        if run.status == RunStatus::Queued {
            let running = (ingest_runs::Column::Status, Expr::value(RunStatus::Running.as_str()));
            row::change(tx, run.id, [running]).await?;
        }
        Ok(free.into_iter().map(|task| task.claim(worker, run)).collect())
    }

    /// Tasks of a run that are due, whose leader nobody reads and whose rows nobody holds; they are locked.
    async fn free_tasks(&self, tx: &DatabaseTransaction, run: RunId, limit: u64) -> Result<Vec<Free>, Error> {
        let [newest, older, task] = [NEWEST, OLDER, TASK].map(Alias::new);
        let of_task = |stream: &Alias, kind: StreamKind| {
            Expr::col((stream.clone(), Column::LeaderId))
                .equals((Alias::new(TASK), ingest_tasks::Column::LeaderId))
                .and(Expr::col((stream.clone(), Column::Platform)).eq(Platform::X.as_str()))
                .and(Expr::col((stream.clone(), Column::Kind)).eq(kind.as_str()))
        };
        let query = Query::select()
            .column((task.clone(), ingest_tasks::Column::LeaderId))
            .columns([(newest.clone(), Column::LeaseEpoch), (newest.clone(), Column::LeaseOwner)])
            .from_as(ingest_tasks::Entity, task.clone())
            .join_as(JoinType::InnerJoin, ingest_streams::Entity, newest.clone(), of_task(&newest, StreamKind::Posts))
            .join_as(JoinType::InnerJoin, ingest_streams::Entity, older.clone(), of_task(&older, StreamKind::Backfill))
            .and_where(Expr::col((task.clone(), ingest_tasks::Column::RunId)).eq(run.0))
            .and_where(Expr::col((task.clone(), ingest_tasks::Column::NotBefore)).lte(self.now().as_microsecond()))
            .and_where(Expr::col((newest.clone(), Column::LeaseUntil)).lte(self.database_now()))
            .order_by((task.clone(), ingest_tasks::Column::NotBefore), Order::Asc)
            .order_by((task.clone(), ingest_tasks::Column::LeaderId), Order::Asc)
            .limit(limit)
            .lock_with_tables_behavior(LockType::Update, [task, newest, older], LockBehavior::SkipLocked)
            .to_owned();
        let rows = tx.query_all(&query).await?;
        Ok(rows.iter().map(|row| Free::from_query_result(row, "")).collect::<Result<_, _>>()?)
    }
}

impl Free {
    fn claim(self, worker: WorkerId, run: &Run) -> Claim {
        Claim {
            lease: Lease { leader: LeaderId(self.leader_id), worker, epoch: self.lease_epoch + 1 },
            run: run.id,
            trigger: run.trigger,
            backfill: run.backfill,
            dry_run: run.dry_run,
            taken_over: self.lease_owner.is_some_and(|owner| owner != worker.0),
        }
    }
}

/// The runs whose tasks are handed out: first those that somebody waits for, then the oldest.
async fn runs_in_turn(tx: &DatabaseTransaction) -> Result<Vec<Run>, Error> {
    let open = row::open(tx).await?.into_iter().filter(|run| !run.cancel_requested);
    let mut runs = open.map(row::read).collect::<Result<Vec<_>, _>>()?;
    runs.sort_by_key(|run| run.trigger != RunTrigger::Refresh);
    Ok(runs)
}
