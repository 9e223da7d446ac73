//! Instants that are computed never leave the calendar, and those that a wrong clock computed are not believed.

use std::time::Duration;

use jiff::Timestamp;

/// By how much the clocks of replicas may differ.
const SKEW: Duration = Duration::from_mins(5);

/// The instant `wait` after `now`, at most the last one of the calendar.
#[must_use]
pub fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// The latest instant that a rule which waits for `longest` at most can have written down by `now`, on whichever replica.
/// Only a clock that ran far ahead wrote a later one, and what it wrote must hold nothing up until then.
#[must_use]
pub fn furthest(now: Timestamp, longest: Duration) -> Timestamp {
    after(now, longest.saturating_add(SKEW))
}

/// How long `at` is still to be waited for; zero when it is reached, or beyond the [`furthest`].
#[must_use]
pub fn wait_until(at: Timestamp, now: Timestamp, longest: Duration) -> Duration {
    if at > furthest(now, longest) {
        return Duration::ZERO;
    }
    Duration::try_from(at.duration_since(now)).unwrap_or_default()
}
