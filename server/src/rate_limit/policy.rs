//! Which quota holds for which call: one table.

use std::net::IpAddr;

use super::Identity;
use crate::domain::{Principal, Quota};

/// Names a policy in metrics and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PolicyName {
    /// Callers without a credential, by address.
    Anonymous,
    /// Callers with a credential.
    Authenticated,
    /// The issue of embed tokens, by caller with a credential.
    EmbedIssue,
}

impl PolicyName {
    /// The name in metrics and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Authenticated => "authenticated",
            Self::EmbedIssue => "embed_issue",
        }
    }
}

/// A policy as it holds for one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Which policy.
    pub name: PolicyName,
    /// Whose bucket.
    pub identity: Identity,
}

/// The quotas of all policies.
#[derive(Debug, Clone, Copy)]
pub struct Policies {
    /// See [`PolicyName::Anonymous`].
    pub anonymous: Quota,
    /// See [`PolicyName::Authenticated`].
    pub authenticated: Quota,
    /// See [`PolicyName::EmbedIssue`].
    pub embed_issue: Quota,
}

/// What issues embed tokens, on both adapters.
pub const EMBED_ISSUE: [&str; 2] = ["/api/embed/token", "/amber.v1.EmbedTokenService/IssueEmbedToken"];

/// Probes, health, metrics and the static files of the frame: always answered.
const FREE: [&str; 6] = ["/livez", "/readyz", "/metrics", "/api/health", "/api/metrics", "/embed/v1/frame.js"];

/// The services that are always answered.
const FREE_SERVICES: [&str; 3] = ["/grpc.health.v1.Health/", "/amber.v1.HealthService/", "/amber.v1.MetricsService/"];

impl Policies {
    /// The policy of a call to `path`; None when the call is free.
    #[must_use]
    pub fn of(path: &str, principal: &Principal, peer: IpAddr) -> Option<Policy> {
        if FREE.contains(&path) || FREE_SERVICES.iter().any(|service| path.starts_with(service)) {
            return None;
        }
        let name = match principal {
            Principal::Anonymous => PolicyName::Anonymous,
            _ if EMBED_ISSUE.contains(&path) => PolicyName::EmbedIssue,
            _ => PolicyName::Authenticated,
        };
        Some(Policy { name, identity: Identity::of(principal, peer) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(path: &str, principal: &Principal) -> Option<PolicyName> {
        Policies::of(path, principal, IpAddr::from([192, 0, 2, 1])).map(|policy| policy.name)
    }

    #[test]
    fn probes_are_free_and_everything_else_is_counted() {
        assert_eq!(policy("/livez", &Principal::Anonymous), None);
        assert_eq!(policy("/grpc.health.v1.Health/Check", &Principal::Anonymous), None);
        assert_eq!(policy("/nowhere", &Principal::Anonymous), Some(PolicyName::Anonymous));
        assert_eq!(policy("/livez/../api/feed", &Principal::Anonymous), Some(PolicyName::Anonymous));
    }

    #[test]
    fn tokens_are_counted_by_caller_only_after_authentication() {
        let key = Principal::Key { id: "web".into(), scopes: Vec::new() };
        assert_eq!(policy("/api/embed/token", &key), Some(PolicyName::EmbedIssue));
        assert_eq!(policy("/api/embed/token", &Principal::Anonymous), Some(PolicyName::Anonymous));
        assert_eq!(policy("/api/feed", &key), Some(PolicyName::Authenticated));
    }
}
