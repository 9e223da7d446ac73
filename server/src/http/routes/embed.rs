//! `POST /api/embed/token`: a token that opens one dashboard once.

use std::time::Duration;

use axum::Json;
use axum::extract;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{Caller, State};
use crate::http::json::JsonFields;
use crate::http::problem::Problem;
use crate::usecase::IssueToken;

pub(super) async fn issue(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    JsonFields(mut fields): JsonFields,
) -> Result<Json<Value>, Problem> {
    let request = IssueToken {
        dashboard_id: fields.strict_text("dashboardId").unwrap_or_default(),
        origins: fields.texts("allowedOrigins"),
        user_id: fields.text("userId"),
        ttl: fields.seconds("ttl").map(Duration::from_secs),
    };
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    let token = state.use_cases.embed_tokens.issue(&caller, request).await?;
    let claims = &token.issued.claims;
    let origins: Vec<_> = claims.origins.iter().map(ToString::to_string).collect();
    Ok(Json(json!({
        "token": token.issued.token.expose_secret(),
        "expiresAt": claims.expires_at.to_string(),
        "expiresIn": seconds_between(claims.issued_at, claims.expires_at),
        "tokenId": claims.token_id.to_string(),
        "embedUrl": token.embed_url,
        "allowedOrigins": origins,
        "keyId": token.issued.key_id,
    })))
}

fn seconds_between(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second() - from.as_second()
}
