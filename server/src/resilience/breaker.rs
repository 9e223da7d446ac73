//! Stops calling a service that keeps failing, and tries it again with a single call after a while.
//!
//! ```text
//!            failures in a row reach the threshold             the time is over
//!   closed ----------------------------------------> open -------------------------> half-open
//!     ^                                                ^  the one probe fails            |
//!     |                                                +--------------------------------+
//!     +------------------------------------------------------------- the probe succeeds -+
//! ```
//! The states are those of M. Nygard, *Release It!* (2007), chapter "Circuit Breaker". A [`Circuit`] is a plain value:
//! whoever keeps it, in memory or in a row that replicas share, changes it under a lock.

use std::time::Duration;

use jiff::Timestamp;

use super::moment::{after, wait_until};

#[cfg(test)]
mod tests;

/// When the breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Failures in a row that open it.
    pub failure_threshold: u32,
    /// How long it stays open.
    pub open_for: Duration,
    /// How long the one probe may take; then it is given up, and the next call is the probe.
    pub probe_for: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failure_threshold: 5, open_for: Duration::from_mins(5), probe_for: Duration::from_mins(1) }
    }
}

/// What the breaker does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Every call passes.
    Closed,
    /// No call passes.
    Open,
    /// One call passes, to see whether the service is back.
    HalfOpen,
}

impl BreakerState {
    /// The name in answers and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// The breaker at one moment, for the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSnapshot {
    /// The state.
    pub state: BreakerState,
    /// Failures since the last success.
    pub consecutive_failures: u32,
    /// How much longer it stays open; None unless it is open.
    pub open_for: Option<Duration>,
}

/// The refusal of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the circuit breaker is open; the next call may pass in {retry_after:?}")]
pub struct Open {
    /// How long no call passes; zero while the one probe is under way.
    pub retry_after: Duration,
}

/// The right to make one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pass {
    /// The phase in which it was given.
    pub epoch: u64,
    /// This is the one call of a half-open breaker.
    pub is_probe: bool,
}

/// A breaker that counts failures in a row. The default is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Circuit {
    /// Failures since the last success.
    pub failures: u32,
    /// No call passes before; None is closed.
    pub open_until: Option<Timestamp>,
    /// A probe is under way, and counts until then.
    pub probe_until: Option<Timestamp>,
    /// Counts changes of phase, so that the outcome of a call from an earlier phase is not taken for news.
    pub epoch: u64,
}

impl Circuit {
    /// Whether a call would pass now; it takes nothing.
    ///
    /// # Errors
    /// [`Open`] while the breaker is open, and while it is half-open and the one probe is under way.
    pub fn check(&self, now: Timestamp, settings: &BreakerSettings) -> Result<(), Open> {
        let is_probed = self.probe_until.is_some_and(|until| !wait_until(until, now, settings.probe_for).is_zero());
        match (self.snapshot(now, settings), is_probed) {
            (BreakerSnapshot { state: BreakerState::Open, open_for, .. }, _) => {
                Err(Open { retry_after: open_for.unwrap_or_default() })
            }
            (BreakerSnapshot { state: BreakerState::HalfOpen, .. }, true) => Err(Open { retry_after: Duration::ZERO }),
            _ => Ok(()),
        }
    }

    /// Asks to make a call, of whose outcome the breaker must be told.
    ///
    /// # Errors
    /// As [`Circuit::check`].
    pub fn pass(&mut self, now: Timestamp, settings: &BreakerSettings) -> Result<Pass, Open> {
        self.check(now, settings)?;
        let is_probe = self.open_until.is_some();
        if is_probe {
            self.enter(self.open_until, Some(after(now, settings.probe_for)));
        }
        Ok(Pass { epoch: self.epoch, is_probe })
    }

    /// Tells that the service answered.
    pub fn succeed(&mut self, pass: Pass) {
        if pass.epoch != self.epoch {
            return;
        }
        self.failures = 0;
        if pass.is_probe {
            self.enter(None, None);
        }
    }

    /// Tells that the service failed.
    pub fn fail(&mut self, pass: Pass, now: Timestamp, settings: &BreakerSettings) {
        if pass.epoch != self.epoch {
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if pass.is_probe || self.failures >= settings.failure_threshold {
            self.enter(Some(after(now, settings.open_for)), None);
        }
    }

    /// The present state.
    #[must_use]
    pub fn snapshot(&self, now: Timestamp, settings: &BreakerSettings) -> BreakerSnapshot {
        let left = self.open_until.map(|until| wait_until(until, now, settings.open_for));
        let (state, open_for) = match left {
            None => (BreakerState::Closed, None),
            Some(Duration::ZERO) => (BreakerState::HalfOpen, None),
            Some(left) => (BreakerState::Open, Some(left)),
        };
        BreakerSnapshot { state, consecutive_failures: self.failures, open_for }
    }

    fn enter(&mut self, open_until: Option<Timestamp>, probe_until: Option<Timestamp>) {
        (self.open_until, self.probe_until) = (open_until, probe_until);
        self.epoch += 1;
    }
}
