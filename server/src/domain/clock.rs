//! The clock that every rule about time reads, so that tests can turn it.

use std::fmt::Debug;

use jiff::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync + Debug {
    /// The present instant, in UTC.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that owns the system's clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
