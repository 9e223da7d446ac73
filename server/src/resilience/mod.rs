//! Backoff with full jitter, retry policy and circuit breaker; knows time, not HTTP.
