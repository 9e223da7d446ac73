//! Revocations, keys and the audit of embed tokens.

use amber_proto::v1;
use amber_proto::v1::revoke_embed_tokens_request::Selector;
use jiff::Timestamp;

use super::time::timestamp;
use crate::domain::{AuditAction, AuditEvent};
use crate::usecase::{AuditPage, AuditQuery, Error, Revocation};

pub(in crate::grpc) fn asked_revocation(asked: v1::RevokeEmbedTokensRequest) -> Revocation {
    let mut revocation = Revocation::default();
    match asked.selector {
        None => {}
        Some(Selector::TokenId(id)) => revocation.token_id = Some(id),
        Some(Selector::Subject(subject)) => revocation.subject = Some(subject),
        Some(Selector::DashboardId(id)) => revocation.dashboard_id = Some(id),
        Some(Selector::ClientId(id)) => revocation.client_id = Some(id),
        Some(Selector::KeyId(id)) => revocation.key_id = Some(id),
        Some(Selector::All(all)) => revocation.all = Some(all),
    }
    revocation
}

pub(in crate::grpc) fn revoked(until: Timestamp) -> v1::RevokeEmbedTokensResponse {
    v1::RevokeEmbedTokensResponse { revoke_time: Some(timestamp(until)) }
}

pub(in crate::grpc) fn embed_keys(ids: &[String]) -> v1::ListEmbedKeysResponse {
    let keys = ids.iter().enumerate().map(|(place, id)| v1::EmbedKey { key_id: id.clone(), signs: place == 0 });
    v1::ListEmbedKeysResponse { keys: keys.collect() }
}

pub(in crate::grpc) fn asked_audit(asked: v1::ListEmbedAuditEventsRequest) -> Result<AuditQuery, Error> {
    use v1::EmbedAuditAction as Wire;
    let action = match Wire::try_from(asked.action) {
        Ok(Wire::Unspecified) => None,
        Ok(Wire::Issued) => Some(AuditAction::Issued),
        Ok(Wire::Redeemed) => Some(AuditAction::Redeemed),
        Ok(Wire::Renewed) => Some(AuditAction::Renewed),
        Ok(Wire::Refused) => Some(AuditAction::Refused),
        Ok(Wire::Revoked) => Some(AuditAction::Revoked),
        Err(_) => return Err(Error::field("action", "action must be one of the contract")),
    };
    let v1::ListEmbedAuditEventsRequest { token_id, client_id, dashboard_id, .. } = asked;
    Ok(AuditQuery { action, token_id, client_id, dashboard_id })
}

pub(in crate::grpc) fn audit_page(page: AuditPage) -> v1::ListEmbedAuditEventsResponse {
    v1::ListEmbedAuditEventsResponse {
        events: page.events.into_iter().map(event).collect(),
        next_page_token: page.next,
    }
}

fn event(event: AuditEvent) -> v1::EmbedAuditEvent {
    let action = match event.action {
        AuditAction::Issued => v1::EmbedAuditAction::Issued,
        AuditAction::Redeemed => v1::EmbedAuditAction::Redeemed,
        AuditAction::Renewed => v1::EmbedAuditAction::Renewed,
        AuditAction::Refused => v1::EmbedAuditAction::Refused,
        AuditAction::Revoked => v1::EmbedAuditAction::Revoked,
    };
    let reason = event.reason.and_then(|name| v1::ErrorReason::from_str_name(&format!("ERROR_REASON_{name}")));
    v1::EmbedAuditEvent {
        event_time: Some(timestamp(event.at)),
        action: action.into(),
        token_id: event.token_id.map(|id| id.0).unwrap_or_default(),
        client_id: event.client_id.map(|id| id.0).unwrap_or_default(),
        subject: event.subject.unwrap_or_default(),
        dashboard_id: event.dashboard_id.map(|id| id.to_string()).unwrap_or_default(),
        origin: event.origin.map(|origin| origin.to_string()).unwrap_or_default(),
        reason: reason.unwrap_or_default().into(),
        network: event.network.unwrap_or_default(),
        detail: event.detail.unwrap_or_default(),
    }
}
