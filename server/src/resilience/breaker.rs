//! Stops calling a service that keeps failing, and tries it again with a single call after a while.
//!
//! ```text
//!            failures in a row reach the threshold             the time is over
//!   closed ----------------------------------------> open -------------------------> half-open
//!     ^                                                ^  the one probe fails            |
//!     |                                                +--------------------------------+
//!     +------------------------------------------------------------- the probe succeeds -+
//! ```
//! The states are those of M. Nygard, *Release It!* (2007), chapter "Circuit Breaker".

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

#[cfg(test)]
mod tests;

/// When the breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Failures in a row that open it.
    pub failure_threshold: u32,
    /// How long it stays open.
    pub open_for: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failure_threshold: 5, open_for: Duration::from_mins(5) }
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

/// A breaker that counts failures in a row. Clones share their state.
#[derive(Debug, Clone)]
pub struct CircuitBreaker {
    settings: BreakerSettings,
    circuit: Arc<Mutex<Circuit>>,
}

#[derive(Debug)]
struct Circuit {
    phase: Phase,
    failures: u32,
    /// Counts changes of phase, so that the outcome of a call from an earlier phase is not taken for news.
    epoch: u64,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Closed,
    Open { until: Instant },
    Probing,
}

impl Circuit {
    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.epoch += 1;
    }
}

impl CircuitBreaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(settings: BreakerSettings) -> Self {
        let circuit = Circuit { phase: Phase::Closed, failures: 0, epoch: 0 };
        Self { settings, circuit: Arc::new(Mutex::new(circuit)) }
    }

    /// Asks to make a call; the permit has to be told how the call went.
    ///
    /// # Errors
    /// [`Open`] while the breaker is open, and while it is half-open and the one probe is under way.
    pub fn permit(&self) -> Result<Permit, Open> {
        let mut circuit = self.lock();
        match circuit.phase {
            Phase::Closed => {}
            Phase::Probing => return Err(Open { retry_after: Duration::ZERO }),
            Phase::Open { until } => {
                let retry_after = until.saturating_duration_since(Instant::now());
                if !retry_after.is_zero() {
                    return Err(Open { retry_after });
                }
                circuit.enter(Phase::Probing);
            }
        }
        let probe = matches!(circuit.phase, Phase::Probing);
        Ok(Permit { breaker: self.clone(), epoch: circuit.epoch, probe, settled: false })
    }

    /// The present state.
    #[must_use]
    pub fn snapshot(&self) -> BreakerSnapshot {
        let circuit = self.lock();
        let (state, open_for) = match circuit.phase {
            Phase::Closed => (BreakerState::Closed, None),
            Phase::Probing => (BreakerState::HalfOpen, None),
            Phase::Open { until } => match until.saturating_duration_since(Instant::now()) {
                Duration::ZERO => (BreakerState::HalfOpen, None),
                left => (BreakerState::Open, Some(left)),
            },
        };
        BreakerSnapshot { state, consecutive_failures: circuit.failures, open_for }
    }

    fn lock(&self) -> MutexGuard<'_, Circuit> {
        // No code between lock and unlock can panic half-way through a change.
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self::new(BreakerSettings::default())
    }
}

/// The right to make one call. Dropped without an outcome it counts neither way; a probe then leaves its place to the
/// next call.
#[derive(Debug)]
#[must_use = "the breaker learns nothing from a call whose permit is dropped"]
pub struct Permit {
    breaker: CircuitBreaker,
    epoch: u64,
    probe: bool,
    settled: bool,
}

impl Permit {
    /// Whether this is the one call of a half-open breaker.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.probe
    }

    /// Tells that the service answered.
    pub fn succeed(mut self) {
        self.settle(|circuit, _| {
            circuit.failures = 0;
            if matches!(circuit.phase, Phase::Probing) {
                circuit.enter(Phase::Closed);
            }
        });
    }

    /// Tells that the service failed.
    pub fn fail(mut self) {
        self.settle(|circuit, settings| {
            circuit.failures = circuit.failures.saturating_add(1);
            if matches!(circuit.phase, Phase::Probing) || circuit.failures >= settings.failure_threshold {
                circuit.enter(Phase::Open { until: Instant::now() + settings.open_for });
            }
        });
    }

    fn settle(&mut self, change: impl FnOnce(&mut Circuit, BreakerSettings)) {
        self.settled = true;
        let mut circuit = self.breaker.lock();
        if circuit.epoch == self.epoch {
            change(&mut circuit, self.breaker.settings);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.probe && !self.settled {
            self.settle(|circuit, _| circuit.enter(Phase::Open { until: Instant::now() }));
        }
    }
}
