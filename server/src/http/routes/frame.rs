//! `/embed/v1/dashboards/{id}`: the page inside the iframe, opened once by a token.

use axum::Extension;
use axum::extract::{self, RawQuery};
use axum::http::header::{ORIGIN, REFERER, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::{Peer, State};
use crate::domain::{Locale, Network, Origin, Theme};
use crate::embed::{self, Embedder, Refusal};
use crate::http::Nonce;
use crate::http::form::Form;
use crate::http::frame::{self, Failure, FrameOptions};
use crate::http::path::Id;
use crate::http::problem::{Problem, embed_status};
use crate::telemetry::RequestId;
use crate::usecase::Error;

/// The longest form that a frame is opened with, in bytes: a token and its name fit many times.
const MAX_FORM: usize = 8 * 1_024;

/// One load of a frame.
struct Load {
    dashboard: String,
    token: Option<String>,
    embedder: Embedder,
    options: FrameOptions,
    request_id: RequestId,
    network: Option<Network>,
}

/// The token in a form: off the address, and with a true `Origin`.
pub(super) async fn by_post(
    extract::State(state): extract::State<State>,
    Extension(request_id): Extension<RequestId>,
    Peer(network): Peer,
    Id(dashboard): Id,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Form(form): Form<MAX_FORM>,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    if value_of(query.as_bytes(), "token").is_some() {
        let message = "the token is in the address and in the form; send it in the form alone";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_request", message));
    }
    let embedder = Embedder::of_origin(text(&headers, &ORIGIN));
    let token = value_of(&form, "token");
    let load = Load { dashboard, token, embedder, options: options(&query), request_id, network };
    open(&state, load, &headers).await
}

/// The token in the address, for hosts whose own policy forbids the form.
pub(super) async fn by_get(
    extract::State(state): extract::State<State>,
    Extension(request_id): Extension<RequestId>,
    Peer(network): Peer,
    Id(dashboard): Id,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let embedder = Embedder::of_referer(text(&headers, &REFERER));
    let token = value_of(query.as_bytes(), "token");
    let load = Load { dashboard, token, embedder, options: options(&query), request_id, network };
    open(&state, load, &headers).await
}

/// The one script of the page.
pub(super) async fn script(RawQuery(query): RawQuery) -> Response {
    let version = value_of(query.unwrap_or_default().as_bytes(), "v");
    frame::script(version.as_deref()).into_response()
}

async fn open(state: &State, load: Load, headers: &HeaderMap) -> Result<Response, Problem> {
    let tokens = &state.use_cases.embed_tokens;
    if !tokens.is_enabled() {
        return Err(Error::Disabled("Embedding is not enabled").into());
    }
    if is_prefetch(headers) {
        let message = "a dashboard is opened by its viewer, not in advance; the token is still good";
        return Err(Problem::new(StatusCode::TOO_EARLY, "prefetch_refused", message));
    }
    let redeemed = match &load.token {
        _ if !is_frame_load(headers) => Err(embed::Error::OriginUnknown.into()),
        Some(token) => tokens.redeem(token, &load.dashboard, &load.embedder, load.network).await,
        None => Err(embed::Error::TokenMalformed.into()),
    };
    let claims = match redeemed {
        Ok(opened) => opened.session.claims,
        Err(refusal) => return Ok(refused(state, &load, &refusal)),
    };
    let data = state.use_cases.dashboards.for_frame(claims.dashboard_id, &claims.leaders).await?;
    let nonce = Nonce::new(state.entropy.as_ref());
    let parents = load.embedder.origin().cloned().map_or_else(|| claims.origins.clone(), |site| vec![site]);
    let options = FrameOptions { parents, ..load.options };
    Ok((frame::headers(&claims.origins, &nonce), frame::page(&data, &options, &nonce).into_string()).into_response())
}

/// The error page: the sites of a token with a right signature may show it, else the registered ones.
fn refused(state: &State, load: &Load, refusal: &Refusal) -> Response {
    let error = &refusal.error;
    let registered = state.use_cases.embed_tokens.registered_origins();
    let parents: &[Origin] = refusal.claims.as_ref().map_or(registered, |claims| &claims.origins);
    let retry_after = Error::Embed(error.clone()).retry_after();
    let message = error.to_string();
    let failure =
        Failure { reason: error.reason(), message: &message, request_id: load.request_id.as_str(), retry_after };
    let nonce = Nonce::new(state.entropy.as_ref());
    let options = FrameOptions { parents: parents.to_vec(), ..load.options.clone() };
    let page = frame::error_page(failure, &options, &nonce).into_string();
    let mut response = (embed_status(error), frame::headers(parents, &nonce), page).into_response();
    if let Some(wait) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs()));
    }
    response
}

fn options(query: &str) -> FrameOptions {
    let value = |name| value_of(query.as_bytes(), name);
    FrameOptions {
        theme: value("theme").and_then(|name| Theme::parse(&name)).unwrap_or_default(),
        locale: value("locale").and_then(|tag| Locale::parse(&tag)).unwrap_or_default(),
        ..FrameOptions::default()
    }
}

/// The first value of this name that is not empty.
fn value_of(form: &[u8], name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(form);
    pairs.find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.into_owned())
}

/// Browsers say so when they load a page that nobody looks at yet (Fetch, `Sec-Purpose`).
fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose"].iter().any(|name| {
        headers.get(*name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("prefetch"))
    })
}

/// Whether the browser loads a frame, as far as it says so (Fetch Metadata).
fn is_frame_load(headers: &HeaderMap) -> bool {
    let is = |name: &str, wanted: &str| headers.get(name).is_none_or(|value| value.as_bytes() == wanted.as_bytes());
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "iframe")
}

fn text<'a>(headers: &'a HeaderMap, name: &axum::http::HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}
