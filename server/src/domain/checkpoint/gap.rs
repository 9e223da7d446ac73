//! Stretches of a timeline that are not read: those that will be, and those that X no longer gives.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A stretch of the timeline that is not read yet: `lo < id < cursor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The lower end; this post itself is not missing.
    pub lo: i64,
    /// The newest post of the page that opened the gap.
    pub hi: i64,
    /// The oldest post stored so far; the walk goes on below it.
    pub cursor: i64,
    /// Since when answers about this gap lead nowhere; None after one that moved the cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck_since: Option<Timestamp>,
}

/// A stretch that was given up: X does not give what it holds, so it may lack posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreachable {
    /// The lower end, which is not part of it.
    pub lo: i64,
    /// The upper end, which is not part of it.
    pub hi: i64,
    /// When it was given up.
    pub since: Timestamp,
    /// Why.
    pub reason: GivenUp,
}

/// Why a stretch was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GivenUp {
    /// It lies below the newest posts that X gives of one account.
    Limit,
    /// For a day every answer about it led nowhere.
    Stuck,
}

impl GivenUp {
    /// The name in the store and in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Stuck => "stuck",
        }
    }
}

impl Gap {
    /// The gap between `lo` and `cursor` below a page whose newest post is `hi`.
    #[must_use]
    pub fn new(lo: i64, hi: i64, cursor: i64) -> Self {
        Self { lo, hi, cursor, stuck_since: None }
    }

    /// One gap that covers both; what lies between them is read again.
    pub(super) fn merged(self, other: Self) -> Self {
        Self::new(self.lo.min(other.lo), self.hi.max(other.hi), self.cursor.max(other.cursor))
    }

    /// Whether the gap `(since, oldest)` covers this one. A gap that is stuck stays on its own, or it would never be
    /// given up.
    pub(super) fn is_absorbed_by(&self, since: i64, oldest: i64) -> bool {
        self.stuck_since.is_none() && since <= self.lo && self.cursor <= oldest
    }
}

impl Unreachable {
    /// One stretch that covers both.
    pub(super) fn merged(self, other: Self) -> Self {
        Self { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi), ..self }
    }
}
