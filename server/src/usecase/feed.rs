//! The posts: page by page, one by one, as they come, and counted by day; and the tone of any text.

mod query;
mod tail;
mod watch;

pub use query::FeedQuery;
pub use watch::Told;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use self::tail::Tail;
use super::dashboards::{checked_days, utc_days};
use super::error::Missing;
use super::holder::Holder;
use super::{Error, page_token};
use crate::domain::{
    Clock, DayPoint, FeedCursor, FeedFilter, FeedPage, LeaderId, Post, PostId, SentimentCounts, Violation, day_of,
};
use crate::resilience::Seats;
use crate::sentiment::{Analysis, Analyzer};
use crate::store::{self, Counting};

/// What the feed is made of.
pub struct FeedParts {
    /// Reads posts.
    pub posts: Arc<dyn store::Posts>,
    /// Knows in which order they came.
    pub arrivals: Arc<dyn store::Arrivals>,
    /// Counts them.
    pub counts: Arc<dyn store::Dashboards>,
    /// Knows the leaders.
    pub leaders: Arc<dyn store::Leaders>,
    /// Tells the tone of a text.
    pub analyzer: Arc<Analyzer>,
    /// Tells which day it is.
    pub clock: Arc<dyn Clock>,
    /// Ends with the process: those who follow the posts go elsewhere.
    pub closing: CancellationToken,
}

/// The posts.
pub struct Feed {
    parts: FeedParts,
    tail: Arc<Tail>,
    watchers: Seats<Holder>,
}

/// How the tone of posts goes from day to day.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// Whose posts; None is those of all that were asked for.
    pub leader: Option<LeaderId>,
    /// Every UTC day, oldest first.
    pub days: Vec<DayPoint>,
}

impl Feed {
    /// The most leaders of which each gets a trend by itself.
    pub const MAX_TRENDS: usize = 25;
    /// The most texts of one call.
    pub const MAX_TEXTS: usize = 100;
    /// The longest text to analyse, in bytes.
    pub const MAX_TEXT_BYTES: usize = 10_000;
    /// The most callers that follow the posts at once, in one process.
    pub const MAX_WATCHERS: usize = 1_000;
    /// The most of these that one client has, or one network without a credential.
    pub const MAX_WATCHERS_OF_ONE: usize = 200;

    /// Works with `parts`.
    #[must_use]
    pub fn new(parts: FeedParts) -> Self {
        let tail = Arc::new(Tail::new(Arc::clone(&parts.arrivals)));
        Self { parts, tail, watchers: Seats::new(Self::MAX_WATCHERS, Self::MAX_WATCHERS_OF_ONE) }
    }

    /// A page after `token`. Anyone may ask.
    ///
    /// # Errors
    /// [`Error::PageToken`], [`Error::Invalid`], or when the store fails.
    pub async fn page(&self, query: &FeedQuery, size: u32, token: &str) -> Result<FeedPage, Error> {
        let after = page_token::decode(token)?.map(|(posted_at, id)| FeedCursor { posted_at, id: PostId(id) });
        let Some(filter) = query.filter()? else { return Ok(nothing()) };
        let size = size.clamp(1, FeedFilter::MAX_PAGE_SIZE);
        Ok(self.parts.posts.page(&filter, after, size).await?)
    }

    /// The page with this number, counted from 1, as the old route asks. Anyone may ask.
    ///
    /// # Errors
    /// [`Error::Invalid`], also for another page than the first while posts are not counted, or when the store fails.
    pub async fn numbered_page(&self, query: &FeedQuery, number: u64, size: u32) -> Result<FeedPage, Error> {
        let Some(filter) = query.filter()? else { return Ok(nothing()) };
        let size = size.clamp(1, FeedFilter::MAX_PAGE_SIZE);
        if filter.is_counted() {
            return Ok(self.parts.posts.page_by_number(&filter, number.max(1), size).await?);
        }
        if number > 1 {
            let rule = "with languages, sentiments, since, until or text only the first page has a number; \
                        go on with cursor, which next_cursor tells";
            return Err(Error::field("page", rule));
        }
        Ok(self.parts.posts.page(&filter, None, size).await?)
    }

    /// The token of the page after `page`; empty at the end.
    #[must_use]
    pub fn next_token(page: &FeedPage) -> String {
        page.next.map(|next| page_token::encode(next.posted_at, next.id.0)).unwrap_or_default()
    }

    /// One post. Anyone may ask.
    ///
    /// # Errors
    /// [`Error::NotFound`], or when the store fails.
    pub async fn post(&self, id: &str) -> Result<Post, Error> {
        // An id that is no UUID names no post.
        let id = id.parse().map(PostId).map_err(|_| Error::NotFound(Missing::Post))?;
        self.parts.posts.post(id).await?.ok_or(Error::NotFound(Missing::Post))
    }

    /// How the tone of posts went over the last `days` UTC days, today included: of all posts together, or of each named
    /// leader. Of the query, leaders and platforms count. Anyone may ask.
    ///
    /// # Errors
    /// [`Error::Invalid`], or when the store fails.
    pub async fn trends(&self, query: &FeedQuery, days: u32, per_leader: bool) -> Result<Vec<Trend>, Error> {
        if per_leader && !(1..=Self::MAX_TRENDS).contains(&query.leaders.len()) {
            let rule = format!("name 1 to {} leaders to get a trend of each", Self::MAX_TRENDS);
            return Err(Error::field("leaders", rule));
        }
        let (since, until) = utc_days(self.parts.clock.now(), checked_days(days)?);
        let empty = empty_days(since, until);
        let Some(filter) = query.filter()? else {
            let all = Trend { leader: None, days: empty };
            return Ok(if per_leader { Vec::new() } else { vec![all] });
        };
        let leaders = (!filter.leaders.is_empty()).then_some(filter.leaders);
        let known = match &leaders {
            Some(leaders) if per_leader => self.parts.leaders.get_many(leaders).await?,
            _ => Vec::new(),
        };
        let counting = Counting { leaders, platforms: &filter.platforms, since, until };
        let counted = self.parts.counts.leader_days(&counting).await?;

        let mut trends: BTreeMap<Option<LeaderId>, Vec<DayPoint>> =
            known.iter().map(|leader| (Some(leader.id), empty.clone())).collect();
        if !per_leader {
            trends.insert(None, empty);
        }
        let first = day_of(since);
        for row in counted {
            let days = trends.get_mut(&per_leader.then_some(row.leader));
            let day = usize::try_from(row.day - first).ok().and_then(|at| days?.get_mut(at));
            if let Some(day) = day {
                day.counts.merge(row.counts);
            }
        }
        if !per_leader {
            return Ok(trends.into_iter().map(|(leader, days)| Trend { leader, days }).collect());
        }
        let asked = query.leaders.iter().filter_map(|text| text.parse().ok()).map(Some);
        Ok(asked.filter_map(|leader| trends.remove(&leader).map(|days| Trend { leader, days })).collect())
    }

    /// The tone and the language of each text; one that does not tell its language is taken to be in that which is
    /// `supposed`. Anyone may ask.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub async fn analyze(&self, texts: &[String], supposed: Option<&str>) -> Result<Vec<Analysis>, Error> {
        if texts.len() > Self::MAX_TEXTS {
            let rule = format!("at most {} texts can be sent at once", Self::MAX_TEXTS);
            return Err(Error::field("texts", rule));
        }
        let too_long = texts.iter().enumerate().filter(|(_, text)| text.len() > Self::MAX_TEXT_BYTES);
        let rule = || format!("a text has at most {} bytes", Self::MAX_TEXT_BYTES);
        let violations: Vec<_> = too_long.map(|(at, _)| Violation::new(format!("texts[{at}]"), rule())).collect();
        if !violations.is_empty() {
            return Err(Error::Invalid(violations));
        }
        let mut analyses = Vec::with_capacity(texts.len());
        for text in texts {
            analyses.push(self.parts.analyzer.analyze_supposing(text, supposed));
            // Many long texts take a while, during which others are served.
            tokio::task::yield_now().await;
        }
        Ok(analyses)
    }
}

/// The page of those who ask for what nobody has.
fn nothing() -> FeedPage {
    FeedPage { total: Some(0), ..FeedPage::default() }
}

/// Every UTC day from `since` up to `until`, without posts.
fn empty_days(since: Timestamp, until: Timestamp) -> Vec<DayPoint> {
    let day = |day: i64| {
        let since_first = SignedDuration::from_hours(24 * (day - day_of(since)));
        let begin = since.checked_add(since_first).unwrap_or(since);
        DayPoint { day: begin.to_zoned(TimeZone::UTC).date(), counts: SentimentCounts::default() }
    };
    (day_of(since)..day_of(until)).map(day).collect()
}
