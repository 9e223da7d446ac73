//! A user's timeline in pages: newest first, bounded by ids, times and the reach of the API, resumed by opaque tokens.

use jiff::Timestamp;

use super::draft::Reference;
use super::query::{Invalid, Params};
use super::snowflake::number;
use super::world::{Account, Item};
use super::{PostId, UserId};

/// The parameters of the endpoint beside those that choose fields.
pub(super) const PARAMETERS: [&str; 7] =
    ["since_id", "until_id", "max_results", "pagination_token", "exclude", "start_time", "end_time"];
/// Posts on a page when the request does not say.
const DEFAULT_SIZE: usize = 10;

/// What a request asks a timeline for.
pub(super) struct Ask {
    /// Exclusive.
    since: Option<PostId>,
    /// Exclusive; the lower one of `until_id` and the token's position.
    until: Option<PostId>,
    /// Milliseconds since 1970, inclusive.
    start_ms: Option<i64>,
    /// Milliseconds since 1970, exclusive.
    end_ms: Option<i64>,
    size: usize,
    without_replies: bool,
    without_retweets: bool,
}

/// How a fault makes a page smaller than it should be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shrink {
    ToHalf,
    ToNothing,
}

/// One page, and where the next one begins (exclusive).
pub(super) struct Page<'a> {
    pub(super) items: Vec<Item<'a>>,
    pub(super) next: Option<PostId>,
}

impl Ask {
    /// Reads a request for the timeline of `user`.
    pub(super) fn read(params: &Params, user: UserId) -> Result<Self, Invalid> {
        let token = match params.get("pagination_token") {
            None => None,
            Some(token) => {
                let position = position(user, token);
                Some(position.ok_or_else(|| Invalid::value("pagination_token", token, "is not valid"))?)
            }
        };
        let until = id(params, "until_id")?;
        let exclude = params.choices("exclude", &["replies", "retweets"])?;
        Ok(Self {
            since: id(params, "since_id")?,
            until: until.into_iter().chain(token).min(),
            start_ms: time(params, "start_time")?,
            end_ms: time(params, "end_time")?,
            size: size(params)?,
            without_replies: exclude.contains(&"replies"),
            without_retweets: exclude.contains(&"retweets"),
        })
    }

    fn is_within(&self, item: &Item<'_>) -> bool {
        let (id, ms) = (item.id, item.id.ms());
        self.since.is_none_or(|since| id > since)
            && self.until.is_none_or(|until| id < until)
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

/// The page of `account` that `ask` describes, from the `reach` newest posts and at most `cap` of them.
pub(super) fn page<'a>(
    account: &'a Account,
    now_ms: i64,
    ask: &Ask,
    reach: usize,
    cap: usize,
    shrink: Option<Shrink>,
) -> Page<'a> {
    let full = ask.size.min(cap).max(1);
    let size = match shrink {
        None => full,
        Some(Shrink::ToHalf) => full.div_ceil(2),
        Some(Shrink::ToNothing) => 0,
    };
    let mut rest = account.timeline(now_ms).take(reach).filter(|item| ask.is_within(item));
    let mut items: Vec<Item<'a>> = rest.by_ref().take(size).collect();
    let here = items.last().map(|item| item.id).or(ask.until).unwrap_or(PostId(i64::MAX));
    let next = (shrink.is_some() || rest.next().is_some()).then_some(here);
    items.retain(|item| ask.is_kept(item));
    Page { items, next }
}

/// The token for the posts of `user` before `position`: base 36, as X's are, and useless for anybody else's posts.
pub(super) fn token(user: UserId, position: PostId) -> String {
    let mut rest = u128::from(position.0.unsigned_abs()) << 32 | u128::from(seal(user, position));
    let mut digits = Vec::new();
    while rest > 0 {
        let digit = u32::try_from(rest % 36).expect("a remainder of 36");
        digits.push(char::from_digit(digit, 36).expect("a digit below 36"));
        rest /= 36;
    }
    digits.into_iter().collect()
}

fn position(user: UserId, token: &str) -> Option<PostId> {
    let reversed: String = token.chars().rev().collect();
    let sealed = u128::from_str_radix(&reversed, 36).ok()?;
    let position = PostId(i64::try_from(sealed >> 32).ok()?);
    (sealed & 0xffff_ffff == u128::from(seal(user, position))).then_some(position)
}

fn seal(user: UserId, position: PostId) -> u32 {
    let mut dice = super::dice::Dice::new(&[user.0.unsigned_abs(), position.0.unsigned_abs()]);
    u32::try_from(dice.next() >> 32).expect("32 bits")
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
