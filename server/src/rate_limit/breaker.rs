//! Stops asking Redis after failures in a row. Only a probe, which no caller waits for, lets calls through again.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use tokio::sync::Notify;

/// Failures in a row that open it.
const THRESHOLD: u32 = 5;

/// Counts failures in a row without a lock; it is asked on every call. `resilience::Circuit` is for rarer calls: it lets
/// a caller's own call be the probe, who would wait for it here.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: AtomicU32,
    opened: Notify,
    abandoned: Notify,
}

impl Breaker {
    pub(super) fn is_open(&self) -> bool {
        self.failures.load(Relaxed) >= THRESHOLD
    }

    /// A call was answered. An answer that comes after the breaker opened closes nothing.
    pub(super) fn succeed(&self) {
        if self.failures.load(Relaxed) == 0 {
            return;
        }
        let below = |failures| (failures < THRESHOLD).then_some(0);
        // Refused when it is open, which is what is wanted.
        let _ = self.failures.fetch_update(Relaxed, Relaxed, below);
    }

    /// A call failed; true when that opens the breaker.
    pub(super) fn fail(&self) -> bool {
        let more = |failures: u32| (failures < THRESHOLD).then_some(failures + 1);
        let opens = self.failures.fetch_update(Relaxed, Relaxed, more) == Ok(THRESHOLD - 1);
        if opens {
            self.opened.notify_one();
            self.abandoned.notify_one();
        }
        opens
    }

    /// Lets calls through again.
    pub(super) fn close(&self) {
        self.failures.store(0, Relaxed);
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
    fn five_failures_in_a_row_open_it_and_a_success_between_them_does_not_count() {
        let breaker = Breaker::default();
        let four = [false; 4];
        assert_eq!([(); 4].map(|()| breaker.fail()), four);
        breaker.succeed();
        assert_eq!([(); 4].map(|()| breaker.fail()), four);
        assert!(!breaker.is_open() && breaker.fail() && breaker.is_open());
        assert!(!breaker.fail(), "it opens once");
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
