//! Repeating reads that failed for a passing cause.

use std::time::Duration;

use tonic::{Code, Status};

use crate::Refusal;

/// How often and how patiently to repeat a call.
///
/// The wait before repetition `n` (from 0) is drawn evenly from zero to `min(longest_backoff, first_backoff * 2^n)`:
/// "full jitter", Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. When the server says how
/// long to wait, that time comes first and the draw is added, so that callers who were told the same do not return at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many calls to make in all, the first one included. Zero counts as one.
    pub attempts: u32,
    /// The longest wait before the first repetition.
    pub first_backoff: Duration,
    /// The longest wait by own choice.
    pub longest_backoff: Duration,
    /// The longest wait that the server may ask for; a longer one ends the repetitions.
    pub longest_wait: Duration,
}

impl Default for RetryPolicy {
    /// 4 calls, waits of at most 200 ms, 400 ms and 800 ms, and up to 30 s when the server asks for it.
    fn default() -> Self {
        Self {
            attempts: 4,
            first_backoff: Duration::from_millis(200),
            longest_backoff: Duration::from_secs(5),
            longest_wait: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// Makes one call and never repeats it.
    #[must_use]
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// The wait before repetition `n` (from 0), by a draw from 0.0 to 1.0.
    fn backoff(&self, n: u32, draw: f64) -> Duration {
        let ceiling = self.first_backoff.saturating_mul(2_u32.saturating_pow(n)).min(self.longest_backoff);
        ceiling.mul_f64(draw.clamp(0.0, 1.0))
    }

    /// The wait before repetition `n` of a call that was refused, or nothing when it must not be repeated.
    fn wait(&self, n: u32, refusal: &Status, draw: f64) -> Option<Duration> {
        let last = n.saturating_add(1) >= self.attempts;
        if last || !matches!(refusal.code(), Code::Unavailable | Code::ResourceExhausted) {
            return None;
        }
        let asked = match pushback(refusal) {
            Pushback::Never => return None,
            Pushback::After(wait) => wait,
            Pushback::None => refusal.retry_after().unwrap_or_default(),
        };
        (asked <= self.longest_wait).then(|| asked.saturating_add(self.backoff(n, draw)))
    }

    /// [`Self::wait`] by chance.
    #[expect(clippy::disallowed_methods, reason = "a client owns its jitter; the law is tested on its own")]
    pub(crate) fn draw(&self, n: u32, refusal: &Status) -> Option<Duration> {
        self.wait(n, refusal, rand::random())
    }

    /// Waits before repetition `n` (from 0), or gives the refusal back when there must be none.
    pub(crate) async fn pause(&self, n: u32, refusal: Status) -> Result<(), Status> {
        let Some(wait) = self.draw(n, &refusal) else { return Err(refusal) };
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

/// What a server says about repetitions in the metadata `grpc-retry-pushback-ms` (gRPC proposal A6).
enum Pushback {
    /// Nothing.
    None,
    /// Not before this time.
    After(Duration),
    /// Not at all.
    Never,
}

fn pushback(refusal: &Status) -> Pushback {
    let Some(value) = refusal.metadata().get("grpc-retry-pushback-ms") else { return Pushback::None };
    // A negative number or anything else means that there must be no repetition.
    let millis = value.to_str().ok().and_then(|text| text.parse().ok());
    millis.map_or(Pushback::Never, |millis| Pushback::After(Duration::from_millis(millis)))
}

/// Makes a call and repeats it while it fails with `UNAVAILABLE` or `RESOURCE_EXHAUSTED`, as the policy allows.
///
/// The clients of [`Amber`](crate::Amber) repeat by themselves what the contract marks `NO_SIDE_EFFECTS` or `IDEMPOTENT`.
/// This is for what only the caller knows to be harmless, and for several calls that belong together.
///
/// ```no_run
/// use amber_sdk::v1::TriggerIngestionRequest;
/// use amber_sdk::{Amber, RetryPolicy, retrying};
///
/// # async fn example(amber: Amber) -> Result<(), tonic::Status> {
/// // Two equal runs are one while the first waits, so this may be asked twice.
/// let answer = retrying(&RetryPolicy::default(), || {
///     let mut ingestion = amber.ingestion();
///     async move { ingestion.trigger_ingestion(TriggerIngestionRequest::default()).await }
/// })
/// .await?;
/// println!("the run {}", answer.into_inner().run_id);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The status of the last call.
#[expect(clippy::disallowed_methods, reason = "a client owns its jitter; the law is tested on its own")]
pub async fn retrying<T, F>(policy: &RetryPolicy, call: impl FnMut() -> F) -> Result<T, Status>
where
    F: Future<Output = Result<T, Status>>,
{
    repeat(policy, call, rand::random::<f64>, tokio::time::sleep).await
}

/// [`retrying`] with the draws and the sleep given.
async fn repeat<T, F, S>(
    policy: &RetryPolicy,
    mut call: impl FnMut() -> F,
    mut draw: impl FnMut() -> f64,
    mut sleep: impl FnMut(Duration) -> S,
) -> Result<T, Status>
where
    F: Future<Output = Result<T, Status>>,
    S: Future<Output = ()>,
{
    let mut n = 0;
    loop {
        let refusal = match call().await {
            Ok(answer) => return Ok(answer),
            Err(refusal) => refusal,
        };
        let Some(wait) = policy.wait(n, &refusal, draw()) else { return Err(refusal) };
        sleep(wait).await;
        n += 1;
    }
}

#[cfg(test)]
mod tests;
