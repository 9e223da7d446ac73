//! Embed tokens and what is written down of them, made up for the tests.

use std::time::Duration;

use amber_server::domain::{
    AuditAction, AuditEvent, ClientId, Clock, DashboardId, EmbedClaims, Locks, Origin, TokenId,
};

use crate::fresh::Fresh;

/// An id of a dashboard.
pub(crate) fn dashboard(id: &str) -> DashboardId {
    DashboardId::parse(id).unwrap()
}

/// What the token of this id says, issued now for a minute.
pub(crate) fn claims(fresh: &Fresh, token: &str) -> EmbedClaims {
    let issued_at = fresh.clock.now();
    EmbedClaims {
        token_id: TokenId(token.into()),
        key_id: "k1".into(),
        issuer: "amber".into(),
        subject: "viewer".into(),
        client_id: ClientId("key:web".into()),
        dashboard_id: dashboard("sales"),
        origins: vec![Origin::parse("https://partner.example").unwrap()],
        leaders: Vec::new(),
        locks: Locks::default(),
        max_session: Duration::from_mins(10),
        issued_at,
        expires_at: issued_at + Duration::from_mins(1),
    }
}

/// A line about a token.
pub(crate) fn event(action: AuditAction, claims: &EmbedClaims) -> AuditEvent {
    AuditEvent {
        at: claims.issued_at,
        action,
        token_id: Some(claims.token_id.clone()),
        client_id: Some(claims.client_id.clone()),
        subject: Some(claims.subject.clone()),
        dashboard_id: Some(claims.dashboard_id.clone()),
        origin: Some(claims.origins[0].clone()),
        reason: None,
        network: Some("192.0.2.0/24".into()),
        detail: None,
    }
}

/// A line that no token is about, as that of a revocation.
pub(crate) fn revoked(fresh: &Fresh, detail: &str) -> AuditEvent {
    AuditEvent {
        at: fresh.clock.now(),
        action: AuditAction::Revoked,
        token_id: None,
        client_id: Some(ClientId("user:alice".into())),
        subject: None,
        dashboard_id: None,
        origin: None,
        reason: None,
        network: None,
        detail: Some(detail.into()),
    }
}
