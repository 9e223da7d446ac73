//! The order in which posts became visible, so that those who follow them miss none and see none twice.
//!
//! A transaction that stores new posts takes their numbers last of all, from one row, and keeps that row until it
//! commits. So numbers become visible in their own order and without gaps, whichever replica stores: who has seen a
//! number has seen all below it. A sequence of PostgreSQL would not do, because its numbers become visible in any order.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Func, Query, WithClause};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
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

/// Posts that are new, in the order in which they are to be numbered. It must be the last thing that a transaction does, because
/// it makes all others wait.
pub(super) struct NewArrivals<'a> {
    pub(super) posts: &'a [Uuid],
    /// When they were stored.
    pub(super) at: Timestamp,
}

impl Store {
    /// Numbers posts that are new.
    pub(super) async fn number_arrivals(&self, tx: &Transaction, new: &[Uuid]) -> Result<(), Error> {
        NewArrivals { posts: new, at: self.now() }.number(tx).await
    }
}

impl NewArrivals<'_> {
    /// Takes the numbers and writes them down.
    pub(super) async fn number(&self, tx: &Transaction) -> Result<(), Error> {
        if self.posts.is_empty() {
            return Ok(());
        }
        if tx.get_database_backend() != DbBackend::Postgres {
            return self.number_by_turns(tx).await;
        }
        let mut with = WithClause::new();
        let count = Query::select().expr(self.join(&mut with, None)).take();
        let row = tx.query_one(&bulk::with(with, count)).await?.ok_or(Error::Corrupt { what: "arrival clock" })?;
        self.check(row.try_get_by_index(0)?)
    }

    /// Lets a statement of PostgreSQL take the numbers and write them down, so that others wait for no round trip. It does so
    /// when it evaluates the expression, which tells how many were written, for [`Self::check`]; if there is a condition, only when
    /// that holds.
    pub(super) fn join(&self, with: &mut WithClause, condition: Option<Expr>) -> Expr {
        use post_arrivals::Column::{ArrivedAt, PostId, Seq};
        if self.posts.is_empty() {
            return Expr::val(0_i64);
        }
        let more = number::write(number::len(self.posts));
        let clock = Query::update()
            .table(arrival_clock::Entity)
            .value(arrival_clock::Column::Seq, Expr::col(arrival_clock::Column::Seq).add(more))
            .cond_where(Condition::all().add_option(condition))
            .returning(Query::returning().column(arrival_clock::Column::Seq))
            .to_owned();
        let ids: Vec<_> = self.posts.iter().map(Uuid::to_string).collect();
        let ids = Expr::val(format!("{{{}}}", ids.join(","))).cast_as("uuid[]");
        let series = Func::cust("generate_series")
            .args([Expr::col(("clock", "seq")).sub(more - 1), Expr::col(("clock", "seq"))]);
        let placed = Query::insert()
            .into_table(post_arrivals::Entity)
            .columns([Seq, PostId, ArrivedAt])
            .select_from(
                Query::select()
                    .expr(series)
                    .expr(Func::cust("unnest").arg(ids))
                    .expr(self.at.as_microsecond())
                    .from("clock")
                    .take(),
            )
            .expect("both sides name the same columns")
            .returning(Query::returning().column(Seq))
            .take();
        with.cte(bulk::part("clock", clock));
        with.cte(bulk::part("placed", placed));
        bulk::rows_of("placed")
    }

    /// Whether all of them have their numbers.
    pub(super) fn check(&self, written: i64) -> Result<(), Error> {
        if written == number::write(number::len(self.posts)) {
            Ok(())
        } else {
            Err(Error::Corrupt { what: "arrival clock" })
        }
    }

    async fn number_by_turns(&self, tx: &Transaction) -> Result<(), Error> {
        use arrival_clock::{Column, Entity};
        let more = number::write(number::len(self.posts));
        let advance = Query::update()
            .table(Entity)
            .value(Column::Seq, Expr::col(Column::Seq).add(more))
            .returning(Query::returning().column(Column::Seq))
            .to_owned();
        let clock = tx.query_one(&advance).await?.ok_or(Error::Corrupt { what: "arrival clock" })?;
        let first = clock.try_get_by_index::<i64>(0)? - more + 1;
        let arrived_at = self.at.as_microsecond();
        let rows = (first..).zip(self.posts).map(|(seq, id)| post_arrivals::Model { seq, post_id: *id, arrived_at });
        let rows: Vec<_> = rows.collect();
        for chunk in rows.chunks(bulk::ROWS) {
            let insert = bulk::insert::<post_arrivals::Entity>(tx.get_database_backend(), chunk.to_vec());
            tx.execute(&insert).await?;
        }
        Ok(())
    }
}
