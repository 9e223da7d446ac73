//! How much a caller may ask in how long.

use std::num::NonZeroU32;
use std::time::Duration;

/// A token bucket: it holds `burst` permits and refills by `permits` per `window`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Permits that come back in one window.
    pub permits: NonZeroU32,
    /// The time in which they come back.
    pub window: Duration,
    /// The most permits that can be saved up.
    pub burst: NonZeroU32,
}

impl Quota {
    /// The time after which one permit comes back.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.window / self.permits.get()
    }
}
