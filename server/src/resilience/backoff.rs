//! How long to wait before the next attempt: exponential with full jitter.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::Entropy;

/// Exponential backoff with full jitter
/// ([Exponential Backoff And Jitter](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), AWS 2015):
/// the wait before retry `n`, counted from 0, is evenly distributed in `0..=min(cap, base * factor^n)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The bound of the first wait.
    pub base: Duration,
    /// By how much the bound grows from one wait to the next.
    pub factor: u32,
    /// The bound that no wait passes.
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Duration::from_millis(500), factor: 2, cap: Duration::from_mins(1) }
    }
}

impl Backoff {
    /// The longest wait before retry `n`, counted from 0.
    #[must_use]
    pub fn bound(&self, n: u32) -> Duration {
        let growth = self.factor.checked_pow(n).unwrap_or(u32::MAX);
        self.base.saturating_mul(growth).min(self.cap)
    }

    /// A wait before retry `n`, counted from 0; `unit` is evenly distributed in `0.0..1.0`.
    #[must_use]
    pub fn delay(&self, n: u32, unit: f64) -> Duration {
        self.bound(n).mul_f64(unit.clamp(0.0, 1.0))
    }

    /// The endless sequence of waits.
    #[must_use]
    pub fn delays(self, entropy: Arc<dyn Entropy>) -> Delays {
        Delays { backoff: self, entropy, n: 0 }
    }
}

/// The waits of one call; made by [`Backoff::delays`].
#[derive(Debug, Clone)]
pub struct Delays {
    backoff: Backoff,
    entropy: Arc<dyn Entropy>,
    n: u32,
}

impl Iterator for Delays {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let delay = self.backoff.delay(self.n, self.entropy.unit());
        self.n = self.n.saturating_add(1);
        Some(delay)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::OsEntropy;

    #[derive(Debug)]
    struct Fixed(u8);

    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn the_bound_doubles_from_half_a_second_to_a_minute() {
        let bounds: Vec<u128> = (0..9).map(|n| Backoff::default().bound(n).as_millis()).collect();
        assert_eq!(bounds, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    }

    #[test]
    fn the_jitter_reaches_from_zero_to_the_bound() {
        let least: Vec<_> = Backoff::default().delays(Arc::new(Fixed(0))).take(8).collect();
        assert!(least.iter().all(Duration::is_zero), "{least:?}");
        let most: Vec<_> = Backoff::default().delays(Arc::new(Fixed(0xff))).take(8).collect();
        for (n, delay) in (0..).zip(most) {
            let bound = Backoff::default().bound(n);
            assert!(delay <= bound && bound.abs_diff(delay) < Duration::from_micros(1), "{delay:?} of {bound:?}");
        }
    }

    #[test]
    fn the_jitter_is_even() {
        let backoff = Backoff { base: Duration::from_secs(1), factor: 1, cap: Duration::from_secs(1) };
        let low = backoff.delays(Arc::new(OsEntropy)).take(4_000).filter(|d| *d < Duration::from_millis(500)).count();
        // Ten standard deviations around the mean of 2,000: a wrong distribution is found, an unlucky run is not.
        assert!((1_684..=2_316).contains(&low), "{low} of 4000 waits in the lower half");
    }

    proptest! {
        #[test]
        fn no_wait_passes_its_bound(base in 0_u64..100_000, factor in 0_u32..10, cap in 0_u64..1_000_000, n in 0_u32..200, unit in 0.0..1.0) {
            let backoff = Backoff { base: Duration::from_millis(base), factor, cap: Duration::from_millis(cap) };
            let exact = f64::from(factor).powi(i32::try_from(n).unwrap()) * f64::from(u32::try_from(base).unwrap());
            let bound = Duration::from_millis(cap).as_secs_f64().min(exact / 1_000.0);
            prop_assert!(backoff.delay(n, unit).as_secs_f64() <= bound + 1e-6);
        }

        #[test]
        fn a_later_wait_is_bounded_no_lower(base in 0_u64..100_000, factor in 1_u32..10, cap in 0_u64..1_000_000, n in 0_u32..200) {
            let backoff = Backoff { base: Duration::from_millis(base), factor, cap: Duration::from_millis(cap) };
            prop_assert!(backoff.bound(n) <= backoff.bound(n + 1));
        }
    }
}
