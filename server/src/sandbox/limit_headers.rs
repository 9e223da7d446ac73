//! The headers by which X tells of its limits, for faults that tell something else than the truth.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// One statement about a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitHeader {
    /// `Retry-After` in whole seconds.
    RetryAfter(Duration),
    /// `Retry-After` as a date (RFC 9110, 10.2.3).
    RetryAt(Timestamp),
    /// The three headers of a window.
    Window {
        /// Which one.
        window: LimitWindow,
        /// Requests that the window allows.
        limit: u32,
        /// Requests that are left.
        remaining: u32,
        /// When it begins anew; may lie in the past.
        reset: Timestamp,
    },
}

/// A window of time in which requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitWindow {
    /// The short one that every endpoint has: `x-rate-limit-*`.
    Short,
    /// 24 hours of the application: `x-app-limit-24hour-*`.
    AppDay,
    /// 24 hours of the user: `x-user-limit-24hour-*`.
    UserDay,
}

impl LimitHeader {
    /// Sets all that is told upon `headers`.
    pub(super) fn write_all(told: &[Self], headers: &mut HeaderMap) {
        for header in told {
            header.write(headers);
        }
    }

    fn write(self, headers: &mut HeaderMap) {
        match self {
            Self::RetryAfter(wait) => drop(headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs()))),
            Self::RetryAt(at) => {
                let date = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at);
                let date = date.ok().and_then(|date| HeaderValue::try_from(date).ok());
                headers.extend(date.map(|date| (header::RETRY_AFTER, date)));
            }
            Self::Window { window, limit, remaining, reset } => {
                let parts = [("limit", limit.into()), ("remaining", remaining.into()), ("reset", reset.as_second())];
                for (part, value) in parts {
                    headers.insert(window.header(part), HeaderValue::from(value));
                }
            }
        }
    }
}

impl LimitWindow {
    fn header(self, part: &str) -> HeaderName {
        let prefix = match self {
            Self::Short => "x-rate-limit",
            Self::AppDay => "x-app-limit-24hour",
            Self::UserDay => "x-user-limit-24hour",
        };
        HeaderName::try_from(format!("{prefix}-{part}")).expect("lower-case letters, digits and hyphens")
    }
}
