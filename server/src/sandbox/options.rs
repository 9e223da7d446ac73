//! How a sandbox is set up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

use super::limits::RateLimits;
use super::log::Exchange;

/// Somebody who listens to every request and its answer.
pub type Tap = Arc<dyn Fn(&Exchange) + Send + Sync>;

/// The settings of a sandbox; start from [`Options::new`].
#[derive(Clone)]
pub struct Options {
    /// The bearer token that callers must send.
    pub bearer: SecretString,
    /// What time it is.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Decides the synthetic posts: equal seeds write equal posts.
    pub seed: u64,
    /// A leader posts once in this time from the start on; never when unset.
    pub posting: Option<Duration>,
    /// Posts of each leader in the 14 days before the start; at most 4,000.
    pub history: usize,
    /// Posts kept per user; the oldest go first. More than `reach`, so that the difference can be seen.
    pub keep: usize,
    /// Posts on one page, whatever a request asks for.
    pub page_cap: usize,
    /// The newest posts of a user that a timeline can reach.
    pub reach: usize,
    /// Requests that are answered.
    pub limits: RateLimits,
    /// Hears every request and its answer, before the answer is sent.
    pub tap: Option<Tap>,
}

impl Options {
    /// What the demo uses: 120 old posts a leader, a new one each 45 seconds, and X's own limits.
    #[must_use]
    pub fn new(bearer: SecretString, now: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        Self {
            bearer,
            now,
            seed: 2_166,
            posting: Some(Duration::from_secs(45)),
            history: 120,
            keep: 4_000,
            page_cap: 100,
            reach: 3_200,
            limits: RateLimits::default(),
            tap: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("seed", &self.seed)
            .field("posting", &self.posting)
            .field("history", &self.history)
            .field("keep", &self.keep)
            .field("page_cap", &self.page_cap)
            .field("reach", &self.reach)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
