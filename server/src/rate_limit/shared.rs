//! The limiter of all replicas, in Redis.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::try_join_all;
use tokio::time::{Instant, timeout};

use super::script::{Question, decisions, invocation};
use super::transport::{Asker, Transport, transport};
use super::{Decision, Error, Identity, Limiter, Policy};
use crate::domain::{PolicyName, Quota};
use crate::redis::{Line, Place, Pool};

/// How long a reset may take. It is a rare call of an administrator, who would rather wait than ask again.
const RESET_LIMIT: Duration = Duration::from_secs(2);
/// How long a new connection may take, and how long until it has proved itself; longer where a decision may take longer.
const CONNECT_LIMIT: Duration = Duration::from_millis(150);
const PROBE_LIMIT: Duration = Duration::from_millis(250);

/// The buckets that probes draw on. They are never empty, and gone after a few milliseconds.
const PROBE_KEY: &str = "rate_limit:probe";
/// How many of them there are in a cluster, so that hardly a node is left out.
const PROBES: usize = 16;
const PROBE: Policy = Policy {
    name: PolicyName::Anonymous,
    quota: Quota { permits: MILLION, window: Duration::from_secs(1), burst: MILLION },
    cost: 1,
};
const MILLION: NonZeroU32 = NonZeroU32::new(1_000_000).expect("it is above zero");

/// How Redis is reached.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it is.
    pub place: Place,
    /// The longest that a decision may take, with connecting and waiting.
    pub budget: Duration,
}

/// Counts calls in Redis, by the script `gcra.lua` and the time of Redis.
#[derive(Debug, Clone)]
pub struct SharedLimiter {
    asker: Asker,
    line: Arc<Line>,
    pool: Pool,
    budget: Duration,
}

impl SharedLimiter {
    /// Makes a limiter and the transport that it needs. Nothing is connected before the first use.
    #[must_use]
    pub fn new(settings: Settings) -> (Self, Transport) {
        let Settings { place, budget } = settings;
        let line = Arc::new(Line::new(place.clone(), CONNECT_LIMIT.max(budget)));
        let pool = Pool::new(place);
        let (asker, transport) = transport(Arc::clone(&line), budget);
        (Self { asker, line, pool, budget }, transport)
    }

    /// Connects anew and sees whether Redis counts again, and fast enough.
    ///
    /// # Errors
    /// Why it does not.
    pub(super) async fn probe(&self) -> Result<(), Error> {
        self.line.renew();
        let probes = if self.line.is_cluster() { PROBES } else { 1 };
        let counts = async || try_join_all((0..probes).map(|n| self.try_out(format!("{PROBE_KEY}:{n}")))).await;
        let limit = PROBE_LIMIT.max(2 * self.budget);
        // The first call connects and loads the script; the second one is as fast as those that follow.
        timeout(limit, counts()).await.map_err(|_| Error::Timeout(limit))??;
        let started = Instant::now();
        timeout(limit, counts()).await.map_err(|_| Error::Timeout(limit))??;
        if started.elapsed() > self.budget { Err(Error::Timeout(self.budget)) } else { Ok(()) }
    }

    async fn try_out(&self, key: String) -> Result<(), Error> {
        let question = Question { key, policies: vec![PROBE] };
        let numbers = self.line.call(&invocation([&question].into_iter())).await?;
        decisions([&question].into_iter(), &numbers).map(drop)
    }
}

#[async_trait]
impl Limiter for SharedLimiter {
    async fn decide(&self, identity: &Identity, policies: &[Policy]) -> Result<Vec<Decision>, Error> {
        let answer = self.asker.ask(Question::new(identity, policies));
        timeout(self.budget, answer).await.unwrap_or(Err(Error::Timeout(self.budget)))
    }

    async fn reset(&self, identity: &Identity) -> Result<bool, Error> {
        Ok(self.pool.delete(&identity.to_string(), RESET_LIMIT).await?)
    }
}
