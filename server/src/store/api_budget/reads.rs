//! What was read, per UTC day.

use std::ops::Range;

use jiff::Timestamp;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, OnConflict, Query};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Set};

use crate::domain::{Month, Reads, Usage, day_of};
use crate::store::entity::api_reads::{ActiveModel, Column, Entity};
use crate::store::{Error, number};

#[derive(FromQueryResult)]
struct Sum {
    posts: Option<i64>,
    users: Option<i64>,
}

/// Adds what was read now.
pub(super) async fn count<C: ConnectionTrait>(db: &C, now: Timestamp, reads: Reads) -> Result<(), Error> {
    if reads.is_empty() {
        return Ok(());
    }
    let row = ActiveModel {
        day: Set(day_of(now)),
        posts: Set(number::write(reads.posts)),
        users: Set(number::write(reads.users)),
    };
    let more = OnConflict::column(Column::Day)
        .value(Column::Posts, Expr::cust("api_reads.posts + excluded.posts"))
        .value(Column::Users, Expr::cust("api_reads.users + excluded.users"))
        .to_owned();
    Entity::insert(row).on_conflict(more).exec_without_returning(db).await?;
    Ok(())
}

/// What was read today and this month.
pub(super) async fn usage<C: ConnectionTrait>(db: &C, now: Timestamp, budget: Option<u64>) -> Result<Usage, Error> {
    let today = day_of(now);
    Ok(Usage { today: sum(db, today..today + 1).await?, month: this_month(db, now).await?, budget })
}

/// What was read this month.
pub(super) async fn this_month<C: ConnectionTrait>(db: &C, now: Timestamp) -> Result<Reads, Error> {
    sum(db, Month::of(now).days()).await
}

async fn sum<C: ConnectionTrait>(db: &C, days: Range<i64>) -> Result<Reads, Error> {
    // PostgreSQL sums 64-bit numbers to NUMERIC.
    let sum = |column| Func::cast_as(Func::sum(Expr::col(column)), Alias::new("bigint"));
    let query = Query::select()
        .expr_as(sum(Column::Posts), "posts")
        .expr_as(sum(Column::Users), "users")
        .from(Entity)
        .and_where(Expr::col(Column::Day).gte(days.start))
        .and_where(Expr::col(Column::Day).lt(days.end))
        .to_owned();
    let Some(row) = db.query_one(&query).await? else { return Ok(Reads::default()) };
    let sum = Sum::from_query_result(&row, "")?;
    let read = |sum: Option<i64>| number::read(sum.unwrap_or_default());
    Ok(Reads { posts: read(sum.posts)?, users: read(sum.users)? })
}
