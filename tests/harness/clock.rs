//! A clock that stands still until a test moves it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use amber_server::domain::Clock;
use jiff::Timestamp;

/// Time as the test tells it.
///
/// It starts at 2026-01-01T00:00:00Z. Clones share their time, so a test keeps one and gives the other away.
#[derive(Clone, Debug)]
pub struct TestClock(Arc<Mutex<Timestamp>>);

impl TestClock {
    /// Seconds from the Unix epoch to the moment at which every new clock stands.
    const START: i64 = 1_767_225_600;

    /// A clock that stands at its start.
    ///
    /// # Panics
    /// Never: the start is within the range of a timestamp.
    #[must_use]
    pub fn new() -> Self {
        let start = Timestamp::from_second(Self::START).expect("the start is within the range of a timestamp");
        Self(Arc::new(Mutex::new(start)))
    }

    /// Moves the time forward.
    ///
    /// # Panics
    /// When the time would leave the range of a timestamp (the year 9999).
    pub fn advance(&self, by: Duration) {
        let mut now = self.lock();
        *now = now.checked_add(by).expect("a test stays before the year 9999");
    }

    /// Moves the time to any moment, backwards too.
    pub fn set(&self, to: Timestamp) {
        *self.lock() = to;
    }

    fn lock(&self) -> MutexGuard<'_, Timestamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stands_still_until_it_is_moved() {
        let clock = TestClock::new();
        let given_away = clock.clone();
        let start = clock.now();
        assert_eq!(start.to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(given_away.now(), start);

        clock.advance(Duration::from_millis(1500));
        assert_eq!(given_away.now().to_string(), "2026-01-01T00:00:01.5Z");

        clock.set(start);
        assert_eq!(given_away.now(), start);
    }
}
