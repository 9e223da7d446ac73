//! What reached the sandbox, and what it answered.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use jiff::Timestamp;

/// Requests that are kept; the oldest go first.
const LENGTH: usize = 10_000;

/// A request that reached an endpoint, whatever the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Path, such as `/2/users/by`.
    pub path: String,
    /// Raw query, empty when there was none.
    pub query: String,
    /// When it came, by the sandbox's clock.
    pub at: Timestamp,
}

/// A request, to an endpoint or not, and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The method, in capitals.
    pub method: String,
    /// Path, such as `/2/users/by`.
    pub path: String,
    /// Raw query, empty when there was none.
    pub query: String,
    /// The HTTP status.
    pub status: u16,
    /// The body before compression and before it was cut.
    pub body: Bytes,
    /// Whether it is the true answer, which no fault has touched.
    pub is_true: bool,
}

/// The requests so far.
#[derive(Default)]
pub(super) struct Log {
    last: VecDeque<Seen>,
    total: u64,
    turns: HashMap<String, u64>,
}

impl Log {
    /// Takes note of a request and tells how often its path has been asked for, this time included.
    pub(super) fn enter(&mut self, seen: Seen) -> u64 {
        self.total += 1;
        let turn = self.turns.entry(seen.path.clone()).or_default();
        *turn += 1;
        self.last.push_back(seen);
        if self.last.len() > LENGTH {
            self.last.pop_front();
        }
        *turn
    }

    pub(super) fn last(&self) -> impl Iterator<Item = &Seen> {
        self.last.iter()
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }
}
