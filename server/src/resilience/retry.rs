//! Tries an operation again while its errors are worth it.

use std::sync::Arc;
use std::time::Duration;

use backon::Retryable;

use super::Backoff;
use crate::domain::Entropy;

/// What an error means for the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Another attempt may succeed.
    Retry {
        /// The wait that the other side asked for.
        after: Option<Duration>,
    },
    /// Another attempt would fail as well.
    GiveUp,
}

/// A retry that is about to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Which retry it is, counted from 1.
    pub number: u32,
    /// The wait before it.
    pub wait: Duration,
}

/// How often and after which waits an operation is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The waits.
    pub backoff: Backoff,
    /// Attempts after the first one.
    pub max_retries: u32,
    /// The longest wait that the other side may impose.
    pub max_imposed_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { backoff: Backoff::default(), max_retries: 6, max_imposed_wait: Duration::from_mins(2) }
    }
}

impl RetryPolicy {
    /// The same waits, but not a single retry.
    #[must_use]
    pub fn once(self) -> Self {
        Self { max_retries: 0, ..self }
    }

    /// Runs `operation` until it succeeds, `classify` gives up, or the retries are spent; `on_retry` hears of each
    /// retry before its wait. A wait that the other side asked for is honoured up to `max_imposed_wait`.
    ///
    /// # Errors
    /// The error of the last attempt.
    pub async fn run<T, E, Operation, Attempt>(
        &self,
        entropy: Arc<dyn Entropy>,
        operation: Operation,
        classify: impl Fn(&E) -> Verdict,
        mut on_retry: impl FnMut(&E, Retry),
    ) -> Result<T, E>
    where
        Operation: FnMut() -> Attempt,
        Attempt: Future<Output = Result<T, E>>,
    {
        let retries = usize::try_from(self.max_retries).unwrap_or(usize::MAX);
        let imposed = |error: &E| match classify(error) {
            Verdict::Retry { after } => after.unwrap_or_default().min(self.max_imposed_wait),
            Verdict::GiveUp => Duration::ZERO,
        };
        let mut number = 0;
        operation
            .retry(self.backoff.delays(entropy).take(retries))
            .when(|error| classify(error) != Verdict::GiveUp)
            // No delay means that the retries are spent; it has to stay none.
            .adjust(|error, delay| delay.map(|delay| delay.max(imposed(error))))
            .notify(|error, wait| {
                number += 1;
                on_retry(error, Retry { number, wait });
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;
    use tokio::time::Instant;

    use super::*;
    use crate::domain::OsEntropy;

    async fn run_failing(policy: RetryPolicy, verdict: Verdict) -> (u32, Vec<Retry>, Duration) {
        let (attempts, mut heard, start) = (Cell::new(0), Vec::new(), Instant::now());
        let operation = || async {
            attempts.set(attempts.get() + 1);
            Err::<(), _>("broken")
        };
        let result = policy.run(Arc::new(OsEntropy), operation, |_| verdict, |_, retry| heard.push(retry)).await;
        assert_eq!(result, Err("broken"));
        (attempts.get(), heard, start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_lasting_failure_is_tried_seven_times() {
        let (attempts, heard, elapsed) = run_failing(RetryPolicy::default(), Verdict::Retry { after: None }).await;
        assert_eq!(attempts, 7);
        assert_eq!(heard.iter().map(|retry| retry.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
        for (n, retry) in (0..).zip(&heard) {
            assert!(retry.wait <= Backoff::default().bound(n), "{retry:?}");
        }
        let waits: Duration = heard.iter().map(|retry| retry.wait).sum();
        assert!(elapsed >= waits && elapsed <= waits + Duration::from_millis(20), "{elapsed:?} for {waits:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_that_is_final_is_not_tried_again() {
        let (attempts, heard, elapsed) = run_failing(RetryPolicy::default(), Verdict::GiveUp).await;
        assert_eq!((attempts, heard.len(), elapsed), (1, 0, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_of_the_other_side_is_honoured_up_to_the_maximum() {
        let policy = RetryPolicy { max_retries: 2, ..RetryPolicy::default() };
        let (attempts, heard, _) = run_failing(policy, Verdict::Retry { after: Some(Duration::from_secs(30)) }).await;
        assert_eq!(attempts, 3, "an imposed wait must not add attempts");
        assert!(heard.iter().all(|retry| retry.wait == Duration::from_secs(30)), "{heard:?}");

        let (_, heard, _) = run_failing(policy, Verdict::Retry { after: Some(Duration::from_hours(24)) }).await;
        assert!(heard.iter().all(|retry| retry.wait == policy.max_imposed_wait), "{heard:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_ends_the_attempts() {
        let attempts = Cell::new(0);
        let operation = || async {
            attempts.set(attempts.get() + 1);
            if attempts.get() < 3 { Err("broken") } else { Ok(attempts.get()) }
        };
        let policy = RetryPolicy::default();
        let result = policy.run(Arc::new(OsEntropy), operation, |_| Verdict::Retry { after: None }, |_, _| {}).await;
        assert_eq!(result, Ok(3));
    }

    proptest! {
        /// Whatever the policy and whatever the other side asks for.
        #[test]
        fn retries_and_waits_keep_their_bounds(
            base in 0_u64..5_000, cap in 0_u64..60_000, max_retries in 0_u32..9, asked in prop::option::of(0_u64..300_000)
        ) {
            let backoff = Backoff { base: Duration::from_millis(base), factor: 2, cap: Duration::from_millis(cap) };
            let policy = RetryPolicy { backoff, max_retries, ..RetryPolicy::default() };
            let after = asked.map(Duration::from_millis);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let (attempts, heard, elapsed) = runtime.block_on(run_failing(policy, Verdict::Retry { after }));
            prop_assert_eq!((attempts, heard.len()), (max_retries + 1, usize::try_from(max_retries).unwrap()));
            let imposed = after.unwrap_or_default().min(policy.max_imposed_wait);
            for (n, retry) in (0..).zip(&heard) {
                prop_assert!(retry.wait >= imposed, "{:?} is shorter than what was asked for", retry);
                prop_assert!(retry.wait <= imposed.max(backoff.bound(n)), "{:?}", retry);
            }
            prop_assert!(elapsed >= heard.iter().map(|retry| retry.wait).sum::<Duration>());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn once_means_a_single_attempt() {
        let (attempts, heard, _) = run_failing(RetryPolicy::default().once(), Verdict::Retry { after: None }).await;
        assert_eq!((attempts, heard.len()), (1, 0));
    }
}
