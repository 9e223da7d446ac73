//! How a limited caller learns of its quota; the HTTP adapter answers the same.

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use jiff::Timestamp;

use crate::rate_limit::Decision;

/// The longest wait that is told. Protocols and clients count seconds in less than 64 bits.
const CENTURY: Duration = Duration::from_hours(100 * 365 * 24);

/// The headers, or metadata, of every answer to a limited call: the size of the bucket, the permits left, and the Unix
/// time in seconds at which the bucket is full again.
#[must_use]
pub fn headers(decision: &Decision, now: Timestamp) -> [(HeaderName, HeaderValue); 3] {
    let full_at = now.checked_add(decision.reset_after).unwrap_or(Timestamp::MAX);
    let reset = full_at.as_second() + i64::from(full_at.subsec_nanosecond() > 0);
    [
        (HeaderName::from_static("x-ratelimit-limit"), decision.limit.into()),
        (HeaderName::from_static("x-ratelimit-remaining"), unrepeated(decision.remaining.into())),
        (HeaderName::from_static("x-ratelimit-reset"), unrepeated(reset.into())),
    ]
}

/// A value that differs from answer to answer. HTTP/2 keeps it out of the table of headers to come (RFC 7541, section 6.2.3),
/// from which it would only push those that stay the same.
#[must_use]
pub fn unrepeated(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

/// After how many seconds a refused caller may call again: rounded up, at least one; a century when no time helps.
#[must_use]
pub fn wait_seconds(decision: &Decision) -> u64 {
    whole_seconds(decision.retry_after.min(CENTURY))
}

/// After how many milliseconds the library of a gRPC client may repeat the call by itself (gRFC A6): up to a tenth more
/// than the caller must wait, by `unit` in `0.0..1.0`, because these clients wait exactly so long; negative is never.
#[must_use]
pub fn pushback(decision: &Decision, unit: f64) -> i32 {
    if decision.retry_after == Duration::MAX {
        return -1;
    }
    let wait = decision.retry_after.min(CENTURY).max(Duration::from_secs(1));
    let spread = wait + wait.mul_f64(unit.clamp(0.0, 1.0) / 10.0);
    i32::try_from(spread.as_millis().saturating_add(1)).unwrap_or(i32::MAX)
}

/// Whole seconds, at least one: a caller that waits so long does not come too early.
#[must_use]
pub fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PolicyName;

    fn decision(retry_after: Duration, reset_after: Duration) -> Decision {
        Decision { policy: PolicyName::Anonymous, allowed: false, limit: 60, remaining: 0, reset_after, retry_after }
    }

    #[test]
    fn a_caller_is_never_sent_back_too_early() {
        let wait = |millis| wait_seconds(&decision(Duration::from_millis(millis), Duration::ZERO));
        assert_eq!([wait(0), wait(1), wait(1_000), wait(1_001)], [1, 1, 1, 2]);
        assert_eq!(wait_seconds(&decision(Duration::MAX, Duration::ZERO)), CENTURY.as_secs());
    }

    #[test]
    fn a_client_that_retries_by_itself_comes_back_a_little_later() {
        let told = |millis, unit| pushback(&decision(Duration::from_millis(millis), Duration::ZERO), unit);
        assert_eq!(
            [told(0, 0.0), told(20_000, 0.0), told(20_000, 0.5), told(20_000, 1.0)],
            [1_001, 20_001, 21_001, 22_001]
        );
        assert_eq!(told(u64::MAX, 1.0), i32::MAX);
        assert_eq!(pushback(&decision(Duration::MAX, Duration::ZERO), 0.5), -1);
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
