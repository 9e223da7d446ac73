//! The limits of a server: finds the policies of a call, has them decided, and counts the decisions.

use std::net::IpAddr;

use tracing::warn;

use super::policy::Draw;
use super::{Decision, FailOpen, Identity, Policies, Policy, Ruling, Source};
use crate::domain::Principal;
use crate::telemetry::Metrics;

/// The limits of a server.
pub struct Limits {
    policies: Policies,
    limiter: FailOpen,
    metrics: Metrics,
}

/// What the buckets of a caller hold.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The limits in the order of `PolicyName::ALL`, each with whether it only counts.
    pub limits: Vec<(Decision, bool)>,
    /// Whose buckets these are.
    pub source: Source,
}

/// What a reset did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reset {
    /// One of the buckets was not full.
    pub was_used: bool,
    /// All replicas have forgotten the caller, or will within a second. Else Redis could not be reached, and only the
    /// process that was asked has.
    pub everywhere: bool,
}

impl Limits {
    /// Limits by this table.
    #[must_use]
    pub fn new(policies: Policies, limiter: FailOpen, metrics: Metrics) -> Self {
        Self { policies, limiter, metrics }
    }

    /// Takes what a call costs, or says when there will be enough; None when the call is free.
    pub async fn check(&self, path: &str, principal: &Principal, address: IpAddr) -> Option<Decision> {
        let Draw { identity, policies } = self.policies.of(path, principal, address)?;
        let (shadow, binding): (Vec<_>, Vec<_>) =
            policies.into_iter().partition(|policy| self.policies.is_shadow(policy.name));
        if shadow.is_empty() {
            return self.rule(&identity, &binding, "refused").await;
        }
        // A policy that only counts must not keep the others from being charged.
        let (bound, counted) =
            tokio::join!(self.rule(&identity, &binding, "refused"), self.rule(&identity, &shadow, "shadowed"));
        let passed = |told: Decision| Decision { allowed: true, retry_after: std::time::Duration::ZERO, ..told };
        bound.or_else(|| counted.map(passed))
    }

    /// What the buckets of a caller hold.
    pub async fn show(&self, identity: &Identity) -> Standing {
        let (decisions, source) = self.limiter.show(identity, &self.policies.all()).await;
        let limits = decisions.into_iter().map(|told| (told, self.policies.is_shadow(told.policy))).collect();
        Standing { limits, source }
    }

    /// Fills the buckets of a caller.
    pub async fn reset(&self, identity: &Identity) -> Reset {
        match self.limiter.reset(identity).await {
            Ok(was_used) => Reset { was_used, everywhere: true },
            Err(error) => {
                warn!(%error, "The limits of a caller were reset in this process only: {error}.");
                Reset { was_used: true, everywhere: false }
            }
        }
    }

    /// Forgets what is of no use any more; call it now and then.
    pub fn forget_idle(&self) {
        self.limiter.forget_idle();
    }

    /// Decides by these policies, of which there may be none.
    async fn rule(&self, identity: &Identity, policies: &[Policy], refusal: &'static str) -> Option<Decision> {
        if policies.is_empty() {
            return None;
        }
        let Ruling { decision, source } = self.limiter.check(identity, policies).await;
        let outcome = if decision.allowed { "allowed" } else { refusal };
        self.metrics.limit_decision(decision.policy.as_str(), outcome, source.as_str());
        Some(decision)
    }
}
