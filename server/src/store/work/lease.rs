//! Leases: who may read a leader, by the clock of the database.
//!
//! All streams of a leader are leased together. Whoever locks several does so in one order.

use std::collections::BTreeSet;
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait, LockType, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::{Lease, WorkerId};
use crate::domain::LeaderId;
use crate::store::bounded::Transaction;
use crate::store::entity::ingest_streams::{Column, Entity};
use crate::store::settings::Target;
use crate::store::{Error, Store, instant, number};

#[derive(FromQueryResult)]
struct Held {
    leader_id: Uuid,
    lease_epoch: i64,
}

impl Store {
    /// The present by the clock of the database.
    pub(super) fn database_now(&self) -> SimpleExpr {
        instant::of_database(self.db.get_database_backend())
    }

    /// The end of a lease that begins now. It stands in a query of its own, which gives one answer for all rows.
    pub(super) fn lease_end(&self, ttl: Duration) -> SimpleExpr {
        let end = Query::select().expr(self.database_now().add(instant::micros(ttl))).to_owned();
        SimpleExpr::SubQuery(None, Box::new(end.into()))
    }

    /// The leaders that somebody reads.
    pub(in crate::store) fn leased_leaders(&self) -> SelectStatement {
        Query::select()
            .column(Column::LeaderId)
            .from(Entity)
            .and_where(Column::LeaseOwner.is_not_null())
            .and_where(Column::LeaderId.is_not_null())
            .and_where(Expr::col(Column::LeaseUntil).gt(self.database_now()))
            .to_owned()
    }

    pub(super) async fn extend(&self, worker: WorkerId, ttl: Duration) -> Result<Vec<Lease>, Error> {
        // A lease that ran out is not revived: its place may be taken.
        let live = of_worker(worker).and(Expr::col(Column::LeaseUntil).gt(self.database_now()));
        let extend = Query::update()
            .table(Entity)
            .value(Column::LeaseUntil, self.lease_end(ttl))
            .and_where(Column::Id.in_subquery(locked(live)))
            .returning(Query::returning().columns([Column::LeaderId, Column::LeaseEpoch]))
            .to_owned();
        let held: BTreeSet<Lease> = held(&self.db, &extend)
            .await?
            .into_iter()
            .map(|row| Lease { leader: LeaderId(row.leader_id), worker, epoch: row.lease_epoch })
            .collect();
        Ok(held.into_iter().collect())
    }

    pub(super) async fn release_all(&self, worker: WorkerId) -> Result<u64, Error> {
        give_back(&self.db, of_worker(worker)).await
    }

    pub(super) async fn release_left(&self) -> Result<u64, Error> {
        if matches!(self.target, Target::Postgres(_)) {
            return Ok(0);
        }
        give_back(&self.db, Column::LeaseOwner.is_not_null()).await
    }
}

/// Gives back one lease. It is the first statement of its transaction.
///
/// # Errors
/// [`Error::LeaseLost`] when another worker has it, or when the database fails.
pub(super) async fn end(tx: &Transaction, lease: &Lease) -> Result<(), Error> {
    let mine = Column::LeaderId.eq(lease.leader.0).and(of_worker(lease.worker)).and(Column::LeaseEpoch.eq(lease.epoch));
    match give_back(tx, mine).await? {
        0 => Err(Error::LeaseLost { leader: lease.leader }),
        _ => Ok(()),
    }
}

/// Gives back the leases of the streams that `which` is true for, and says of how many leaders.
async fn give_back<C: ConnectionTrait>(db: &C, which: SimpleExpr) -> Result<u64, Error> {
    let release = Query::update()
        .table(Entity)
        .value(Column::LeaseOwner, None::<Uuid>)
        .value(Column::LeaseUntil, 0_i64)
        .and_where(Column::Id.in_subquery(locked(which)))
        .returning(Query::returning().columns([Column::LeaderId, Column::LeaseEpoch]))
        .to_owned();
    let leaders: BTreeSet<_> = held(db, &release).await?.into_iter().map(|row| row.leader_id).collect();
    Ok(number::len(&leaders))
}

async fn held<C: ConnectionTrait>(db: &C, update: &sea_orm::sea_query::UpdateStatement) -> Result<Vec<Held>, Error> {
    let rows = db.query_all(update).await?;
    Ok(rows.iter().map(|row| Held::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

fn of_worker(worker: WorkerId) -> SimpleExpr {
    Column::LeaseOwner.eq(worker.0)
}

/// The streams that `which` is true for, locked in the order of their ids.
pub(in crate::store) fn locked(which: SimpleExpr) -> SelectStatement {
    Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(which)
        .order_by(Column::Id, Order::Asc)
        .lock(LockType::Update)
        .to_owned()
}
