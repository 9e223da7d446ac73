//! How many posts a filter lets through, from the counts per day.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::keys::platforms;
use crate::domain::FeedFilter;
use crate::store::entity::post_counts::{Column, Entity};
use crate::store::{Error, number};

#[derive(FromQueryResult)]
struct Sum {
    n: Option<i64>,
}

#[derive(FromQueryResult)]
struct DaySum {
    day: i64,
    n: i64,
}

/// The posts of a UTC day.
pub(super) struct Day {
    /// Days since 1970-01-01.
    pub(super) day: i64,
    /// Its posts.
    pub(super) posts: u64,
}

/// All posts that the filter lets through.
pub(super) async fn total<C: ConnectionTrait>(db: &C, filter: &FeedFilter) -> Result<u64, Error> {
    let query = sum(filter);
    let Some(row) = db.query_one(&query).await? else { return Ok(0) };
    number::read(Sum::from_query_result(&row, "")?.n.unwrap_or_default())
}

/// The days that have posts which the filter lets through, newest first.
pub(super) async fn days<C: ConnectionTrait>(db: &C, filter: &FeedFilter) -> Result<Vec<Day>, Error> {
    let mut query = sum(filter);
    query.column(Column::Day).group_by_col(Column::Day).order_by(Column::Day, Order::Desc);
    let rows = db.query_all(&query).await?;
    let read = |row| {
        let sum = DaySum::from_query_result(row, "")?;
        Ok(Day { day: sum.day, posts: number::read(sum.n)? })
    };
    rows.iter().map(read).collect()
}

fn sum(filter: &FeedFilter) -> SelectStatement {
    // PostgreSQL sums 64-bit numbers to NUMERIC.
    let sum = Func::cast_as(Func::sum(Expr::col(Column::N)), Alias::new("bigint"));
    let mut query = Query::select().expr_as(sum, "n").from(Entity).to_owned();
    query.and_where(Expr::col(Column::Platform).is_in(platforms(filter).iter().map(|platform| platform.as_str())));
    if !filter.leaders.is_empty() {
        query.and_where(Expr::col(Column::LeaderId).is_in(filter.leaders.iter().map(|leader| leader.0)));
    }
    query
}
