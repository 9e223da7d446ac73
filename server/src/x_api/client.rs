//! The client: every call passes the parking, the breaker and the retries.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use tokio::time::Instant;

use super::answer::Failure;
use super::endpoint::Request;
use super::parking::Parking;
use super::rate_limit::Limits;
use super::transport::Transport;
use super::user::Names;
use super::{
    Endpoint, Error, Fault, Observer, PostLookup, RateLimit, TimelinePage, TimelineRequest, UserLookup, page,
    posts_lookup, user,
};
use crate::domain::{Clock, Entropy, ExternalId, Handle, UserId};
use crate::resilience::{CircuitBreaker, RetryPolicy};

/// The most accounts or posts that X looks up in one request.
const LOOKUP_SIZE: usize = 100;

/// Where X is, and how long it may take.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address before `/2/...`.
    pub base_url: String,
    /// The application's bearer token.
    pub bearer: SecretString,
    /// The most time to make a connection.
    pub connect_timeout: Duration,
    /// The most time from the request to the end of the answer, for one attempt.
    pub request_timeout: Duration,
    /// The largest answer in bytes, after decompression.
    pub max_body: usize,
}

impl Settings {
    /// The usual bounds: 5 s to connect, 30 s for an answer of up to 16 MiB.
    #[must_use]
    pub fn new(base_url: impl Into<String>, bearer: SecretString) -> Self {
        Self {
            base_url: base_url.into(),
            bearer,
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
            max_body: 16 * 1024 * 1024,
        }
    }
}

/// A client of the X API v2.
///
/// A call counts once for the breaker, after its retries, and the one call of a half-open breaker is not retried. Any
/// answer that is no sign of trouble, a refusal included, counts as a success: X is there.
#[derive(Debug)]
pub struct Client {
    transport: Transport,
    retry: RetryPolicy,
    breaker: CircuitBreaker,
    parking: Parking,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    observer: Arc<dyn Observer>,
}

impl Client {
    /// A client; no connection is made yet.
    ///
    /// # Errors
    /// [`Error::Setup`] when the base URL is none, or TLS cannot be set up.
    pub fn new(
        settings: Settings,
        retry: RetryPolicy,
        breaker: CircuitBreaker,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, Error> {
        let transport = Transport::new(settings)?;
        let parking = Parking::new(clock.clone(), entropy.clone(), retry.backoff);
        Ok(Self { transport, retry, breaker, parking, clock, entropy, observer })
    }

    /// Looks accounts up by handle, 100 per request.
    ///
    /// # Errors
    /// The first request that gives nothing; an account that X does not give is a problem of the lookup, no error.
    pub async fn users_by_usernames(&self, handles: &[Handle]) -> Result<UserLookup, Error> {
        self.look_up(handles.chunks(LOOKUP_SIZE).map(Names::Handles)).await
    }

    /// Looks accounts up by number, 100 per request: a handle may have changed, a number does not.
    ///
    /// # Errors
    /// The first request that gives nothing; an account that X does not give is a problem of the lookup, no error.
    pub async fn users_by_ids(&self, ids: &[UserId]) -> Result<UserLookup, Error> {
        self.look_up(ids.chunks(LOOKUP_SIZE).map(Names::Ids)).await
    }

    /// Fetches one page of an account's posts.
    ///
    /// # Errors
    /// When X gives no page; [`TimelinePage::state`] tells of an account without a timeline.
    pub async fn user_timeline(&self, request: TimelineRequest) -> Result<TimelinePage, Error> {
        let owner = request.user;
        let page = self.call(&Request::timeline(&request), |body| page::parse(body, Some(owner))).await?;
        for (field, count) in &page.missing_fields {
            self.observer.on_missing_field(field, *count);
        }
        Ok(page)
    }

    /// Looks posts up by number, 100 per request.
    ///
    /// # Errors
    /// The first request that gives nothing; a post that X does not give is part of the lookup, no error.
    pub async fn posts_by_ids(&self, ids: &[ExternalId]) -> Result<PostLookup, Error> {
        let mut found = PostLookup::default();
        for ids in ids.chunks(LOOKUP_SIZE) {
            let part = self.call(&Request::posts(ids), |body| posts_lookup::parse(body, ids)).await?;
            for (field, count) in &part.missing_fields {
                self.observer.on_missing_field(field, *count);
            }
            found.add(part);
        }
        Ok(found)
    }

    /// The endpoints that rest because of a rate limit, and until when.
    #[must_use]
    pub fn rate_limited_until(&self) -> BTreeMap<Endpoint, Timestamp> {
        self.parking.resting()
    }

    /// The rate limits as X last told them.
    #[must_use]
    pub fn rate_limits(&self) -> BTreeMap<Endpoint, RateLimit> {
        self.parking.limits()
    }

    async fn look_up<'a>(&self, chunks: impl Iterator<Item = Names<'a>>) -> Result<UserLookup, Error> {
        let mut found = UserLookup::default();
        for names in chunks {
            let part = self.call(&Request::users(&names), user::parse_lookup).await?;
            found.users.extend(part.users);
            found.problems.extend(part.problems);
        }
        Ok(found)
    }

    async fn call<T>(&self, request: &Request, parse: impl Fn(&Value) -> Result<T, Fault>) -> Result<T, Error> {
        let endpoint = request.endpoint;
        self.parking.check(endpoint)?;
        let permit = self.breaker.permit()?;
        let policy = if permit.is_probe() { self.retry.once() } else { self.retry };
        let attempts = AtomicU32::new(0);
        let attempt = || {
            attempts.fetch_add(1, Ordering::Relaxed);
            self.attempt(request, &parse)
        };
        let on_retry = |failure: &Failure, retry| {
            if let Failure::Passing(fault) = failure {
                self.observer.on_retry(endpoint, fault, retry);
            }
        };
        let failure = match policy.run(self.entropy.clone(), attempt, Failure::verdict, on_retry).await {
            Ok(value) => {
                permit.succeed();
                return Ok(value);
            }
            Err(failure) => failure,
        };
        match failure {
            Failure::Passing(last) => {
                permit.fail();
                Err(Error::Unavailable { attempts: attempts.into_inner(), last })
            }
            Failure::Final(error) => {
                permit.succeed();
                Err(error)
            }
        }
    }

    async fn attempt<T>(&self, request: &Request, parse: impl Fn(&Value) -> Result<T, Fault>) -> Result<T, Failure> {
        let (endpoint, started) = (request.endpoint, Instant::now());
        let answer = self.transport.get(request).await?;
        self.observer.on_response(endpoint, answer.status.as_u16(), started.elapsed());
        let limits = Limits::read(&answer.headers, self.clock.now());
        self.observer.on_rate_limit(endpoint, limits.short_window());
        if answer.is_rate_limited() {
            let until = self.parking.refused(endpoint, &limits);
            self.observer.on_rate_limited(endpoint, until);
            return Err(Failure::Final(Error::RateLimited { until, endpoint }));
        }
        let body = answer.open(&limits)?;
        self.parking.learn(endpoint, &limits);
        Ok(parse(&body)?)
    }
}
