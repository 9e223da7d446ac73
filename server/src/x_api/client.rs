//! The client: what can be asked of X. How a call is made is in `call`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

use super::credential::Wallet;
use super::endpoint::Request;
use super::transport::Transport;
use super::user::Names;
use super::{
    Endpoint, Error, Governor, Observer, PostLookup, RateLimit, Standing, TimelinePage, TimelineRequest, UserLookup,
    page, posts_lookup, user,
};
use crate::domain::{Clock, Entropy, ExternalId, Handle, UserId};
use crate::resilience::{Allowance, RetryPolicy};

/// The most accounts or posts that X looks up in one request.
const LOOKUP_SIZE: usize = 100;

/// How much longer than its request an attempt may take.
const BOOKKEEPING: Duration = Duration::from_secs(15);

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
/// The [`Governor`] is asked before each attempt. A call counts once for the breaker, after its retries, and the one call
/// of a half-open breaker is not retried. Any answer that is no sign of trouble, a refusal included, counts as a
/// success: X is there.
#[derive(Debug)]
pub struct Client {
    pub(super) transport: Transport,
    pub(super) wallet: Wallet,
    pub(super) retry: RetryPolicy,
    /// How long one attempt may take, its bookkeeping included.
    pub(super) hold: Duration,
    pub(super) governor: Arc<dyn Governor>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) observer: Arc<dyn Observer>,
}

impl Client {
    /// A client; no connection is made yet.
    ///
    /// # Errors
    /// [`Error::Setup`] when the base URL is none, or TLS cannot be set up.
    pub fn new(
        settings: Settings,
        retry: RetryPolicy,
        governor: Arc<dyn Governor>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, Error> {
        let transport = Transport::new(&settings)?;
        let hold = settings.request_timeout + BOOKKEEPING;
        let wallet = Wallet::new(settings.bearer)?;
        Ok(Self { transport, wallet, retry, hold, governor, clock, entropy, observer })
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
        self.tell_missing(&page.missing_fields);
        Ok(page)
    }

    /// Looks posts up by number, 100 per request, without the posts that they refer to: a repost is marked as cut.
    ///
    /// # Errors
    /// The first request that gives nothing; a post that X does not give is part of the lookup, no error.
    pub async fn posts_by_ids(&self, ids: &[ExternalId]) -> Result<PostLookup, Error> {
        let mut found = PostLookup::default();
        for ids in ids.chunks(LOOKUP_SIZE) {
            let part = self.call(&Request::posts(ids), |body| posts_lookup::parse(body, ids)).await?;
            self.tell_missing(&part.missing_fields);
            found.add(part);
        }
        Ok(found)
    }

    /// Puts another bearer token in place of the present one; false when it is the same. Calls under way end with the
    /// old one; one that X refuses for it is made again with the new one.
    ///
    /// # Errors
    /// [`Error::Setup`] when no header can carry the token; the present one stays.
    pub fn replace_bearer(&self, bearer: SecretString) -> Result<bool, Error> {
        self.wallet.replace(bearer)
    }

    /// Brings [`Client::standing`] up to date with what other replicas did.
    ///
    /// # Errors
    /// [`Error::Ungoverned`] when the governor cannot be asked.
    pub async fn refresh(&self) -> Result<(), Error> {
        Ok(self.governor.refresh(&self.wallet.current().fingerprint).await?)
    }

    /// How things stand: breaker, limits and what was read.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.governor.standing(&self.wallet.current().fingerprint)
    }

    /// The endpoints that rest because of a rate limit, and until when.
    #[must_use]
    pub fn rate_limited_until(&self) -> BTreeMap<Endpoint, Timestamp> {
        let now = self.clock.now();
        let allowances = self.standing().allowances.into_iter();
        allowances.filter_map(|(endpoint, allowance)| Some((endpoint, allowance.resting_until(now)?))).collect()
    }

    /// The rate limits as X last told them.
    #[must_use]
    pub fn rate_limits(&self) -> BTreeMap<Endpoint, RateLimit> {
        let told = |(endpoint, allowance): (_, Allowance)| {
            let window = allowance.short()?;
            let remaining = Some(window.remaining);
            Some((endpoint, RateLimit { limit: window.limit, remaining, reset: Some(window.reset) }))
        };
        self.standing().allowances.into_iter().filter_map(told).collect()
    }

    fn tell_missing(&self, fields: &BTreeMap<&'static str, u64>) {
        for (field, count) in fields {
            self.observer.on_missing_field(field, *count);
        }
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
}
