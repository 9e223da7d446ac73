//! The order in which posts became visible, so that those who follow them miss none and see none twice.
//!
//! A transaction that stores new posts takes their numbers last of all, from one row, and keeps that row until it
//! commits. So numbers become visible in their own order and without gaps, whichever replica stores: who has seen a
//! number has seen all below it. A sequence of PostgreSQL would not do, because its numbers become visible in any order.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use uuid::Uuid;

use super::entity::{arrival_clock, post_arrivals};
use super::purge::{Old, PORTION};
use super::{Error, Store, bulk, number};
use crate::domain::Post;
use crate::store::bounded::Transaction;

/// Posts in the order in which they were stored.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Arrived {
    /// The posts that are not deleted, each with its place.
    pub posts: Vec<(u64, Post)>,
    /// The last place that was looked at: nothing up to it is missing.
    pub place: u64,
}

/// Knows in which order posts were stored.
#[async_trait]
pub trait Arrivals: Send + Sync {
    /// The place of the post that was stored last; zero when there is none.
    ///
    /// # Errors
    /// When the database fails.
    async fn last_arrival(&self) -> Result<u64, Error>;

    /// The next `limit` places after `after`; None when what follows it is forgotten, or nothing has that place.
    ///
    /// # Errors
    /// When the database fails.
    async fn arrivals(&self, after: u64, limit: u32) -> Result<Option<Arrived>, Error>;

    /// Forgets the order of posts that were stored before then, a portion at a time from the first on, and says of how
    /// many; the posts stay.
    ///
    /// # Errors
    /// When the database fails.
    async fn purge_arrivals(&self, before: Timestamp) -> Result<u64, Error>;
}

#[derive(FromQueryResult)]
struct Clock {
    seq: i64,
}

#[async_trait]
impl Arrivals for Store {
    async fn last_arrival(&self) -> Result<u64, Error> {
        let clock = arrival_clock::Entity::find().one(&self.db).await?;
        number::read(clock.ok_or(Error::Corrupt { what: "arrival clock" })?.seq)
    }

    async fn arrivals(&self, after: u64, limit: u32) -> Result<Option<Arrived>, Error> {
        // Read before the places: every number up to it is visible to the next statement.
        let last = self.last_arrival().await?;
        if after >= last {
            return Ok((after == last).then(|| Arrived { posts: Vec::new(), place: after }));
        }
        let rows = post_arrivals::Entity::find()
            .filter(post_arrivals::Column::Seq.gt(number::write(after)))
            .order_by_asc(post_arrivals::Column::Seq)
            .limit(u64::from(limit))
            .all(&self.db)
            .await?;
        let is_next_known = rows.first().is_some_and(|first| first.seq == number::write(after + 1));
        if !is_next_known {
            return Ok(None);
        }
        let mut found = self.posts_of(rows.iter().map(|row| row.post_id)).await?;
        let mut arrived = Arrived { posts: Vec::with_capacity(found.len()), place: after };
        for row in &rows {
            arrived.place = number::read(row.seq)?;
            arrived.posts.extend(found.remove(&row.post_id).map(|post| (arrived.place, post)));
        }
        Ok(Some(arrived))
    }

    async fn purge_arrivals(&self, before: Timestamp) -> Result<u64, Error> {
        use post_arrivals::{Column, Entity};
        // A place that a wrong clock dated keeps those before it no longer than a right one would.
        let (now, limit) = (self.now().as_microsecond(), before.as_microsecond());
        let first_kept = Query::select()
            .expr(Expr::col(Column::Seq).min())
            .from(Entity)
            .and_where(Expr::col(Column::ArrivedAt).between(limit, now.saturating_add(now - limit)))
            .to_owned();
        let rule = Expr::col(Column::Seq).lt(Expr::SubQuery(None, Box::new(first_kept.into())));
        Old::<Entity> { key: &[Column::Seq], by: Column::Seq, rule }.forget(&self.db, PORTION).await
    }
}

/// Takes numbers and writes them down in one statement of PostgreSQL, so that others wait for no round trip.
const NUMBER: &str = "WITH clock AS (UPDATE arrival_clock SET seq = seq + $1 RETURNING seq) \
    INSERT INTO post_arrivals (seq, post_id, arrived_at) SELECT clock.seq - $1 + new.place, new.post_id, $2 \
    FROM clock, unnest($3::uuid[]) WITH ORDINALITY AS new (post_id, place)";

impl Store {
    /// Numbers posts that are new. It must be the last thing that a transaction does, because it makes all others wait.
    pub(super) async fn number_arrivals(&self, tx: &Transaction, new: &[Uuid]) -> Result<(), Error> {
        if new.is_empty() {
            return Ok(());
        }
        let (more, arrived_at) = (number::write(number::len(new)), self.now().as_microsecond());
        if tx.get_database_backend() == DbBackend::Postgres {
            let ids: Vec<_> = new.iter().map(Uuid::to_string).collect();
            let values = [more.into(), arrived_at.into(), format!("{{{}}}", ids.join(",")).into()];
            let numbered = tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, NUMBER, values)).await?;
            let is_whole = numbered.rows_affected() == number::len(new);
            return if is_whole { Ok(()) } else { Err(Error::Corrupt { what: "arrival clock" }) };
        }
        number_one_after_the_other(tx, new, arrived_at).await
    }
}

/// Takes the numbers and writes them down.
async fn number_one_after_the_other(tx: &Transaction, new: &[Uuid], arrived_at: i64) -> Result<(), Error> {
    use arrival_clock::{Column, Entity};
    let more = number::write(number::len(new));
    let advance = Query::update()
        .table(Entity)
        .value(Column::Seq, Expr::col(Column::Seq).add(more))
        .returning(Query::returning().column(Column::Seq))
        .to_owned();
    let clock = tx.query_one(&advance).await?.ok_or(Error::Corrupt { what: "arrival clock" })?;
    let first = Clock::from_query_result(&clock, "")?.seq - more + 1;
    let rows = (first..).zip(new).map(|(seq, id)| post_arrivals::Model { seq, post_id: *id, arrived_at });
    let rows: Vec<_> = rows.collect();
    for chunk in rows.chunks(bulk::ROWS) {
        let insert = bulk::insert::<post_arrivals::Entity>(tx.get_database_backend(), chunk.to_vec());
        tx.execute(&insert).await?;
    }
    Ok(())
}
