//! One call to a store, bounded in time and size, and repeated while that may help.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, StatusCode, redirect};
use tracing::debug;

use super::Error;
use crate::config::SecretBytes;
use crate::domain::Entropy;
use crate::resilience::{Backoff, RetryPolicy, Verdict};

/// The longest time for one attempt.
const CALL_LIMIT: Duration = Duration::from_secs(5);

/// The longest time to be connected.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// The longest answer: a batch of the largest secrets that a cloud takes, 64 KiB each, is shorter in all but odd cases.
const LONGEST_ANSWER: usize = 2 * 1024 * 1024;

/// The longest secret; that of Google Cloud and AWS Secrets Manager is as long.
pub(super) const LONGEST_SECRET: usize = 64 * 1024;

/// How much of a refusal is shown.
const SHOWN: usize = 300;

/// Full jitter, as for any other call, but sooner over: a start waits for it, and a poll comes again.
const RETRY: RetryPolicy = RetryPolicy {
    backoff: Backoff { base: Duration::from_millis(250), factor: 2, cap: Duration::from_secs(4) },
    max_retries: 5,
    max_imposed_wait: Duration::from_secs(10),
};

/// Makes calls for one store.
pub(super) struct Caller {
    pub(super) http: reqwest::Client,
    store: &'static str,
    entropy: Arc<dyn Entropy>,
}

/// An answer of the store; its body may hold secrets.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: SecretBytes,
}

/// Why an attempt failed, and whether another one may succeed.
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) verdict: Verdict,
}

impl Failed {
    pub(super) fn for_good(error: Error) -> Self {
        Self { error, verdict: Verdict::GiveUp }
    }
}

impl Caller {
    pub(super) fn new(store: &'static str, entropy: Arc<dyn Entropy>) -> Result<Self, Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_LIMIT)
            .timeout(CALL_LIMIT)
            // Whoever redirects must get neither credentials nor a say.
            .redirect(redirect::Policy::none())
            .user_agent(concat!("amber/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::Setup { store, reason: error.to_string() })?;
        Ok(Self { http, store, entropy })
    }

    /// Sends what `request` makes until `read` understands the answer, it is refused for good, or the retries are spent.
    pub(super) async fn call<T>(
        &self,
        request: impl Fn() -> Result<RequestBuilder, Error>,
        read: impl Fn(&Answer) -> Result<T, Failed>,
    ) -> Result<T, Error> {
        let (request, read) = (&request, &read);
        let attempt = || async move {
            let answer = self.send(request().map_err(Failed::for_good)?).await?;
            read(&answer)
        };
        let told = |failed: &Failed, retry: crate::resilience::Retry| {
            let Failed { error, .. } = failed;
            debug!(%error, number = retry.number, "{error}; it is asked again in {:?}.", retry.wait);
        };
        let outcome = RETRY.run(Arc::clone(&self.entropy), attempt, |failed| failed.verdict, told).await;
        outcome.map_err(|failed| failed.error)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, Failed> {
        let mut response = request.send().await.map_err(|error| self.unreached(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreached(&error))? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(Failed::for_good(self.unusable("several secrets", "the answer is longer than 2 MiB")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body: SecretBytes::new(body) })
    }

    /// The network failed, which passes as a rule. The error says nothing of what was sent.
    fn unreached(&self, error: &reqwest::Error) -> Failed {
        let reason = match error {
            error if error.is_timeout() => format!("it did not answer within {} s", CALL_LIMIT.as_secs()),
            error if error.is_connect() => "it was not reached".to_owned(),
            _ => "the connection broke".to_owned(),
        };
        let error = Error::Unavailable { store: self.store, reason };
        Failed { error, verdict: Verdict::Retry { after: None } }
    }

    /// The store failed, or wants fewer calls.
    pub(super) fn unavailable(&self, answer: &Answer, reason: &str) -> Failed {
        let error = Error::Unavailable { store: self.store, reason: shown(reason) };
        Failed { error, verdict: Verdict::Retry { after: answer.retry_after() } }
    }

    pub(super) fn refused(&self, name: &str, reason: &str) -> Error {
        Error::Refused { store: self.store, name: name.to_owned(), reason: shown(reason) }
    }

    pub(super) fn forbidden(&self, name: &str, reason: &str, remedy: &'static str) -> Error {
        Error::Forbidden { store: self.store, name: name.to_owned(), reason: shown(reason), remedy }
    }

    pub(super) fn unusable(&self, name: &str, problem: &'static str) -> Error {
        Error::Unusable { store: self.store, name: name.to_owned(), problem }
    }

    pub(super) fn no_credentials(&self, reason: &str, remedy: &'static str) -> Error {
        Error::Credentials { store: self.store, reason: shown(reason), remedy }
    }
}

impl Answer {
    /// The seconds of `Retry-After`; dates are not used by these stores.
    fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

/// The beginning of what a store said, in one line.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHOWN).collect()
}
