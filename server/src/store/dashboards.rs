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
use crate::domain::{DayPoint, Leader, LeaderId, LeaderRow, Platform, SentimentCounts, Tally};

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

/// Which posts are counted.
#[derive(Debug, Clone)]
pub struct Counting<'a> {
    /// Those of these leaders; None means of everybody, an empty list of nobody.
    pub leaders: Option<Vec<LeaderId>>,
    /// Those on these platforms; empty means everywhere.
    pub platforms: &'a [Platform],
    /// The first instant, rounded down to its UTC day for the days that are answered.
    pub since: Timestamp,
    /// The first instant that is not counted any more.
    pub until: Timestamp,
}

/// Counts posts.
#[async_trait]
pub trait Dashboards: Send + Sync {
    /// Counts these posts.
    ///
    /// # Errors
    /// When the database fails.
    async fn aggregates(&self, counting: &Counting<'_>) -> Result<Aggregates, Error>;

    /// Counts these posts by leader and day; a day without posts of a leader is left out.
    ///
    /// # Errors
    /// When the database fails.
    async fn leader_days(&self, counting: &Counting<'_>) -> Result<Vec<LeaderDay>, Error>;
}

/// The posts of a leader on a UTC day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeaderDay {
    /// Whose posts.
    pub leader: LeaderId,
    /// Days since 1970-01-01.
    pub day: i64,
    /// Their tones.
    pub counts: SentimentCounts,
}

/// How many languages and hashtags are shown.
const TOP: u64 = 10;

#[derive(FromQueryResult)]
struct Cell {
    leader_id: Uuid,
    day: i64,
    label: Option<String>,
    posts: i64,
    scored: i64,
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
    async fn aggregates(&self, counting: &Counting<'_>) -> Result<Aggregates, Error> {
        let scope = Scope::of(counting);
        let names = self.leaders_shown(scope.leaders).await?;
        let languages = scope.languages(&self.db).await?;
        let topics = scope.topics(&self.db).await?;
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

    async fn leader_days(&self, counting: &Counting<'_>) -> Result<Vec<LeaderDay>, Error> {
        let mut counted: BTreeMap<(Uuid, i64), SentimentCounts> = BTreeMap::new();
        for cell in Scope::of(counting).cells(&self.db).await? {
            counted.entry((cell.leader_id, cell.day)).or_default().merge(cell.counts()?);
        }
        let row = |((leader, day), counts)| LeaderDay { leader: LeaderId(leader), day, counts };
        Ok(counted.into_iter().map(row).collect())
    }
}

impl Store {
    async fn leaders_shown(&self, leaders: Option<&[LeaderId]>) -> Result<Vec<LeaderRow>, Error> {
        let shown = match leaders {
            None => self.list(None, u32::MAX).await?,
            Some(some) => self.get_many(some).await?,
        };
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

/// Which posts are counted, as the database knows them.
struct Scope<'a> {
    leaders: Option<&'a [LeaderId]>,
    platforms: &'a [Platform],
    /// Inclusive, microseconds.
    since: i64,
    /// Exclusive, microseconds.
    until: i64,
}

impl<'a> Scope<'a> {
    fn of(counting: &'a Counting<'_>) -> Self {
        Self {
            leaders: counting.leaders.as_deref(),
            platforms: counting.platforms,
            since: counting.since.as_microsecond(),
            until: counting.until.as_microsecond(),
        }
    }

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
            .expr_as(Func::count(Expr::col(posts::Column::SentimentScore)), "scored")
            .expr_as(Func::sum(Expr::col(posts::Column::SentimentScore)), "score_sum")
            .expr_as(Func::max(Expr::col(posts::Column::PostedAt)), "newest")
            .from(posts::Entity)
            .and_where(not_deleted())
            .to_owned();
        self.restrict(&mut query);
        self.restrict_platforms(&mut query);
        query.group_by_columns([Alias::new("leader_id"), Alias::new("day"), Alias::new("label")]);
        read_all(db, &query).await
    }

    async fn languages<C: ConnectionTrait>(&self, db: &C) -> Result<Vec<Tally>, Error> {
        let mut query = self.tallies(posts::Entity, posts::Column::Language);
        query.and_where(not_deleted());
        self.restrict_platforms(&mut query);
        most_frequent(db, &query).await
    }

    /// A deleted post has no hashtags, and hashtags do not know their platform.
    async fn topics<C: ConnectionTrait>(&self, db: &C) -> Result<Vec<Tally>, Error> {
        let mut query = self.tallies(post_hashtags::Entity, post_hashtags::Column::Tag);
        if !self.platforms.is_empty() {
            let mut there = Query::select().column(posts::Column::Id).from(posts::Entity).to_owned();
            self.restrict(&mut there);
            self.restrict_platforms(&mut there);
            query.and_where(Expr::col(post_hashtags::Column::PostId).in_subquery(there));
        }
        most_frequent(db, &query).await
    }

    /// The most frequent values of a column.
    fn tallies<T: EntityTrait, N: ColumnTrait>(&self, table: T, name: N) -> SelectStatement {
        let mut query = Query::select()
            .expr_as(Expr::col(name), "name")
            .expr_as(Func::count(Expr::col(Asterisk)), "posts")
            .from(table.table_ref())
            .to_owned();
        self.restrict(&mut query);
        query.group_by_col(name).order_by("posts", Order::Desc).order_by("name", Order::Asc).limit(TOP);
        query
    }

    /// Both tables name the leader and the time of a post alike.
    fn restrict(&self, query: &mut SelectStatement) {
        query
            .and_where(Expr::col(posts::Column::PostedAt).gte(self.since))
            .and_where(Expr::col(posts::Column::PostedAt).lt(self.until));
        if let Some(leaders) = self.leaders {
            query.and_where(Expr::col(posts::Column::LeaderId).is_in(leaders.iter().map(|leader| leader.0)));
        }
    }

    fn restrict_platforms(&self, query: &mut SelectStatement) {
        if !self.platforms.is_empty() {
            let names = self.platforms.iter().map(|platform| platform.as_str());
            query.and_where(Expr::col(posts::Column::Platform).is_in(names));
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
        counts.given = counts.labelled() - number::read(self.scored)?;
        Ok(counts)
    }
}

async fn most_frequent<C: ConnectionTrait>(db: &C, query: &SelectStatement) -> Result<Vec<Tally>, Error> {
    let rows: Vec<Named> = read_all(db, query).await?;
    rows.into_iter().map(|row| Ok(Tally { name: row.name, posts: number::read(row.posts)? })).collect()
}

async fn read_all<R: FromQueryResult, C: ConnectionTrait>(db: &C, query: &SelectStatement) -> Result<Vec<R>, Error> {
    let rows = db.query_all(query).await?;
    Ok(rows.iter().map(|row| R::from_query_result(row, "")).collect::<Result<_, _>>()?)
}
