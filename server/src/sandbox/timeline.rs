//! A user's timeline in pages: newest first, bounded by ids, times and the reach of the API, resumed by opaque tokens.

use jiff::Timestamp;

use super::draft::Reference;
use super::query::{Invalid, Params};
use super::snowflake::number;
use super::token::{Mint, Place};
use super::world::{Account, Item};
use super::{Bounds, Fault, PostId, Torture};

/// The parameters of the endpoint beside those that choose fields.
pub(super) const PARAMETERS: [&str; 7] =
    ["since_id", "until_id", "max_results", "pagination_token", "exclude", "start_time", "end_time"];
/// Posts on a page when the request does not say.
const DEFAULT_SIZE: usize = 10;

/// What a request asks a timeline for.
pub(super) struct Ask {
    since: Option<PostId>,
    until: Option<PostId>,
    /// Where the token leads.
    place: Option<Place>,
    /// Milliseconds since 1970, inclusive.
    start_ms: Option<i64>,
    /// Milliseconds since 1970, exclusive.
    end_ms: Option<i64>,
    size: usize,
    without_replies: bool,
    without_retweets: bool,
}

/// What holds for every timeline.
pub(super) struct Rules<'a> {
    /// The newest posts that can be reached.
    pub(super) reach: usize,
    /// Posts on one page, whatever a request asks for.
    pub(super) cap: usize,
    pub(super) torture: &'a Torture,
    /// What a fault makes of the page.
    pub(super) shrink: Option<Shrink>,
}

/// A page that is smaller than it should be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shrink {
    is_empty: bool,
    /// Whether it says that there is more.
    leads_on: bool,
}

impl Shrink {
    /// What `fault` does to a page.
    pub(super) fn of(fault: &Fault) -> Option<Self> {
        match fault {
            Fault::ShortPageWithToken => Some(Self { is_empty: false, leads_on: true }),
            Fault::EmptyPageWithToken => Some(Self { is_empty: true, leads_on: true }),
            Fault::WrongEnd => Some(Self { is_empty: false, leads_on: false }),
            Fault::WrongEmptyEnd => Some(Self { is_empty: true, leads_on: false }),
            _ => None,
        }
    }
}

/// One page, and where the next one begins: before a post (exclusive), which is behind so many others.
pub(super) struct Page<'a> {
    pub(super) items: Vec<Item<'a>>,
    pub(super) next: Option<(PostId, usize)>,
}

impl Ask {
    /// Reads a request for the timeline whose tokens are from `mint`.
    pub(super) fn read(params: &Params, mint: &Mint) -> Result<Self, Invalid> {
        let place = match params.get("pagination_token") {
            None => None,
            Some(token) => {
                let place = mint.read(token);
                Some(place.ok_or_else(|| Invalid::value("pagination_token", token, "is not valid"))?)
            }
        };
        let exclude = params.choices("exclude", &["replies", "retweets"])?;
        Ok(Self {
            since: id(params, "since_id")?,
            until: id(params, "until_id")?,
            place,
            start_ms: time(params, "start_time")?,
            end_ms: time(params, "end_time")?,
            size: size(params)?,
            without_replies: exclude.contains(&"replies"),
            without_retweets: exclude.contains(&"retweets"),
        })
    }

    fn is_within(&self, item: &Item<'_>, bounds: Bounds) -> bool {
        let (id, ms) = (item.id, item.id.ms());
        let is_bound = bounds == Bounds::Inclusive && (self.since == Some(id) || self.until == Some(id));
        (is_bound || self.since.is_none_or(|since| id > since) && self.until.is_none_or(|until| id < until))
            && self.start_ms.is_none_or(|start| ms >= start)
            && self.end_ms.is_none_or(|end| ms < end)
    }

    /// `exclude=` works on the finished page, as X does it: pages become short or empty and still carry a token.
    fn is_kept(&self, item: &Item<'_>) -> bool {
        match item.post.draft.reference {
            Some((Reference::Retweeted, _)) => !self.without_retweets,
            Some((Reference::RepliedTo, _)) => !self.without_replies,
            Some((Reference::Quoted, _)) | None => true,
        }
    }
}

/// The page of `account` that `ask` describes.
pub(super) fn page<'a>(account: &'a Account, now_ms: i64, ask: &Ask, rules: &Rules<'_>) -> Page<'a> {
    let full = ask.size.min(rules.cap).max(1);
    let size = match rules.shrink {
        None => full,
        Some(Shrink { is_empty: true, .. }) => 0,
        Some(_) => full.div_ceil(2),
    };
    let bounds = rules.torture.bounds;
    let (before, behind) = match ask.place {
        None => (PostId::MAX, 0),
        Some(Place::Before(post)) => (post, 0),
        Some(Place::Behind(count)) => (PostId::MAX, count),
    };
    // Nothing is out of reach in a short timeline: then the newer posts need not be counted.
    let is_short = account.kept() <= rules.reach;
    let top = if is_short { before.min(ask.until.unwrap_or(before)) } else { PostId::MAX };
    let reachable = account.timeline_up_to(top, now_ms).take(rules.reach);
    let reachable = reachable.take_while(|item| ask.since.is_none_or(|since| item.id >= since));
    let mut rest = reachable.filter(|item| item.id < before && ask.is_within(item, bounds)).skip(behind);
    let mut items: Vec<Item<'a>> = rest.by_ref().take(size).collect();
    let position = items.last().map_or(before, |item| item.id);
    let leads_on = rules.shrink.map_or_else(|| rest.next().is_some(), |shrink| shrink.leads_on);
    let next = leads_on.then_some((position, behind + items.len()));
    items.retain(|item| ask.is_kept(item));
    Page { items, next }
}

fn id(params: &Params, name: &str) -> Result<Option<PostId>, Invalid> {
    let Some(text) = params.get(name) else { return Ok(None) };
    match number(text) {
        Some(id) => Ok(Some(PostId(id))),
        None => Err(Invalid::value(name, text, "does not match ^[0-9]{1,19}$")),
    }
}

fn time(params: &Params, name: &str) -> Result<Option<i64>, Invalid> {
    let Some(text) = params.get(name) else { return Ok(None) };
    match text.parse::<Timestamp>() {
        Ok(at) => Ok(Some(at.as_millisecond())),
        Err(_) => Err(Invalid::value(name, text, "is not a RFC 3339 date-time")),
    }
}

fn size(params: &Params) -> Result<usize, Invalid> {
    let Some(text) = params.get("max_results") else { return Ok(DEFAULT_SIZE) };
    match text.parse() {
        Ok(size @ 5..=100) => Ok(size),
        _ => Err(Invalid::value("max_results", text, "is not between 5 and 100")),
    }
}
