//! The source of randomness, so that tests can fix it.

use std::fmt::Debug;

use jiff::Timestamp;
use rand::RngCore;
use uuid::{Builder, Uuid};

/// Gives random bytes that nobody can foresee.
pub trait Entropy: Send + Sync + Debug {
    /// Fills `bytes` with random ones.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Entropy + '_ {
    /// A random UUID (version 4, RFC 9562).
    #[must_use]
    pub fn uuid_v4(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        Builder::from_random_bytes(bytes).into_uuid()
    }

    /// A UUID that sorts by its time (version 7, RFC 9562).
    #[must_use]
    pub fn uuid_v7(&self, now: Timestamp) -> Uuid {
        let mut bytes = [0; 10];
        self.fill(&mut bytes);
        let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }

    /// An evenly distributed number in `0.0..1.0`.
    #[must_use]
    pub fn unit(&self) -> f64 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }
}

/// A generator for secrets in each thread, which takes its seeds from the operating system and a new one every 64 KiB.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that randomness comes from")]
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_kinds_of_uuid_say_their_version() {
        let entropy: &dyn Entropy = &OsEntropy;
        assert_eq!(entropy.uuid_v4().get_version_num(), 4);
        let now = Timestamp::from_millisecond(1_700_000_000_123).unwrap();
        let id = entropy.uuid_v7(now);
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_timestamp().unwrap().to_unix(), (1_700_000_000, 123_000_000));
    }

    #[test]
    fn a_unit_is_at_least_zero_and_below_one() {
        let entropy: &dyn Entropy = &OsEntropy;
        assert!((0..1_000).map(|_| entropy.unit()).all(|x| (0.0..1.0).contains(&x)));
    }
}
