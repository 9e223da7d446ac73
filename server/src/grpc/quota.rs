//! How a limited caller learns of its quota; the HTTP adapter answers the same.

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use jiff::Timestamp;

use crate::rate_limit::Decision;

/// The headers, or metadata, of every answer to a limited call: the size of the bucket, the permits left, and the Unix
/// time in seconds at which the bucket is full again.
#[must_use]
pub fn headers(decision: &Decision, now: Timestamp) -> [(HeaderName, HeaderValue); 3] {
    let full_at = now.checked_add(decision.reset_after).unwrap_or(Timestamp::MAX);
    let reset = full_at.as_second() + i64::from(full_at.subsec_nanosecond() > 0);
    [
        (HeaderName::from_static("x-ratelimit-limit"), decision.limit.into()),
        (HeaderName::from_static("x-ratelimit-remaining"), decision.remaining.into()),
        (HeaderName::from_static("x-ratelimit-reset"), reset.into()),
    ]
}

/// After how many seconds a refused caller may call again: rounded up, at least one.
#[must_use]
pub fn wait_seconds(decision: &Decision) -> u64 {
    whole_seconds(decision.retry_after)
}

/// Whole seconds, at least one: a caller that waits so long does not come too early.
#[must_use]
pub fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(retry_after: Duration, reset_after: Duration) -> Decision {
        Decision { allowed: false, limit: 60, remaining: 0, reset_after, retry_after }
    }

    #[test]
    fn a_caller_is_never_sent_back_too_early() {
        let wait = |millis| wait_seconds(&decision(Duration::from_millis(millis), Duration::ZERO));
        assert_eq!([wait(0), wait(1), wait(1_000), wait(1_001)], [1, 1, 1, 2]);
        assert_eq!(wait_seconds(&decision(Duration::MAX, Duration::ZERO)), u64::MAX);
    }

    #[test]
    fn the_reset_is_a_unix_time_in_whole_seconds() {
        let now = Timestamp::from_millisecond(1_000_500).unwrap();
        let reset = |after| headers(&decision(Duration::ZERO, after), now)[2].1.clone();
        assert_eq!(reset(Duration::ZERO), "1001");
        assert_eq!(reset(Duration::from_millis(1_500)), "1002");
        assert_eq!(reset(Duration::MAX), Timestamp::MAX.as_second().saturating_add(1).to_string().as_str());
    }
}
