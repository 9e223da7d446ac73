//! Redis decides while it can, this process when Redis cannot. No call fails or waits long because of Redis.
//!
//! This is the one place where a failure of Redis becomes a decision, and each such time is counted with its reason.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::breaker::Breaker;
use super::deny_cache::DenyCache;
use super::{Decision, Error, Identity, Limiter, LocalLimiter, Policy, SharedLimiter, Transport};
use crate::domain::Entropy;
use crate::telemetry::Metrics;

/// The longest pause between two probes; by chance it is as short as half of that. With the time of a probe it keeps the
/// return to Redis below half a second.
const PROBE_PAUSE: Duration = Duration::from_millis(150);
/// Callers whose refusal is remembered for a moment.
const MOST_DENIED: usize = 10_000;

/// Who decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Redis, for all replicas.
    Redis,
    /// This process by itself.
    Local,
    /// A refusal of Redis that still holds.
    DenyCache,
}

impl Source {
    /// The name in metrics and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Local => "local",
            Self::DenyCache => "deny_cache",
        }
    }
}

/// A decision and who made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruling {
    /// The decision.
    pub decision: Decision,
    /// Who made it.
    pub source: Source,
}

/// The limiter that always decides.
pub struct FailOpen {
    local: LocalLimiter,
    shared: Option<Arc<Shared>>,
    metrics: Metrics,
}

/// Redis and what is known of it.
struct Shared {
    limiter: SharedLimiter,
    breaker: Breaker,
    denied: DenyCache,
    metrics: Metrics,
}

/// Carries questions to Redis and finds out when it is back; it must be run.
pub struct Worker {
    shared: Arc<Shared>,
    transport: Transport,
    entropy: Arc<dyn Entropy>,
}

impl FailOpen {
    /// A limiter without Redis.
    #[must_use]
    pub fn local(local: LocalLimiter, metrics: Metrics) -> Self {
        Self { local, shared: None, metrics }
    }

    /// A limiter on Redis, which falls back on `local`.
    #[must_use]
    pub fn new(
        (limiter, transport): (SharedLimiter, Transport),
        local: LocalLimiter,
        metrics: Metrics,
        entropy: Arc<dyn Entropy>,
    ) -> (Self, Worker) {
        let (breaker, denied) = (Breaker::default(), DenyCache::new(MOST_DENIED));
        let shared = Arc::new(Shared { limiter, breaker, denied, metrics: metrics.clone() });
        let worker = Worker { shared: Arc::clone(&shared), transport, entropy };
        (Self { local, shared: Some(shared), metrics }, worker)
    }

    /// Takes the permits of all these policies or of none.
    ///
    /// # Panics
    /// When there are no policies.
    pub async fn check(&self, identity: &Identity, policies: &[Policy]) -> Ruling {
        let Some(shared) = &self.shared else { return self.decide_alone(identity, policies) };
        if let Some(decision) = never(policies) {
            return Ruling { decision, source: Source::Local };
        }
        if let Some(decision) = shared.denied.find(identity, policies) {
            return Ruling { decision, source: Source::DenyCache };
        }
        match shared.ask(identity, policies).await {
            Some(decisions) => {
                let decision = strictest(&decisions);
                self.local.mirror(identity, &decisions);
                if !decision.allowed {
                    shared.denied.note(identity, policies, &decision);
                }
                Ruling { decision, source: Source::Redis }
            }
            None => self.decide_alone(identity, policies),
        }
    }

    /// What the buckets of a caller hold, by who decides at this moment.
    pub async fn show(&self, identity: &Identity, policies: &[Policy]) -> (Vec<Decision>, Source) {
        let looks: Vec<Policy> = policies.iter().map(|policy| Policy { cost: 0, ..*policy }).collect();
        if let Some(shared) = &self.shared
            && let Some(decisions) = shared.ask(identity, &looks).await
        {
            return (decisions, Source::Redis);
        }
        (self.local.take(identity, &looks), Source::Local)
    }

    /// Fills the buckets of a caller, here and in Redis; true when one of them was not full.
    ///
    /// # Errors
    /// When Redis cannot be reached, and so only this process has forgotten the caller.
    pub async fn reset(&self, identity: &Identity) -> Result<bool, Error> {
        let was_used = self.local.fill(identity);
        let Some(shared) = &self.shared else { return Ok(was_used) };
        let was_used_there = shared.limiter.reset(identity).await;
        shared.denied.forget(identity);
        was_used_there.map(|was_used_there| was_used || was_used_there)
    }

    /// Forgets what is of no use any more; call it now and then.
    pub fn forget_idle(&self) {
        self.local.forget_idle();
        self.metrics.limit_callers(self.local.callers());
        self.shared.iter().for_each(|shared| shared.denied.forget_idle());
    }

    fn decide_alone(&self, identity: &Identity, policies: &[Policy]) -> Ruling {
        Ruling { decision: strictest(&self.local.take(identity, policies)), source: Source::Local }
    }
}

fn strictest(decisions: &[Decision]) -> Decision {
    Decision::strictest(decisions).expect("every call that is limited has a policy")
}

/// The refusal of a call that costs more than a bucket holds, for which nobody needs to be asked.
fn never(policies: &[Policy]) -> Option<Decision> {
    let policy = policies.iter().find(|policy| policy.cost > policy.quota.burst.get())?;
    let (limit, reset_after) = (policy.quota.burst.get(), Duration::ZERO);
    Some(Decision {
        policy: policy.name,
        allowed: false,
        limit,
        remaining: limit,
        reset_after,
        retry_after: Duration::MAX,
    })
}

impl Shared {
    /// What Redis says; None when it cannot be asked, which is counted.
    async fn ask(&self, identity: &Identity, policies: &[Policy]) -> Option<Vec<Decision>> {
        if self.breaker.is_open() {
            self.metrics.limit_fallback("breaker");
            return None;
        }
        let error = match self.limiter.decide(identity, policies).await {
            Ok(decisions) => {
                self.breaker.succeed();
                return Some(decisions);
            }
            Err(error) => error,
        };
        self.metrics.limit_fallback(reason(&error));
        debug!(%error, "Redis did not decide about a call: {error}.");
        // A full queue says that there are many callers, not that Redis is away.
        let is_news = !matches!(error, Error::QueueFull | Error::Abandoned);
        if is_news && self.breaker.fail() {
            self.metrics.limit_breaker(true);
            warn!(%error, "Redis does not count calls ({error}): until it does, this process limits by itself.");
        }
        None
    }
}

fn reason(error: &Error) -> &'static str {
    match error {
        Error::Timeout(_) => "timeout",
        Error::QueueFull => "queue_full",
        Error::Abandoned => "breaker",
        Error::Redis(_) | Error::Answer => "error",
    }
}

impl Worker {
    /// Works until `stop`. After a panic it may be called again; whoever waited for Redis was told not to.
    pub async fn run(&mut self, stop: CancellationToken) {
        let Self { shared, transport, entropy } = self;
        let watch = stop.run_until_cancelled(watch(shared, entropy.as_ref()));
        tokio::join!(transport.run_but_abandon(stop.clone(), shared.breaker.abandoned()), watch);
    }
}

/// Connects before the first caller comes, and again whenever Redis was given up.
async fn watch(shared: &Shared, entropy: &dyn Entropy) {
    if let Err(error) = shared.limiter.probe().await {
        warn!(%error, "Redis does not count calls yet ({error}): until it does, this process limits by itself.");
        while !shared.breaker.is_open() {
            shared.breaker.fail();
        }
        shared.metrics.limit_breaker(true);
    }
    loop {
        shared.breaker.opened().await;
        loop {
            sleep(PROBE_PAUSE.mul_f64(0.5 + entropy.unit() / 2.0)).await;
            match shared.limiter.probe().await {
                Ok(()) => break,
                Err(error) => debug!(%error, "Redis still does not count calls: {error}."),
            }
        }
        shared.breaker.close();
        shared.metrics.limit_breaker(false);
        info!("Redis counts calls again.");
    }
}
