//! Backoff with full jitter, retry policy and circuit breaker; knows time, not HTTP.

mod backoff;
mod breaker;
mod retry;

pub use backoff::{Backoff, Delays};
pub use breaker::{BreakerSettings, BreakerSnapshot, BreakerState, CircuitBreaker, Open, Permit};
pub use retry::{Retry, RetryPolicy, Verdict};
