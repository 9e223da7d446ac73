//! Instants that are computed never leave the calendar.

use std::time::Duration;

use jiff::Timestamp;

/// The instant `wait` after `now`, at most the last one of the calendar.
pub(super) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
