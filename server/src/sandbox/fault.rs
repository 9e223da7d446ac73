//! What can be made to go wrong on purpose.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

/// One misbehaviour of the API, in place of or upon the true answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status with this body, sent as JSON.
    Status(u16, String),
    /// 429 although the limits would allow the request.
    RateLimited {
        /// Sent as `Retry-After`, in whole seconds.
        retry_after: Option<Duration>,
        /// Sent as `x-rate-limit-reset`.
        reset: Option<Timestamp>,
    },
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
    /// The true posts, but the middle one has no usable text and time. Waits for an answer that has posts.
    MalformedRecord,
    /// The connection is closed within the answer.
    Reset,
    /// The true answer after this time.
    Slow(Duration),
}

impl Fault {
    fn waits_for_timeline(&self) -> bool {
        matches!(self, Self::ShortPageWithToken | Self::EmptyPageWithToken)
    }

    fn waits_for_posts(&self) -> bool {
        self.waits_for_timeline() || *self == Self::MalformedRecord
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

    /// The fault of the next request to a timeline or another endpoint that answers posts or users.
    pub(super) fn take(&mut self, is_timeline: bool, has_posts: bool) -> Option<Fault> {
        let fits =
            |fault: &Fault| (is_timeline || !fault.waits_for_timeline()) && (has_posts || !fault.waits_for_posts());
        let index = self.0.iter().position(|(_, fault)| fits(fault))?;
        let (times, fault) = &mut self.0[index];
        *times -= 1;
        let (is_used_up, fault) = (*times == 0, fault.clone());
        if is_used_up {
            self.0.remove(index);
        }
        Some(fault)
    }
}
