//! How a call is made: asked of the governor before each attempt, sent, judged, and retried where that helps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::answer::{Answer, Failure};
use super::credential::Credential;
use super::endpoint::Request;
use super::rate_limit::Limits;
use super::{Client, Error, Fault, Line, Permit, billing};
use crate::domain::Reads;
use crate::resilience::{Allowance, Ask, Decision, Refusal, Report, Verdict};

/// How often a call that has to wait for others asks again.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// An attempt that gave nothing.
struct Missed {
    failure: Failure,
    /// None when no attempt was made.
    permit: Option<Permit>,
}

impl Missed {
    /// The probe of a half-open breaker is a single attempt.
    fn verdict(&self) -> Verdict {
        let is_probe = self.permit.as_ref().is_some_and(|permit| permit.pass.is_probe);
        if is_probe { Verdict::GiveUp } else { self.failure.verdict() }
    }
}

impl<E: Into<Error>> From<E> for Missed {
    fn from(error: E) -> Self {
        Self { failure: Failure::Final(error.into()), permit: None }
    }
}

impl Client {
    pub(super) async fn call<T>(
        &self,
        request: &Request,
        parse: impl Fn(&Value) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        let attempts = AtomicU32::new(0);
        let attempt = || {
            attempts.fetch_add(1, Ordering::Relaxed);
            self.attempt(request, &parse)
        };
        let on_retry = |missed: &Missed, retry| {
            if let Failure::Passing(fault) = &missed.failure {
                self.observer.on_retry(request.endpoint, fault, retry);
            }
        };
        let missed = match self.retry.run(self.entropy.clone(), attempt, Missed::verdict, on_retry).await {
            Ok(value) => return Ok(value),
            Err(missed) => missed,
        };
        match missed.failure {
            Failure::Final(error) => Err(error),
            Failure::Passing(last) => {
                if let Some(permit) = &missed.permit {
                    self.governor.failed(permit).await?;
                }
                Err(Error::Unavailable { attempts: attempts.into_inner(), last })
            }
        }
    }

    /// Makes one attempt; a second one when X refused a bearer token that was replaced meanwhile.
    async fn attempt<T>(&self, request: &Request, parse: impl Fn(&Value) -> Result<T, Fault>) -> Result<T, Missed> {
        let credential = self.wallet.current();
        let outcome = self.attempt_as(&credential, request, &parse).await;
        match &outcome {
            Err(Missed { failure: Failure::Final(Error::Unauthorized), .. }) => {}
            _ => return outcome,
        }
        let newer = self.wallet.current();
        if Arc::ptr_eq(&credential, &newer) {
            return outcome;
        }
        self.attempt_as(&newer, request, &parse).await
    }

    async fn attempt_as<T>(
        &self,
        credential: &Credential,
        request: &Request,
        parse: impl Fn(&Value) -> Result<T, Fault>,
    ) -> Result<T, Missed> {
        let endpoint = request.endpoint;
        let permit = self.reserve(request, credential).await?;
        let (request, started) = (request.clone().with_at_most(permit.posts), Instant::now());
        let answer = match self.transport.get(&request, credential).await {
            Ok(answer) => answer,
            Err(fault) => {
                // Without a connection it did not get there.
                let report = Report { is_lost: fault != Fault::Connect, ..Report::default() };
                self.governor.settle(&permit, &report).await?;
                return Err(Missed { failure: Failure::Passing(fault), permit: Some(permit) });
            }
        };
        self.observer.on_response(endpoint, answer.status.as_u16(), started.elapsed());
        let limits = Limits::read(&answer.headers, self.clock.now());
        self.observer.on_rate_limit(endpoint, limits.short_window());
        if answer.is_rate_limited() {
            return Err(self.refused(permit, &limits).await?);
        }
        let (outcome, reads) = read(&answer, &limits, &request, parse);
        // A usage cap is told with windows that have nothing to do with it.
        let is_cap = matches!(outcome, Err(Failure::Final(Error::UsageCapped { .. })));
        let windows = limits.windows();
        let report = Report {
            is_lost: windows.is_empty(),
            windows: if is_cap { Vec::new() } else { windows },
            refusal: None,
            reads,
            is_alive: !matches!(outcome, Err(Failure::Passing(_))),
        };
        if !reads.is_empty() {
            self.observer.on_reads(endpoint, reads);
        }
        self.governor.settle(&permit, &report).await?;
        outcome.map_err(|failure| Missed { failure, permit: Some(permit) })
    }

    /// Lets the endpoint rest after a 429.
    async fn refused(&self, permit: Permit, limits: &Limits) -> Result<Missed, Missed> {
        let endpoint = permit.line.endpoint;
        let unit = self.entropy.unit();
        let backoff = || {
            let standing = self.governor.standing(&permit.line.credential);
            let refusals = standing.allowances.get(&endpoint).map_or(0, Allowance::refusals);
            self.retry.backoff.delay(refusals, self.entropy.unit())
        };
        let rest = limits.rest().unwrap_or_else(backoff);
        let refusal = Some(Refusal { rest, longest: limits.longest_rest(), unit });
        let report = Report { windows: limits.windows(), refusal, is_alive: true, ..Report::default() };
        let until = self.governor.settle(&permit, &report).await?.unwrap_or_else(|| self.clock.now());
        self.observer.on_rate_limited(endpoint, until);
        Ok(Missed { failure: Failure::Final(Error::RateLimited { until, endpoint }), permit: Some(permit) })
    }

    /// Asks until the call may be made or must not. Calls of others that hold it up are over within `hold`.
    async fn reserve(&self, request: &Request, credential: &Credential) -> Result<Permit, Error> {
        let endpoint = request.endpoint;
        let line = Line { credential: credential.fingerprint.clone(), endpoint };
        let ask = Ask { demand: request.demand, hold: self.hold };
        let started = Instant::now();
        loop {
            match self.governor.reserve(&line, &ask).await? {
                Decision::Granted(permit) => return Ok(permit),
                Decision::Busy if started.elapsed() < self.hold => {
                    sleep(ASK_AGAIN.mul_f64(0.5 + self.entropy.unit())).await;
                }
                Decision::Busy => return Err(Error::RateLimited { until: self.clock.now(), endpoint }),
                Decision::RateLimited { until } => return Err(Error::RateLimited { until, endpoint }),
                Decision::Open { retry_after } => return Err(Error::BreakerOpen { retry_after }),
                Decision::Spent { until } => return Err(Error::BudgetSpent { until }),
            }
        }
    }
}

/// What an answer means, and what X bills for it; also when it cannot be understood.
fn read<T>(
    answer: &Answer,
    limits: &Limits,
    request: &Request,
    parse: impl Fn(&Value) -> Result<T, Fault>,
) -> (Result<T, Failure>, Reads) {
    match answer.open(limits) {
        Err(failure) => (Err(failure), Reads::default()),
        Ok(body) => {
            let reads = billing::reads(request.endpoint, &body);
            (parse(&body).map_err(Failure::from), reads)
        }
    }
}
