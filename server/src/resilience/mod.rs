//! Backoff with full jitter, retry policy, circuit breaker, call budgets; knows time, not HTTP.

mod moment;
mod backoff;
mod retry;
mod breaker;
mod allowance;
mod budget;
mod seats;

pub use allowance::{Allowance, PROBE_PATIENCE, Refusal, Window, WindowKind};
pub use backoff::{Backoff, Delays};
pub use breaker::{BreakerSettings, BreakerSnapshot, BreakerState, Circuit, Open, Pass};
pub use budget::{Ask, Decision, Demand, Grant, Purse, Report, UnderWay, decide};
pub use moment::{after, furthest, wait_until};
pub use retry::{Retry, RetryPolicy, Verdict};
pub use seats::{Seat, Seats};
