//! Instants and spans of time.

use std::time::Duration;

use jiff::Timestamp;

use crate::usecase::Error;

/// Nanoseconds count forward also before 1970, as `google/protobuf/timestamp.proto` demands.
pub(super) fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = (at.as_second(), at.subsec_nanosecond());
    if nanos < 0 {
        return prost_types::Timestamp { seconds: seconds - 1, nanos: nanos + 1_000_000_000 };
    }
    prost_types::Timestamp { seconds, nanos }
}

/// Reads an instant of the field `name`.
pub(super) fn asked_instant(name: &str, at: prost_types::Timestamp) -> Result<Timestamp, Error> {
    let is_valid = (0..1_000_000_000).contains(&at.nanos);
    let instant = Timestamp::new(at.seconds, at.nanos).ok().filter(|_| is_valid);
    instant.ok_or_else(|| Error::field(name, format!("{name} must be an instant between the years 1 and 9999")))
}

/// A span beyond the range of the message becomes the longest one.
pub(super) fn duration(span: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
        nanos: span.subsec_nanos().cast_signed(),
    }
}

/// Reads a span; None when it is negative or breaks the rules of `google/protobuf/duration.proto`.
///
/// `prost_types` cannot be asked: it panics on the least number of seconds.
pub(super) fn asked_duration(span: prost_types::Duration) -> Option<Duration> {
    let nanos = u32::try_from(span.nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    Some(Duration::new(u64::try_from(span.seconds).ok()?, nanos))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_instant_is_the_same_on_both_sides(nanos in -10_i128.pow(19)..10_i128.pow(19)) {
            let message = timestamp(Timestamp::from_nanosecond(nanos).unwrap());
            prop_assert!((0..1_000_000_000).contains(&message.nanos));
            prop_assert_eq!(i128::from(message.seconds) * 1_000_000_000 + i128::from(message.nanos), nanos);
            prop_assert_eq!(asked_instant("since", message).unwrap().as_nanosecond(), nanos);
        }

        #[test]
        fn a_span_is_the_same_on_both_sides(seconds in 0..i64::MAX.cast_unsigned(), nanos in 0..1_000_000_000_u32) {
            let span = Duration::new(seconds, nanos);
            prop_assert_eq!(asked_duration(duration(span)), Some(span));
        }
    }

    #[test]
    fn an_instant_that_breaks_the_rules_is_refused() {
        for (seconds, nanos) in [(0, -1), (0, 1_000_000_000), (i64::MAX, 0), (i64::MIN, 0), (253_402_300_800, 0)] {
            let refused = asked_instant("since", prost_types::Timestamp { seconds, nanos });
            assert!(matches!(refused, Err(Error::Invalid(bad)) if bad[0].field == "since"), "{seconds} s {nanos} ns");
        }
    }

    #[test]
    fn a_span_that_breaks_the_rules_is_none() {
        for (seconds, nanos) in [(-1, 0), (0, -1), (1, -1), (1, 1_000_000_000), (i64::MIN, i32::MIN), (i64::MIN, 0)] {
            assert_eq!(asked_duration(prost_types::Duration { seconds, nanos }), None, "{seconds} s {nanos} ns");
        }
    }
}
