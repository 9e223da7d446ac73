//! Which posts stand on a page: keys first, from the indexes alone.
//!
//! One branch per leader and platform reads the top of its stretch of an index, and the branches are merged. A single
//! `leader_id IN (...) ORDER BY posted_at` would walk the whole feed for leaders that are silent.

use std::collections::BTreeSet;

use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, UnionType};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::domain::{FeedFilter, Platform};
use crate::store::Error;
use crate::store::entity::posts::{Column, Entity};
use crate::store::newest_first::behind;

/// A place in the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub(super) struct Key {
    pub(super) posted_at: i64,
    pub(super) id: Uuid,
}

/// The keys of at most `limit` posts behind `after`, newest first; of the filter, leaders, platforms and times count.
pub(super) async fn top<C: ConnectionTrait>(
    db: &C,
    filter: &FeedFilter,
    after: Option<Key>,
    limit: u64,
) -> Result<Vec<Key>, Error> {
    let rows = db.query_all(&merged(filter, after, limit)).await?;
    Ok(rows.iter().map(|row| Key::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

/// The query of [`top`].
pub(super) fn merged(filter: &FeedFilter, after: Option<Key>, limit: u64) -> SelectStatement {
    let mut branches = branches(filter).into_iter().map(|branch| {
        let of_branch = branch.query(filter, after, limit);
        Query::select().columns([Column::PostedAt, Column::Id]).from_subquery(of_branch, "branch").to_owned()
    });
    let mut merged = branches.next().expect("a filter without platforms means all of them");
    merged.unions(branches.map(|branch| (UnionType::All, branch)));
    newest_first(&mut merged, limit);
    merged
}

/// A stretch of one of the two feed indexes.
struct Branch {
    leader: Option<Uuid>,
    platform: Platform,
}

fn branches(filter: &FeedFilter) -> Vec<Branch> {
    let platforms: BTreeSet<_> = platforms(filter).iter().copied().collect();
    let leaders: BTreeSet<_> = filter.leaders.iter().map(|leader| Some(leader.0)).collect();
    let leaders = if leaders.is_empty() { BTreeSet::from([None]) } else { leaders };
    let of_leader = |leader| platforms.iter().map(move |platform| Branch { leader, platform: *platform });
    leaders.into_iter().flat_map(of_leader).collect()
}

/// The platforms that a filter lets through.
pub(super) fn platforms(filter: &FeedFilter) -> &[Platform] {
    if filter.platforms.is_empty() { &Platform::ALL } else { &filter.platforms }
}

impl Branch {
    fn query(&self, filter: &FeedFilter, after: Option<Key>, limit: u64) -> SelectStatement {
        let mut query = Query::select().columns([Column::PostedAt, Column::Id]).from(Entity).to_owned();
        query
            .and_where_option(self.leader.map(|leader| Expr::col(Column::LeaderId).eq(leader)))
            .and_where(Expr::col(Column::Platform).eq(self.platform.as_str()))
            .and_where(Expr::col(Column::DeletedAt).is_null())
            .and_where_option(filter.since.map(|since| Expr::col(Column::PostedAt).gte(since.as_microsecond())))
            .and_where_option(filter.until.map(|until| Expr::col(Column::PostedAt).lt(until.as_microsecond())));
        query.and_where_option(after.map(|key| behind([Column::PostedAt, Column::Id], key.posted_at, key.id)));
        newest_first(&mut query, limit);
        query
    }
}

fn newest_first(query: &mut SelectStatement, limit: u64) {
    query.order_by(Column::PostedAt, Order::Desc).order_by(Column::Id, Order::Desc).limit(limit);
}
