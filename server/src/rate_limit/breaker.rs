//! Stops asking Redis when too many calls fail. Only a probe, which no caller waits for, lets calls through again.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use tokio::sync::Notify;

/// At this weight it opens: after five failures in a row.
const THRESHOLD: u32 = 20;
/// What a failure adds, while a success takes one off. So it also opens when more than every fifth call fails, as when one
/// node of a cluster is away.
const FAILURE: u32 = 4;

/// Weighs failures against successes without a lock; it is asked on every call. `resilience::Circuit` is for rarer calls: it lets
/// a caller's own call be the probe, who would wait for it here.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    weight: AtomicU32,
    opened: Notify,
    abandoned: Notify,
}

impl Breaker {
    pub(super) fn is_open(&self) -> bool {
        self.weight.load(Relaxed) >= THRESHOLD
    }

    /// A call was answered. An answer that comes after the breaker opened closes nothing.
    pub(super) fn succeed(&self) {
        if self.weight.load(Relaxed) == 0 {
            return;
        }
        let less = |weight: u32| (weight < THRESHOLD).then(|| weight.saturating_sub(1));
        // Refused when it is open, which is what is wanted.
        let _ = self.weight.fetch_update(Relaxed, Relaxed, less);
    }

    /// A call failed; true when that opens the breaker.
    pub(super) fn fail(&self) -> bool {
        let more = |weight: u32| (weight < THRESHOLD).then_some(weight + FAILURE);
        let before = self.weight.fetch_update(Relaxed, Relaxed, more);
        let opens = before.is_ok_and(|weight| weight + FAILURE >= THRESHOLD);
        if opens {
            self.opened.notify_one();
            self.abandoned.notify_one();
        }
        opens
    }

    /// Lets calls through again.
    pub(super) fn close(&self) {
        self.weight.store(0, Relaxed);
    }

    /// Tells, each time that it opens, that calls under way are not worth waiting for.
    pub(super) fn abandoned(&self) -> &Notify {
        &self.abandoned
    }

    /// Waits until it opens; at once when it has opened since the last wait.
    pub(super) async fn opened(&self) {
        self.opened.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_in_a_row_open_it() {
        let breaker = Breaker::default();
        assert_eq!([(); 4].map(|()| breaker.fail()), [false; 4]);
        assert!(!breaker.is_open() && breaker.fail() && breaker.is_open());
        assert!(!breaker.fail(), "it opens once");
    }

    /// Whether it opens when of so many calls each time one fails, for a long time.
    fn opens_at_one_in(calls: usize) -> bool {
        let breaker = Breaker::default();
        for _ in 0..1_000 {
            breaker.fail();
            (1..calls).for_each(|_| breaker.succeed());
        }
        breaker.is_open()
    }

    #[test]
    fn a_third_of_failures_opens_it_and_a_failure_now_and_then_does_not() {
        assert_eq!([3, 4, 5, 6, 100].map(opens_at_one_in), [true, true, false, false, false]);
    }

    #[tokio::test]
    async fn a_late_answer_does_not_close_it_but_the_probe_does() {
        let breaker = Breaker::default();
        while !breaker.fail() {}
        breaker.opened().await;
        breaker.succeed();
        assert!(breaker.is_open());
        breaker.close();
        assert!(!breaker.is_open() && !breaker.fail());
    }
}
