//! `/embed/v1/...` for the script of an open frame: fresh content, and a renewed session.

use axum::Json;
use axum::extract::{self, RawQuery};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;
use serde_json::json;

use super::{Peer, State, UNSTORED};
use crate::http::frame::{self, Look, Wish};
use crate::http::json::JsonFields;
use crate::http::path::Id;
use crate::http::problem::Problem;
use crate::usecase::Error;

/// The header that carries the session.
const SESSION: &str = "embed-session";

/// The content of the page as it is now.
pub(super) async fn content(
    extract::State(state): extract::State<State>,
    Id(dashboard): Id,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let session = state.use_cases.embed_tokens.session(session_of(&headers), Some(&dashboard)).await;
    let session = session.map_err(|refusal| Error::Embed(refusal.error))?;
    let shown = state.use_cases.dashboards.for_frame(&session.claims).await?;
    let look = Look::of(session.claims.locks, Wish::of_query(&query.unwrap_or_default()), &shown.spec);
    Ok((frame::content_headers(), frame::content(&shown, look).into_string()).into_response())
}

/// A new session for a living one and a fresh token.
pub(super) async fn renew(
    extract::State(state): extract::State<State>,
    Peer(network): Peer,
    headers: HeaderMap,
    JsonFields(mut fields): JsonFields,
) -> Result<Response, Problem> {
    let token = fields.strict_text("token").unwrap_or_default();
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    let opened = state.use_cases.embed_tokens.renew(session_of(&headers), &token, network).await;
    let opened = opened.map_err(|refusal| Error::Embed(refusal.error))?;
    let body = json!({ "session": opened.text.expose_secret(), "expiresIn": opened.life.as_secs() });
    Ok((UNSTORED, Json(body)).into_response())
}

fn session_of(headers: &HeaderMap) -> &str {
    headers.get(SESSION).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
