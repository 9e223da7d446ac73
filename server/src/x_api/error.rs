//! Why a call to X gave nothing.

use std::time::Duration;

use jiff::Timestamp;

use super::node::Malformed;
use super::{Endpoint, Unreachable};

/// Why a call to X gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The endpoint's limit is used up (429). The client makes no further call there until then.
    #[error("X limits the rate of {endpoint} until {until}")]
    RateLimited {
        /// When the next call may be made.
        until: Timestamp,
        /// Which endpoint.
        endpoint: Endpoint,
    },
    /// The project's usage cap is reached (429 with the problem `usage-capped`).
    #[error("the usage cap at X is reached: {detail}")]
    UsageCapped {
        /// What X says.
        detail: String,
    },
    /// The account at X has no credits left (402).
    #[error("X asks for payment: {detail}")]
    PaymentRequired {
        /// What X says.
        detail: String,
    },
    /// X does not accept the bearer token (401).
    #[error("X does not accept the bearer token")]
    Unauthorized,
    /// X refuses the call (403).
    #[error("X forbids the call: {detail}")]
    Forbidden {
        /// What X says.
        detail: String,
        /// The application as a whole is refused, not this one resource: the answer lists no `errors`.
        everywhere: bool,
    },
    /// X does not understand the call (another 4xx): a defect of Amber.
    #[error("X does not accept the request: {detail}")]
    BadRequest {
        /// What X says.
        detail: String,
    },
    /// X knows no such resource (404).
    #[error("X does not know what was asked for")]
    NotFound,
    /// The posts of the month are spent; no call was made.
    #[error("the posts that may be read this month are spent; the next month begins {until}")]
    BudgetSpent {
        /// When the next month begins, in UTC.
        until: Timestamp,
    },
    /// The budget of calls that replicas share cannot be reached; no call is made without it.
    #[error("the shared budget of calls to X cannot be reached: {reason}")]
    Ungoverned {
        /// Why.
        reason: String,
    },
    /// X failed, and kept failing when asked again.
    #[error("X is unavailable after {attempts} attempts: {last}")]
    Unavailable {
        /// How often the call was made.
        attempts: u32,
        /// How the last attempt failed.
        last: Fault,
    },
    /// X failed too often lately; no call was made.
    #[error("X failed too often; the next call is possible in {retry_after:?}")]
    BreakerOpen {
        /// How long no call is made; zero while one call tries whether X is back.
        retry_after: Duration,
    },
    /// The client cannot be built from its settings.
    #[error("the X API client cannot be set up: {reason}")]
    Setup {
        /// What is wrong.
        reason: String,
    },
}

impl Error {
    /// Whether no other call can succeed either before somebody acts: a cap, a bill, or a credential.
    #[must_use]
    pub fn is_fatal_for_all(&self) -> bool {
        match self {
            Self::UsageCapped { .. }
            | Self::PaymentRequired { .. }
            | Self::Unauthorized
            | Self::BudgetSpent { .. }
            | Self::Setup { .. } => true,
            Self::Forbidden { everywhere, .. } => *everywhere,
            Self::RateLimited { .. }
            | Self::BadRequest { .. }
            | Self::NotFound
            | Self::Ungoverned { .. }
            | Self::Unavailable { .. }
            | Self::BreakerOpen { .. } => false,
        }
    }

    /// When a reason that [`Error::is_fatal_for_all`] is over by itself; None when somebody has to act.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Self::BudgetSpent { until } => Some(*until),
            _ => None,
        }
    }

    /// A short name for programs: status and metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::UsageCapped { .. } => "usage_cap",
            Self::PaymentRequired { .. } => "payment_required",
            Self::Unauthorized => "credential_rejected",
            Self::Forbidden { everywhere: true, .. } => "forbidden",
            Self::BudgetSpent { .. } => "monthly_budget",
            Self::Setup { .. } => "setup",
            Self::Forbidden { everywhere: false, .. } => "resource_forbidden",
            Self::RateLimited { .. } => "rate_limited",
            Self::BadRequest { .. } => "bad_request",
            Self::NotFound => "not_found",
            Self::Ungoverned { .. } => "ungoverned",
            Self::Unavailable { .. } => "unavailable",
            Self::BreakerOpen { .. } => "breaker_open",
        }
    }
}

impl From<Unreachable> for Error {
    fn from(reason: Unreachable) -> Self {
        Self::Ungoverned { reason: reason.0 }
    }
}

/// A failure of X or of the way to it, which may be over at the next attempt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// X answered with a status that tells of its own trouble (5xx and the like).
    #[error("status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// The wait that X asked for.
        retry_after: Option<Duration>,
    },
    /// The answer did not come in time.
    #[error("no answer in time")]
    Timeout,
    /// No connection could be made.
    #[error("no connection")]
    Connect,
    /// The connection broke before the end of the answer.
    #[error("the answer broke off")]
    Interrupted,
    /// The body is not what the contract says: empty, HTML, or JSON of another shape.
    #[error("the body is unusable: {reason}")]
    Body {
        /// What is wrong with it.
        reason: String,
    },
    /// The body is larger than the limit.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes, after decompression.
        limit: usize,
    },
}

impl Fault {
    /// Its kind as one word, for traces.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Interrupted => "interrupted",
            Self::Body { .. } => "body",
            Self::TooLarge { .. } => "too_large",
        }
    }

    /// The wait that X asked for before the next attempt.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Timeout | Self::Connect | Self::Interrupted | Self::Body { .. } | Self::TooLarge { .. } => None,
        }
    }
}

impl From<Malformed> for Fault {
    fn from(fault: Malformed) -> Self {
        Self::Body { reason: format!("{} {}", fault.path, fault.reason) }
    }
}
