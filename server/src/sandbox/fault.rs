//! What can be made to go wrong with one answer.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use super::limit_headers::LimitHeader;
use super::routes::Endpoint;
use super::twist::Twist;

/// One misbehaviour of the API, in place of or upon the true answer.
///
/// [`Sandbox::fail_next`](super::Sandbox::fail_next) plans one for the next requests; as part of a
/// [`Torture`](super::Torture) it happens by chance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status with this body, sent as JSON.
    Status(u16, String),
    /// An answer with headers of its own, such as a recorded one.
    Canned(Canned),
    /// 429 although the limits would allow the request.
    RateLimited {
        /// Sent as `Retry-After`, in whole seconds.
        retry_after: Option<Duration>,
        /// Sent as `x-rate-limit-reset`.
        reset: Option<Timestamp>,
    },
    /// 429 with exactly these headers about limits.
    Refused(Vec<LimitHeader>),
    /// The true answer with these headers about limits beside or instead of the true ones.
    Told(Vec<LimitHeader>),
    /// 200 with the first half of the true body.
    BrokenJson,
    /// 200 with a web page.
    Html,
    /// 200 with nothing.
    EmptyBody,
    /// A timeline page with half of the posts and a token, even when it could be the last page.
    ShortPageWithToken,
    /// A timeline page without posts but with a token that leads on.
    EmptyPageWithToken,
    /// A timeline page with half of the posts and without a token, as though they were all.
    WrongEnd,
    /// A timeline page without posts and without a token, as though there were none.
    WrongEmptyEnd,
    /// 400 as for a page token that is no longer good. Waits for a request that has one.
    TokenExpired,
    /// The true posts, but the middle one has no usable text and time. Waits for an answer that has posts.
    MalformedRecord,
    /// The true answer in other words.
    Twisted(Twist),
    /// The connection is closed before the first byte of the answer.
    Hangup,
    /// The connection is closed behind the head of the answer.
    HeadOnly,
    /// The connection is closed within the answer.
    Reset,
    /// The true answer after this time.
    Slow(Duration),
    /// The true answer in so many pieces, with a pause before each.
    Drip {
        /// How many pieces; at least one, and no more than there are bytes.
        pieces: usize,
        /// The pause before each of them.
        pause: Duration,
    },
}

/// An answer that is told beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canned {
    /// The HTTP status; one that there is not becomes 500.
    pub status: u16,
    /// Names and values; what no header can carry is left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// What decides whether a fault can happen to a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visit {
    pub(super) endpoint: Endpoint,
    /// The request goes on with a page token.
    pub(super) has_token: bool,
}

impl Fault {
    pub(super) fn fits(&self, visit: Visit) -> bool {
        let is_timeline = visit.endpoint == Endpoint::Timeline;
        match self {
            Self::ShortPageWithToken | Self::EmptyPageWithToken | Self::WrongEnd | Self::WrongEmptyEnd => is_timeline,
            Self::TokenExpired => is_timeline && visit.has_token,
            Self::MalformedRecord | Self::Twisted(Twist::WrongTime) => is_timeline || visit.endpoint == Endpoint::Posts,
            _ => true,
        }
    }
}

/// Faults to come, in order; one that does not fit a request waits without holding up the ones behind it.
#[derive(Default)]
pub(super) struct Faults(VecDeque<(usize, Fault)>);

impl Faults {
    /// Adds a fault for `times` requests.
    pub(super) fn plan(&mut self, times: usize, fault: Fault) {
        if times > 0 {
            self.0.push_back((times, fault));
        }
    }

    /// The fault of a request.
    pub(super) fn take(&mut self, visit: Visit) -> Option<Fault> {
        let index = self.0.iter().position(|(_, fault)| fault.fits(visit))?;
        let (times, fault) = &mut self.0[index];
        *times -= 1;
        let (is_used_up, fault) = (*times == 0, fault.clone());
        if is_used_up {
            self.0.remove(index);
        }
        Some(fault)
    }
}
