//! A timeline that does everything to a reader that X may do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::task::yield_now;

use super::chance::{Chance, Hands};
use crate::domain::{Author, ExternalId, FetchedPost, PostMetrics};
use crate::ingestion::walk::timeline::Timeline;
use crate::x_api::{Error, Fault, TimelinePage, TimelineRequest};

/// Posts on a page, whatever the request asks for.
pub(super) const PAGE: usize = 5;
/// The longest that a post takes to become visible; shorter than the overlap.
const LATEST: u64 = 50 * 60_000;
/// How long a token lives where tokens expire.
const TOKEN_LIFE_MS: i64 = 60_000;

/// What a timeline does to its readers.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one misbehaviour, and every mix of them occurs")]
pub(super) struct Torture {
    /// A quarter of the posts become visible late.
    pub(super) late: bool,
    /// Posts are deleted between calls.
    pub(super) deletes: bool,
    /// Tokens are refused after a minute.
    pub(super) expires: bool,
    /// Tokens count posts, so they shift when posts come and go.
    pub(super) shifts: bool,
    /// Pages are short or empty and still carry a token.
    pub(super) short: bool,
    /// Bounds are taken as inclusive.
    pub(super) inclusive: bool,
    /// Calls fail.
    pub(super) fails: bool,
    /// In so many of 100 answers the page is cut and says that it is the last.
    pub(super) wrong_ends: u64,
}

pub(super) struct World {
    pub(super) torture: Torture,
    chance: Chance,
    clock: Arc<Hands>,
    /// When each post becomes visible.
    posts: BTreeMap<i64, i64>,
    count: i64,
    pub(super) quiet: bool,
}

#[derive(Clone)]
pub(super) struct Hostile(Arc<Mutex<World>>);

impl Hostile {
    pub(super) fn new(seed: u64, torture: Torture, clock: Arc<Hands>) -> Self {
        let chance = Chance::new(seed);
        Self(Arc::new(Mutex::new(World { torture, chance, clock, posts: BTreeMap::new(), count: 0, quiet: false })))
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }
}

impl World {
    pub(super) fn post(&mut self) {
        self.count += 1;
        let now = self.clock.ms();
        let is_late = self.torture.late && self.chance.percent(25);
        let lag = if is_late { self.chance.below(LATEST) } else { 0 };
        let id = ((now - 1_288_834_974_657) << 22) | (self.count & 0x003f_ffff);
        self.posts.insert(id, now + i64::try_from(lag).unwrap());
    }

    /// Every post that can be seen now.
    pub(super) fn visible(&self) -> impl DoubleEndedIterator<Item = i64> {
        self.between(0, i64::MAX)
    }

    fn between(&self, lo: i64, hi: i64) -> impl DoubleEndedIterator<Item = i64> {
        let now = self.clock.ms();
        self.posts.range(lo + 1..hi).filter(move |(_, visible_at)| **visible_at <= now).map(|(id, _)| *id)
    }

    /// What happens between two calls.
    fn pass(&mut self) {
        if self.quiet {
            return;
        }
        self.clock.turn(Duration::from_secs(self.chance.below(40)));
        for _ in 0..self.chance.pick(&[0, 0, 1, 2]) {
            self.clock.turn(Duration::from_secs(1));
            self.post();
        }
        if self.torture.deletes && !self.posts.is_empty() && self.chance.percent(10) {
            let place = usize::try_from(self.chance.below(self.posts.len() as u64)).unwrap();
            let id = *self.posts.keys().nth(place).unwrap();
            self.posts.remove(&id);
        }
    }

    fn answer(&mut self, request: &TimelineRequest) -> Result<TimelinePage, Error> {
        self.pass();
        if self.torture.fails && !self.quiet && self.chance.percent(2) {
            return Err(Error::Unavailable { attempts: 6, last: Fault::Timeout });
        }
        let edge = i64::from(self.torture.inclusive);
        let lo = request.since.map_or(0, |id| id.0 - edge);
        let hi = request.until.map_or(i64::MAX, |id| id.0.saturating_add(edge));
        let inside: Vec<i64> = self.between(lo, hi).rev().collect();
        let skip = match &request.token {
            None => 0,
            Some(token) => self.place(token, &inside)?,
        };
        let rest = &inside[skip.min(inside.len())..];
        let size = PAGE.min(request.max_results.clamp(5, 100) as usize);
        let mut shown = &rest[..size.min(rest.len())];
        let mut is_last = shown.len() == rest.len();
        if self.torture.short && !is_last && self.chance.percent(15) {
            shown = &shown[..usize::try_from(self.chance.below(shown.len() as u64 + 1)).unwrap()];
        }
        if !self.quiet && self.chance.percent(self.torture.wrong_ends) {
            shown = &shown[..usize::try_from(self.chance.below(shown.len() as u64 + 1)).unwrap()];
            is_last = true;
        }
        let token = (!is_last).then(|| self.token(skip + shown.len(), shown, rest));
        Ok(page(shown, token))
    }

    fn token(&self, place: usize, shown: &[i64], rest: &[i64]) -> String {
        let kind = if self.torture.shifts { "offset" } else { "below" };
        let below = shown.last().map_or_else(|| rest[0] + 1, |id| *id);
        let value = if self.torture.shifts { i64::try_from(place).unwrap() } else { below };
        format!("{kind}:{value}:{}", self.clock.ms())
    }

    fn place(&self, token: &str, inside: &[i64]) -> Result<usize, Error> {
        let [kind, value, born] = token.split(':').collect::<Vec<_>>()[..] else { panic!("{token}") };
        let (value, born): (i64, i64) = (value.parse().unwrap(), born.parse().unwrap());
        if self.torture.expires && self.clock.ms() - born > TOKEN_LIFE_MS {
            return Err(Error::BadRequest { detail: "the pagination token is not valid".to_owned() });
        }
        if kind == "offset" {
            return Ok(usize::try_from(value).unwrap());
        }
        Ok(inside.iter().position(|id| *id < value).unwrap_or(inside.len()))
    }
}

#[async_trait]
impl Timeline for Hostile {
    async fn page(&self, request: TimelineRequest) -> Result<TimelinePage, Error> {
        yield_now().await;
        let answer = self.world().answer(&request);
        yield_now().await;
        answer
    }
}

/// A page of posts with these numbers, newest first.
pub(super) fn page(ids: &[i64], next_token: Option<String>) -> TimelinePage {
    TimelinePage {
        posts: ids.iter().map(|id| post(*id)).collect(),
        next_token,
        newest: ids.iter().max().map(|id| ExternalId(*id)),
        oldest: ids.iter().min().map(|id| ExternalId(*id)),
        fetched: ids.len() as u64,
        ..TimelinePage::default()
    }
}

fn post(id: i64) -> FetchedPost {
    FetchedPost {
        id: ExternalId(id),
        edit_root: ExternalId(id),
        author: Author { handle: "ada".to_owned(), ..Author::default() },
        text: String::new(),
        posted_at: Timestamp::from_millisecond((id >> 22) + 1_288_834_974_657).unwrap(),
        language: None,
        hashtags: Vec::new(),
        media: Vec::new(),
        metrics: PostMetrics::default(),
        truncated: false,
        withheld_in: Vec::new(),
    }
}
