//! Rate limits: a fixed window per endpoint that begins with its first request.

use std::collections::HashMap;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};

use super::routes::Endpoint;

/// How many requests an endpoint answers in how much time.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Requests in one window.
    pub requests: u32,
    /// Length of the window; whole seconds.
    pub window: Duration,
}

/// The allowance of each endpoint.
#[derive(Clone, Copy, Debug)]
pub struct RateLimits {
    /// For `GET /2/users/by`, and as much again for `GET /2/users`.
    pub users_by: Allowance,
    /// For `GET /2/users/{id}/tweets`.
    pub timeline: Allowance,
    /// For `GET /2/tweets`.
    pub posts: Allowance,
}

impl Default for RateLimits {
    /// What X's app-only answers said: 300, 1,500 and 300 in 15 minutes.
    fn default() -> Self {
        let per_quarter = |requests| Allowance { requests, window: Duration::from_mins(15) };
        Self { users_by: per_quarter(300), timeline: per_quarter(1_500), posts: per_quarter(300) }
    }
}

/// The windows in use.
#[derive(Default)]
pub(super) struct Windows {
    open: HashMap<Endpoint, Window>,
    refused: u64,
}

struct Window {
    used: u32,
    /// Second since 1970 in which the window ends.
    reset: i64,
}

/// What the headers of one answer say.
pub(super) struct Grant {
    pub(super) is_allowed: bool,
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// Seconds since 1970.
    pub(super) reset: i64,
}

impl Windows {
    /// Counts a request at `now_ms`.
    pub(super) fn take(&mut self, endpoint: Endpoint, limits: &RateLimits, now_ms: i64) -> Grant {
        let allowance = match endpoint {
            Endpoint::UsersBy | Endpoint::Users => limits.users_by,
            Endpoint::Timeline => limits.timeline,
            Endpoint::Posts => limits.posts,
        };
        let now = now_ms.div_euclid(1000);
        let window = self.open.entry(endpoint).or_insert(Window { used: 0, reset: i64::MIN });
        if now >= window.reset {
            *window = Window { used: 0, reset: now.saturating_add_unsigned(allowance.window.as_secs()) };
        }
        let is_allowed = window.used < allowance.requests;
        window.used += u32::from(is_allowed);
        self.refused += u64::from(!is_allowed);
        Grant {
            is_allowed,
            limit: allowance.requests,
            remaining: allowance.requests - window.used,
            reset: window.reset,
        }
    }
    /// How often more was asked than was allowed.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }
}

impl Grant {
    /// Tells of the window in `headers`.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        headers.insert("x-rate-limit-limit", HeaderValue::from(self.limit));
        headers.insert("x-rate-limit-remaining", HeaderValue::from(self.remaining));
        headers.insert("x-rate-limit-reset", HeaderValue::from(self.reset));
    }
}
