//! The numbers of a dashboard, counted by the database.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Func, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult};
use uuid::Uuid;

use super::entity::{post_hashtags, posts};
use super::instant::DAY;
use super::{Error, Leaders, Store, instant, number};
use crate::domain::{DayPoint, Leader, LeaderId, LeaderRow, SentimentCounts, Tally};

/// What was counted over a period.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Aggregates {
    /// All posts of the period.
    pub totals: SentimentCounts,
    /// Every UTC day of the period, oldest first, days without posts included.
    pub days: Vec<DayPoint>,
    /// The ten most frequent languages, most posts first.
    pub languages: Vec<Tally>,
    /// The ten most frequent hashtags in lower case, most posts first.
    pub topics: Vec<Tally>,
    /// The leaders, those without posts included, most posts first.
    pub leaders: Vec<LeaderRow>,
}

/// Counts posts.
#[async_trait]
pub trait Dashboards: Send + Sync {
    /// Counts the posts of `leaders` (all when empty) with `since <= posted_at < until`.
    ///
    /// # Errors
    /// When the database fails.
    async fn aggregates(&self, leaders: &[LeaderId], since: Timestamp, until: Timestamp) -> Result<Aggregates, Error>;
}

/// How many languages and hashtags are shown.
const TOP: u64 = 10;

#[derive(FromQueryResult)]
struct Cell {
    leader_id: Uuid,
    day: i64,
    label: Option<String>,
    posts: i64,
    score_sum: Option<f64>,
    newest: i64,
}

#[derive(FromQueryResult)]
struct Named {
    name: String,
    posts: i64,
}

#[async_trait]
impl Dashboards for Store {
    async fn aggregates(&self, leaders: &[LeaderId], since: Timestamp, until: Timestamp) -> Result<Aggregates, Error> {
        let scope = Scope { leaders, since: since.as_microsecond(), until: until.as_microsecond() };
        let names = self.leaders_shown(leaders).await?;
        let languages = scope.tallies(&self.db, posts::Entity, posts::Column::Language, Some(not_deleted())).await?;
        // A deleted post has no hashtags.
        let topics = scope.tallies(&self.db, post_hashtags::Entity, post_hashtags::Column::Tag, None).await?;
        let mut shown = Aggregates { days: scope.days()?, languages, topics, ..Aggregates::default() };
        let mut rows: BTreeMap<Uuid, LeaderRow> = names.into_iter().map(|row| (row.leader_id.0, row)).collect();
        for cell in scope.cells(&self.db).await? {
            let counts = cell.counts()?;
            shown.totals.merge(counts);
            if let Some(day) = usize::try_from(cell.day - scope.first_day()).ok().and_then(|at| shown.days.get_mut(at))
            {
                day.counts.merge(counts);
            }
            if let Some(row) = rows.get_mut(&cell.leader_id) {
                row.counts.merge(counts);
                row.last_post_at = row.last_post_at.max(Some(instant::read(cell.newest)?));
            }
        }
        shown.leaders = rows.into_values().collect();
        shown.leaders.sort_by(|a, b| (b.counts.total(), &a.name).cmp(&(a.counts.total(), &b.name)));
        Ok(shown)
    }
}

impl Store {
    async fn leaders_shown(&self, leaders: &[LeaderId]) -> Result<Vec<LeaderRow>, Error> {
        let shown = if leaders.is_empty() { self.list(None, u32::MAX).await? } else { self.get_many(leaders).await? };
        let row = |leader: Leader| LeaderRow {
            leader_id: leader.id,
            handle: leader.x_handle().map(|handle| handle.to_string()),
            name: leader.name,
            counts: SentimentCounts::default(),
            last_post_at: None,
        };
        Ok(shown.into_iter().map(row).collect())
    }
}

/// Which posts are counted.
struct Scope<'a> {
    leaders: &'a [LeaderId],
    /// Inclusive, microseconds.
    since: i64,
    /// Exclusive, microseconds.
    until: i64,
}

impl Scope<'_> {
    fn first_day(&self) -> i64 {
        self.since.div_euclid(DAY)
    }

    fn days(&self) -> Result<Vec<DayPoint>, Error> {
        let empty = |day: i64| {
            let day = instant::read(day * DAY)?.to_zoned(TimeZone::UTC).date();
            Ok(DayPoint { day, counts: SentimentCounts::default() })
        };
        (self.first_day()..(self.until + DAY - 1).div_euclid(DAY)).map(empty).collect()
    }

    /// The posts by leader, day and tone.
    async fn cells<C: ConnectionTrait>(&self, db: &C) -> Result<Vec<Cell>, Error> {
        let day = Expr::col(posts::Column::PostedAt).div(DAY);
        let mut query = Query::select()
            .column(posts::Column::LeaderId)
            .expr_as(day.clone(), "day")
            .expr_as(Expr::col(posts::Column::SentimentLabel), "label")
            .expr_as(Func::count(Expr::col(Asterisk)), "posts")
            .expr_as(Func::sum(Expr::col(posts::Column::SentimentScore)), "score_sum")
            .expr_as(Func::max(Expr::col(posts::Column::PostedAt)), "newest")
            .from(posts::Entity)
            .and_where(not_deleted())
            .to_owned();
        self.restrict(&mut query);
        query.group_by_columns([Alias::new("leader_id"), Alias::new("day"), Alias::new("label")]);
        read_all(db, &query).await
    }

    /// The most frequent values of a column, in the rows that pass `filter`.
    async fn tallies<C: ConnectionTrait, T: EntityTrait, N: ColumnTrait>(
        &self,
        db: &C,
        table: T,
        name: N,
        filter: Option<Expr>,
    ) -> Result<Vec<Tally>, Error> {
        let mut query = Query::select()
            .expr_as(Expr::col(name), "name")
            .expr_as(Func::count(Expr::col(Asterisk)), "posts")
            .from(table.table_ref())
            .and_where_option(filter)
            .to_owned();
        self.restrict(&mut query);
        query.group_by_col(name).order_by("posts", Order::Desc).order_by("name", Order::Asc).limit(TOP);
        let rows: Vec<Named> = read_all(db, &query).await?;
        rows.into_iter().map(|row| Ok(Tally { name: row.name, posts: number::read(row.posts)? })).collect()
    }

    /// Both tables name the leader and the time of a post alike.
    fn restrict(&self, query: &mut SelectStatement) {
        query
            .and_where(Expr::col(posts::Column::PostedAt).gte(self.since))
            .and_where(Expr::col(posts::Column::PostedAt).lt(self.until));
        if !self.leaders.is_empty() {
            query.and_where(Expr::col(posts::Column::LeaderId).is_in(self.leaders.iter().map(|leader| leader.0)));
        }
    }
}

/// Posts that are not deleted.
fn not_deleted() -> Expr {
    Expr::col(posts::Column::DeletedAt).is_null()
}

impl Cell {
    fn counts(&self) -> Result<SentimentCounts, Error> {
        let posts = number::read(self.posts)?;
        let mut counts = SentimentCounts { score_sum: self.score_sum.unwrap_or_default(), ..Default::default() };
        match self.label.as_deref() {
            Some("positive") => counts.positive = posts,
            Some("neutral") => counts.neutral = posts,
            Some("negative") => counts.negative = posts,
            Some(_) => return Err(Error::Corrupt { what: "sentiment" }),
            None => counts.unscored = posts,
        }
        Ok(counts)
    }
}

async fn read_all<R: FromQueryResult, C: ConnectionTrait>(db: &C, query: &SelectStatement) -> Result<Vec<R>, Error> {
    let rows = db.query_all(query).await?;
    Ok(rows.iter().map(|row| R::from_query_result(row, "")).collect::<Result<_, _>>()?)
}
