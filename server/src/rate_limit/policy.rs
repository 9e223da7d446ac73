//! Which quotas hold for which call: one table.

use std::net::IpAddr;

use super::Identity;
use crate::config::{Cost, RateLimit};
use crate::domain::{PolicyName, Principal, Quota};
use PolicyName::{Anonymous, Authenticated, Edge, EmbedIssue, IngestionTrigger, LeaderRefresh, TokenRedeem};

/// A policy as it holds for one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Which policy.
    pub name: PolicyName,
    /// How much it allows.
    pub quota: Quota,
    /// Permits that the call takes; zero only looks.
    pub cost: u32,
}

/// What a call draws on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draw {
    /// Whose buckets.
    pub(super) identity: Identity,
    /// Which ones; never empty.
    pub(super) policies: Vec<Policy>,
}

/// The quotas of all policies, and what calls cost.
#[derive(Debug, Clone)]
pub struct Policies {
    quotas: [Quota; PolicyName::ALL.len()],
    is_shadow: [bool; PolicyName::ALL.len()],
    costs: Vec<Cost>,
}

/// What issues embed tokens, on both adapters.
pub const EMBED_ISSUE: [&str; 2] = ["/api/embed/token", "/amber.v1.EmbedTokenService/IssueEmbedToken"];

/// Probes, health, metrics and the static files of the frame: always answered.
const FREE: [&str; 6] = ["/livez", "/readyz", "/metrics", "/api/health", "/api/metrics", "/embed/v1/frame.js"];

/// The services that are always answered.
const FREE_SERVICES: [&str; 3] = ["/grpc.health.v1.Health/", "/amber.v1.HealthService/", "/amber.v1.MetricsService/"];

/// What a call draws on, unless it is the common limit of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A limit of its own, for callers with a credential.
    Issue,
    /// A limit of its own by address, whoever calls.
    Redeem,
    /// A limit besides the common one.
    Besides(PolicyName),
}

/// The table. A part of a path in braces stands for anything without a slash.
const KINDS: [(&str, Kind); 11] = [
    (EMBED_ISSUE[0], Kind::Issue),
    (EMBED_ISSUE[1], Kind::Issue),
    ("/embed/v1/dashboards/{id}", Kind::Redeem),
    ("/embed/v1/dashboards/{id}/content", Kind::Redeem),
    ("/embed/v1/session/renew", Kind::Redeem),
    ("/amber.v1.EmbedTokenService/RedeemEmbedToken", Kind::Redeem),
    ("/amber.v1.EmbedTokenService/RenewEmbedSession", Kind::Redeem),
    ("/api/leaders/{id}/refresh", Kind::Besides(LeaderRefresh)),
    ("/amber.v1.LeaderService/RefreshLeader", Kind::Besides(LeaderRefresh)),
    ("/api/ingestion/trigger", Kind::Besides(IngestionTrigger)),
    ("/amber.v1.IngestionService/TriggerIngestion", Kind::Besides(IngestionTrigger)),
];

impl Policies {
    /// Reads the table from the configuration.
    #[must_use]
    pub fn new(limits: &RateLimit, embed_rate: Quota) -> Self {
        let quota = |name| match name {
            Anonymous => limits.anonymous,
            Authenticated => limits.authenticated,
            EmbedIssue => embed_rate,
            TokenRedeem => limits.token_redeem,
            LeaderRefresh => limits.leader_refresh,
            IngestionTrigger => limits.ingestion_trigger,
            Edge => unreachable!("it is not configured"),
        };
        let is_shadow = PolicyName::ALL.map(|name| limits.shadow.contains(&name));
        Self { quotas: PolicyName::ALL.map(quota), is_shadow, costs: limits.costs.clone() }
    }

    /// Whether calls of `path` are free.
    #[must_use]
    pub fn is_free(path: &str) -> bool {
        FREE.contains(&path) || FREE_SERVICES.iter().any(|service| path.starts_with(service))
    }

    /// Whether the policy counts without refusing.
    #[must_use]
    pub fn is_shadow(&self, name: PolicyName) -> bool {
        self.is_shadow[name.index()]
    }

    /// Every policy, as it holds for a call that only looks.
    #[must_use]
    pub fn all(&self) -> [Policy; PolicyName::ALL.len()] {
        PolicyName::ALL.map(|name| self.policy(name, 0))
    }

    /// What a call of `path` draws on; None when it is free.
    pub(super) fn of(&self, path: &str, principal: &Principal, address: IpAddr) -> Option<Draw> {
        if Self::is_free(path) {
            return None;
        }
        let kind = KINDS.iter().find(|(pattern, _)| matches(pattern, path)).map(|(_, kind)| *kind);
        let common = if *principal == Principal::Anonymous { Anonymous } else { Authenticated };
        let cost = self.costs.iter().find(|cost| matches(&cost.path, path)).map_or(1, |cost| cost.permits.get());
        let (names, identity) = match kind {
            Some(Kind::Redeem) => (vec![TokenRedeem], Identity::of_address(address)),
            Some(Kind::Issue) if common == Authenticated => (vec![EmbedIssue], Identity::of(principal, address)),
            Some(Kind::Besides(other)) => (vec![other, common], Identity::of(principal, address)),
            Some(Kind::Issue) | None => (vec![common], Identity::of(principal, address)),
        };
        Some(Draw { identity, policies: names.into_iter().map(|name| self.policy(name, cost)).collect() })
    }

    fn policy(&self, name: PolicyName, cost: u32) -> Policy {
        Policy { name, quota: self.quotas[name.index()], cost }
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let fits =
        |part: &str| parts.next().is_some_and(|given| given == part || (part.starts_with('{') && !given.is_empty()));
    pattern.split('/').all(fits) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, MapEnv};

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn policies(variables: &[(&str, &str)]) -> Policies {
        let secret = ("ADMIN_JWT_SECRET", "an-admin-secret-0123456789-abcdefgh");
        let env = variables.iter().chain([&secret]);
        let env = env.fold(MapEnv::default(), |env, (name, value)| env.with(*name, *value));
        let config = Config::load(&env).unwrap().config;
        Policies::new(&config.rate_limit, config.embed.rate)
    }

    fn names(path: &str, principal: &Principal) -> Vec<PolicyName> {
        let draw = policies(&[]).of(path, principal, PEER);
        draw.map_or(Vec::new(), |draw| draw.policies.iter().map(|policy| policy.name).collect())
    }

    fn key() -> Principal {
        Principal::Key { id: "web".into(), scopes: Vec::new() }
    }

    #[test]
    fn probes_are_free_and_everything_else_is_counted() {
        assert_eq!(names("/livez", &Principal::Anonymous), []);
        assert_eq!(names("/grpc.health.v1.Health/Check", &Principal::Anonymous), []);
        assert_eq!(names("/nowhere", &Principal::Anonymous), [Anonymous]);
        assert_eq!(names("/livez/../api/feed", &Principal::Anonymous), [Anonymous]);
    }

    #[test]
    fn tokens_are_counted_by_caller_only_after_authentication() {
        assert_eq!(names("/api/embed/token", &key()), [EmbedIssue]);
        assert_eq!(names("/api/embed/token", &Principal::Anonymous), [Anonymous]);
        assert_eq!(names("/api/feed", &key()), [Authenticated]);
    }

    #[test]
    fn what_costs_calls_to_x_is_counted_twice() {
        assert_eq!(names("/api/leaders/7/refresh", &key()), [LeaderRefresh, Authenticated]);
        assert_eq!(names("/amber.v1.LeaderService/RefreshLeader", &key()), [LeaderRefresh, Authenticated]);
        assert_eq!(names("/api/ingestion/trigger", &Principal::Anonymous), [IngestionTrigger, Anonymous]);
        assert_eq!(names("/api/leaders//refresh", &key()), [Authenticated]);
        assert_eq!(names("/api/leaders/7/refresh/x", &key()), [Authenticated]);
    }

    #[test]
    fn frames_are_counted_by_address_whoever_calls() {
        for path in ["/embed/v1/dashboards/main", "/embed/v1/dashboards/main/content", "/embed/v1/session/renew"] {
            let draw = policies(&[]).of(path, &key(), PEER).unwrap();
            assert_eq!((draw.policies[0].name, draw.identity), (TokenRedeem, Identity::of_address(PEER)), "{path}");
        }
    }

    #[test]
    fn a_call_may_cost_more_than_one_permit_and_a_policy_may_only_count() {
        let table = policies(&[
            ("RATE_LIMIT_COSTS", "/api/feed=3, /amber.v1.FeedService/ListPosts=2,/api/leaders/{id}=4"),
            ("RATE_LIMIT_SHADOW", "token_redeem"),
        ]);
        let cost = |path| table.of(path, &Principal::Anonymous, PEER).unwrap().policies[0].cost;
        assert_eq!([cost("/api/feed"), cost("/api/leaders/7"), cost("/api/leaders")], [3, 4, 1]);
        assert!(table.is_shadow(TokenRedeem) && !table.is_shadow(Anonymous));
    }
}
