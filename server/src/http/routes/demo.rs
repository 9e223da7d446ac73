//! `/demo`: the host page of the demo, and what the server of a partner does for it.

use std::time::Duration;

use axum::Json;
use axum::extract;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{Peer, State, UNSTORED};
use crate::domain::{DashboardId, Origin, Principal, Role};
use crate::http::Nonce;
use crate::http::demo_page::{self, Command};
use crate::http::json::JsonFields;
use crate::http::problem::Problem;
use crate::usecase::{IssueToken, Revocation};

/// How long a session lives: not long, so that its renewal is seen.
const SESSION: Duration = Duration::from_mins(2);

/// What the host page shows besides the frame.
#[derive(Debug, Clone)]
pub struct DemoSite {
    /// The dashboard to frame.
    pub dashboard: DashboardId,
    /// Where frames come from: not the origin of the host page, so that browsers keep the two apart.
    pub frames: Origin,
    /// Lines to try.
    pub commands: Vec<Command>,
}

/// The page asks for its tokens as any site would: its own server.
pub(super) async fn page(extract::State(state): extract::State<State>) -> Result<Response, Problem> {
    let site = site(&state)?;
    let nonce = Nonce::new(state.entropy.as_ref());
    let page = demo_page::page(&site.commands, &nonce).into_string();
    Ok((demo_page::headers(&site.frames, &nonce), page).into_response())
}

/// A token for one load or one renewal of the frame, on the site that is asked for.
pub(super) async fn token(
    extract::State(state): extract::State<State>,
    Peer(network): Peer,
    headers: HeaderMap,
    JsonFields(mut fields): JsonFields,
) -> Result<impl IntoResponse, Problem> {
    let site = site(&state)?;
    require_own_page(&headers)?;
    let origins = fields.strict_text("origin").into_iter().collect();
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    let dashboard_id = site.dashboard.to_string();
    let request = IssueToken { dashboard_id, origins, max_session: Some(SESSION), ..IssueToken::default() };
    let token = state.use_cases.embed_tokens.issue(&host(), request, network).await?;
    let body = json!({
        "token": token.issued.token.expose_secret(),
        "embedUrl": token.embed_url,
        "expiresIn": token.issued.life.as_secs(),
    });
    Ok((UNSTORED, Json(body)))
}

/// Ends every token and session of the dashboard so far.
pub(super) async fn revoke(
    extract::State(state): extract::State<State>,
    Peer(network): Peer,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let site = site(&state)?;
    require_own_page(&headers)?;
    let revocation = Revocation { dashboard_id: Some(site.dashboard.to_string()), ..Revocation::default() };
    let at = state.use_cases.embed_tokens.revoke(&host(), &revocation, network).await?;
    Ok(Json(json!({ "revokedBefore": at.to_string() })))
}

fn site(state: &State) -> Result<&DemoSite, Problem> {
    let message = "the host page is part of `amber demo` only";
    state.demo.as_deref().ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "not_found", message))
}

/// The caller that stands for the partner's server.
fn host() -> Principal {
    Principal::User { id: "demo-host".to_owned(), role: Role::Admin, expires_at: None }
}

/// Other sites that are open in the same browser have no business here (Fetch Metadata).
fn require_own_page(headers: &HeaderMap) -> Result<(), Problem> {
    let site = headers.get("sec-fetch-site");
    if site.is_none_or(|site| site.as_bytes() == b"same-origin") {
        return Ok(());
    }
    Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "only the host page of the demo may ask for this"))
}
