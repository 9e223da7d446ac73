//! Chance that never asks to wait.

use amber_server::domain::{Entropy, OsEntropy};

/// The bytes from which a fraction between 0 and 1 is made.
const FRACTION: usize = 4;

/// Random where names are made, but every random fraction is 0, so that a wait with full jitter takes no time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hasty;

impl Entropy for Hasty {
    fn fill(&self, bytes: &mut [u8]) {
        if bytes.len() == FRACTION { bytes.fill(0) } else { OsEntropy.fill(bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_zero_and_names_are_not() {
        let entropy: &dyn Entropy = &Hasty;
        assert!(entropy.unit().abs() < f64::EPSILON);
        assert_ne!(entropy.uuid_v4(), entropy.uuid_v4());
    }
}
