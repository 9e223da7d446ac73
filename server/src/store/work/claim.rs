//! Hands out tasks.
//!
//! One caller at a time does, so that what all replicas read together is counted exactly. Rows that are locked by others
//! are passed over: a worker that froze inside a transaction holds up nobody but its own leader.
//!
//! The statements are small on purpose. Joined into one, they have plans that begin with the streams of everybody while
//! the database has no statistics yet of tables that were filled a moment ago.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use super::{Claim, Lease, Want, WorkerId};
use crate::domain::{LeaderId, Platform, Run, RunId, RunStatus, RunTrigger};
use crate::resilience::furthest;
use crate::store::bounded::Transaction;
use crate::store::entity::ingest_streams::{Column, Entity};
use crate::store::entity::{ingest_runs, ingest_tasks};
use crate::store::runs::{close, row};
use crate::store::{Error, Store, number, schedule};

/// How many tasks are looked at beyond those that are wanted: the leaders of some may be held by workers that froze.
const FROZEN: u64 = 64;

/// The longest that X is not asked: a day, after which a limit of a day begins anew.
const LONGEST_REST: Duration = Duration::from_hours(25);

/// Streams of a leader on X: the newest posts and the older ones.
const STREAMS: u64 = 2;

/// A stream that is not leased.
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
        let mut claims = Vec::new();
        if !schedule::has_stopped(&control, self.now()) {
            let leased = tx.query_all(&self.leased_leaders()).await?;
            let mut busy = leased.iter().map(|row| row.try_get_by_index(0)).collect::<Result<BTreeSet<Uuid>, _>>()?;
            let places = u64::from(want.everywhere).saturating_sub(number::len(&busy));
            let mut free = Ord::min(places, u64::from(want.tasks));
            for run in runs_in_turn(&tx).await? {
                if free == 0 {
                    break;
                }
                let taken = if run.cancel_requested {
                    Vec::new()
                } else {
                    self.take(&tx, worker, &run, (free, want.ttl), &busy).await?
                };
                if taken.is_empty() {
                    self.close_abandoned(&tx, &run).await?;
                }
                free -= number::len(&taken);
                busy.extend(taken.iter().map(|claim| claim.lease.leader.0));
                claims.extend(taken);
            }
        }
        tx.commit().await?;
        Ok(claims)
    }

    /// Ends a run that no worker will end: its last leaders were deleted, or it was called off while a worker had tasks
    /// that it never gave back.
    async fn close_abandoned(&self, tx: &Transaction, run: &Run) -> Result<(), Error> {
        let unlocked = ingest_runs::Entity::find_by_id(run.id.0)
            .filter(ingest_runs::Column::CancelRequested.eq(true).or(close::has_tasks(run.id).not()))
            .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked);
        if unlocked.one(tx).await?.is_none() {
            return Ok(());
        }
        if run.cancel_requested {
            self.drop_waiting(tx, run.id).await?;
        }
        self.close_if_empty(tx, run.id).await?;
        Ok(())
    }

    async fn take(
        &self,
        tx: &Transaction,
        worker: WorkerId,
        run: &Run,
        (limit, ttl): (u64, Duration),
        busy: &BTreeSet<Uuid>,
    ) -> Result<Vec<Claim>, Error> {
        let candidates = self.candidates(tx, run.id, limit, busy).await?;
        let free = self.lock_free(tx, &candidates, limit).await?;
        // Whoever ends a task locks the streams before: those that are still there now stay.
        let ready = tasks(run.id).filter(ingest_tasks::Column::LeaderId.is_in(free.keys().copied()));
        let ready: Vec<Uuid> = ready.into_tuple().all(tx).await?;
        if ready.is_empty() {
            return Ok(Vec::new());
        }
        let lease = Entity::update_many()
            .col_expr(Column::LeaseOwner, Expr::value(worker.0))
            .col_expr(Column::LeaseEpoch, Expr::col(Column::LeaseEpoch).add(1))
            .col_expr(Column::LeaseUntil, self.lease_end(ttl))
            .filter(Column::LeaderId.is_in(ready.iter().copied()));
        lease.exec(tx).await?;
        if run.status == RunStatus::Queued {
            let running = (ingest_runs::Column::Status, Expr::value(RunStatus::Running.as_str()));
            row::change(tx, run.id, [running]).await?;
        }
        Ok(ready.iter().filter_map(|leader| free.get(leader)).map(|stream| stream.claim(worker, run)).collect())
    }

    /// The leaders of tasks that are due, without those that are `busy`.
    async fn candidates(
        &self,
        tx: &Transaction,
        run: RunId,
        limit: u64,
        busy: &BTreeSet<Uuid>,
    ) -> Result<Vec<Uuid>, Error> {
        use ingest_tasks::Column;
        let (now, wanted) = (self.now(), limit + FROZEN + number::len(busy));
        let mut due: Vec<Uuid> = Vec::new();
        // Two stretches of one index, of which the second is empty but for what a wrong clock wrote.
        for is_due in [
            Column::NotBefore.lte(now.as_microsecond()),
            Column::NotBefore.gt(furthest(now, LONGEST_REST).as_microsecond()),
        ] {
            let some = tasks(run)
                .filter(is_due)
                .order_by_asc(Column::NotBefore)
                .order_by_asc(Column::LeaderId)
                .limit(wanted.saturating_sub(number::len(&due)));
            due.extend(some.into_tuple::<Uuid>().all(tx).await?);
        }
        due.retain(|leader| !busy.contains(leader));
        Ok(due)
    }

    /// Locks the streams of at most `limit` leaders whose streams nobody holds.
    async fn lock_free(
        &self,
        tx: &Transaction,
        candidates: &[Uuid],
        limit: u64,
    ) -> Result<BTreeMap<Uuid, Free>, Error> {
        if candidates.is_empty() {
            return Ok(BTreeMap::new());
        }
        let streams = Entity::find()
            .select_only()
            .columns([Column::LeaderId, Column::LeaseEpoch, Column::LeaseOwner])
            .filter(Column::LeaderId.is_in(candidates.iter().copied()))
            .filter(Column::Platform.eq(Platform::X.as_str()))
            .filter(Expr::col(Column::LeaseUntil).lte(self.database_now()))
            .order_by_asc(Column::LeaderId)
            .limit(limit * STREAMS)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let mut half = BTreeMap::new();
        let mut whole = BTreeMap::new();
        for stream in streams.into_model::<Free>().all(tx).await? {
            if let Some(stream) = half.insert(stream.leader_id, stream) {
                whole.insert(stream.leader_id, stream);
            }
        }
        Ok(whole)
    }
}

impl Free {
    fn claim(&self, worker: WorkerId, run: &Run) -> Claim {
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

/// The leaders that are to be read for a run.
fn tasks(run: RunId) -> Select<ingest_tasks::Entity> {
    use ingest_tasks::{Column, Entity};
    Entity::find().select_only().column(Column::LeaderId).filter(Column::RunId.eq(run.0))
}

/// The runs whose tasks are handed out: first those that somebody waits for, then the oldest.
async fn runs_in_turn(tx: &Transaction) -> Result<Vec<Run>, Error> {
    let mut runs = row::open(tx).await?.into_iter().map(row::read).collect::<Result<Vec<_>, _>>()?;
    runs.sort_by_key(|run| run.trigger != RunTrigger::Refresh);
    Ok(runs)
}
