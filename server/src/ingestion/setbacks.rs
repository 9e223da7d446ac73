//! How the worker slows down while tasks fail for the database: what is fetched and cannot be stored costs money at X all
//! the same.

use std::time::Duration;

use tokio::time::Instant;

use crate::resilience::Backoff;

/// The bounds of the pauses; each pause is at least half of its bound.
const PAUSES: Backoff = Backoff { base: Duration::from_secs(1), factor: 2, cap: Duration::from_mins(2) };

/// The tasks that failed since the last one that did not.
#[derive(Debug, Default)]
pub(super) struct Setbacks {
    rounds: u32,
    rest_until: Option<Instant>,
}

impl Setbacks {
    /// Another task failed; `unit` is evenly distributed in `0.0..1.0`. Those that fail together count once.
    pub(super) fn met(&mut self, now: Instant, unit: f64) {
        if self.rest_until.is_some_and(|until| now < until) {
            return;
        }
        let bound = PAUSES.bound(self.rounds);
        self.rest_until = Some(now + bound.mul_f64(0.5 + unit / 2.0));
        self.rounds = self.rounds.saturating_add(1);
    }

    /// A task did not fail.
    pub(super) fn are_over(&mut self) {
        *self = Self::default();
    }

    /// How many tasks may be taken of `free` ones, beside those that are worked off. After a pause a single one tries.
    pub(super) fn room(&self, now: Instant, free: u32, busy: usize) -> u32 {
        match self.rest_until {
            None => free,
            Some(until) if now >= until && busy == 0 => free.min(1),
            Some(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_a_single_task_tries_until_one_succeeds() {
        let (mut setbacks, mut now) = (Setbacks::default(), Instant::now());
        assert_eq!(setbacks.room(now, 4, 2), 4);
        for bound in [1, 2, 4, 8, 16, 32, 64, 120, 120] {
            for _ in 0..3 {
                setbacks.met(now, 1.0);
            }
            let pause = Duration::from_secs(bound);
            assert_eq!(setbacks.room(now + pause - Duration::from_millis(1), 4, 0), 0, "{bound}");
            now += pause;
            assert_eq!((setbacks.room(now, 4, 0), setbacks.room(now, 4, 1)), (1, 0), "{bound}");
        }
        setbacks.are_over();
        assert_eq!(setbacks.room(now, 4, 0), 4);
        setbacks.met(now, 0.0);
        assert_eq!(setbacks.room(now + Duration::from_millis(500), 4, 0), 1, "half of the bound at least");
    }
}
