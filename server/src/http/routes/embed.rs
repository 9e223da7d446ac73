//! `/api/embed/token`, `/api/embed/validate`, `/api/embed/revoke`: issue, check and revoke tokens that open one dashboard once.

use std::time::Duration;

use axum::Json;
use axum::extract;
use axum::response::IntoResponse;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{Caller, Peer, State, UNSTORED};
use crate::domain::{EmbedClaims, Locale, Theme};
use crate::http::fields::Fields;
use crate::http::json::JsonFields;
use crate::http::problem::Problem;
use crate::usecase::{AskedLocks, IssueToken, Revocation};

pub(super) async fn issue(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Peer(network): Peer,
    body: Result<JsonFields, Problem>,
) -> Result<impl IntoResponse, Problem> {
    let JsonFields(mut fields) = body.map_err(Problem::of_wrong_fields)?;
    let request = IssueToken {
        dashboard_id: fields.strict_text("dashboardId").unwrap_or_default(),
        origins: fields.texts("allowedOrigins"),
        user_id: fields.text("userId"),
        ttl: fields.seconds("ttl").map(Duration::from_secs),
        leader_ids: fields.texts("leaderIds"),
        locked: fields.nested("locked", locks),
        max_session: fields.seconds("maxSession").map(Duration::from_secs),
        request_id: fields.strict_text("requestId").unwrap_or_default(),
    };
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    let token = state.use_cases.embed_tokens.issue(&caller, request, network).await?;
    let claims = &token.issued.claims;
    let body = json!({
        "token": token.issued.token.expose_secret(),
        "expiresAt": claims.expires_at.to_string(),
        "expiresIn": token.issued.life.as_secs(),
        "tokenId": claims.token_id.to_string(),
        "embedUrl": token.embed_url,
        "allowedOrigins": texts(&claims.origins),
        "keyId": claims.key_id,
    });
    Ok((UNSTORED, Json(body)))
}

pub(super) async fn validate(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Peer(network): Peer,
    JsonFields(mut fields): JsonFields,
) -> Result<Json<Value>, Problem> {
    let token = SecretString::from(fields.strict_text("token").unwrap_or_default());
    let origin = fields.strict_text("origin").unwrap_or_default();
    let consume = fields.flag("consume");
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    let tokens = &state.use_cases.embed_tokens;
    let answer = match tokens.validate(&caller, token.expose_secret(), &origin, consume, network).await? {
        Ok(found) => json!({ "valid": true, "claims": claims(&found) }),
        Err(error) => json!({ "valid": false, "reason": error.reason(), "message": error.to_string() }),
    };
    Ok(Json(answer))
}

pub(super) async fn revoke(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Peer(network): Peer,
    JsonFields(mut fields): JsonFields,
) -> Result<Json<Value>, Problem> {
    let asked = Revocation {
        token_id: fields.strict_text("tokenId"),
        subject: fields.text("subject"),
        dashboard_id: fields.strict_text("dashboardId"),
        client_id: fields.strict_text("clientId"),
        key_id: fields.strict_text("keyId"),
        all: Some(fields.flag("all")).filter(|all| *all),
    };
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    let until = state.use_cases.embed_tokens.revoke(&caller, &asked, network).await?;
    Ok(Json(json!({ "revokedUntil": until.to_string() })))
}

fn locks(fields: &mut Fields) -> AskedLocks {
    AskedLocks {
        locale: fields.strict_text("locale").unwrap_or_default(),
        theme: fields.strict_text("theme").unwrap_or_default(),
        days: fields.whole("days").unwrap_or_default(),
    }
}

fn claims(claims: &EmbedClaims) -> Value {
    json!({
        "tokenId": claims.token_id.to_string(),
        "subject": claims.subject,
        "clientId": claims.client_id.to_string(),
        "dashboardId": claims.dashboard_id.to_string(),
        "allowedOrigins": texts(&claims.origins),
        "leaderIds": texts(&claims.leaders),
        "locked": {
            "locale": claims.locks.locale.map(Locale::as_str),
            "theme": claims.locks.theme.map(Theme::as_str),
            "days": claims.locks.days,
        },
        "issuedAt": claims.issued_at.to_string(),
        "expiresAt": claims.expires_at.to_string(),
        "keyId": claims.key_id,
    })
}

fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}
