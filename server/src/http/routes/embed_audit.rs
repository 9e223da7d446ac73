//! `/api/embed/keys`, `/api/embed/audit`: which keys sign tokens, and what happened to tokens.

use axum::Json;
use axum::extract::{self, RawQuery};
use serde_json::{Value, json};

use super::{Caller, State};
use crate::domain::{AuditAction, AuditEvent, Violation};
use crate::http::paging::{self, Paging};
use crate::http::problem::Problem;
use crate::usecase::{AuditQuery, EmbedTokens};

pub(super) async fn keys(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
) -> Result<Json<Value>, Problem> {
    let ids = state.use_cases.embed_tokens.key_ids(&caller)?;
    let keys = ids.iter().enumerate().map(|(place, id)| json!({ "keyId": id, "signs": place == 0 }));
    Ok(Json(json!({ "keys": keys.collect::<Vec<_>>() })))
}

pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let mut wanted = AuditQuery::default();
    let mut page_token = String::new();
    let paging = Paging::read(query.as_deref(), EmbedTokens::DEFAULT_PAGE_SIZE, |name, value| {
        match name {
            "page_token" => value.clone_into(&mut page_token),
            "action" => wanted.action = action(value)?,
            "token_id" => value.clone_into(&mut wanted.token_id),
            "client_id" => value.clone_into(&mut wanted.client_id),
            "dashboard_id" => value.clone_into(&mut wanted.dashboard_id),
            _ => {}
        }
        Ok(())
    })?;
    let start = if page_token.is_empty() { &paging.cursor } else { &page_token };
    let page = state.use_cases.embed_tokens.events(&caller, wanted, paging.size, start).await?;
    Ok(paging::page("events", &page.events, event, page.next))
}

fn action(name: &str) -> Result<Option<AuditAction>, Violation> {
    if name.is_empty() {
        return Ok(None);
    }
    let rule = "action must be issued, redeemed, renewed, refused or revoked";
    AuditAction::parse(name).map(Some).ok_or_else(|| Violation::new("action", rule))
}

fn event(event: &AuditEvent) -> Value {
    json!({
        "at": event.at.to_string(),
        "action": event.action.as_str(),
        "tokenId": event.token_id.as_ref().map(ToString::to_string),
        "clientId": event.client_id.as_ref().map(ToString::to_string),
        "subject": event.subject,
        "dashboardId": event.dashboard_id.as_ref().map(ToString::to_string),
        "origin": event.origin.as_ref().map(ToString::to_string),
        "reason": event.reason,
        "network": event.network,
        "detail": event.detail,
    })
}
