//! `/embed/v1/dashboards/{id}`: the page inside the iframe, opened once by a token.

use axum::extract::{self, RawQuery};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::{Peer, State};
use crate::domain::{Network, Origin};
use crate::embed::{self, Embedder, Opened, Refusal};
use crate::http::Nonce;
use crate::http::form::Form;
use crate::http::frame::{self, Look, Opening, Wish};
use crate::http::layers::{self, Framers};
use crate::http::path::Id;
use crate::http::problem::Problem;
use crate::usecase::Error;

/// The longest form that a frame is opened with, in bytes: a token and its name fit many times.
const MAX_FORM: usize = 8 * 1_024;

/// One load of a frame.
struct Load {
    dashboard: String,
    token: Option<String>,
    embedder: Embedder,
    wish: Wish,
    network: Option<Network>,
}

/// Why a load shows no dashboard, and which sites may show that.
pub(super) struct NotShown {
    problem: Problem,
    framers: Option<Framers>,
}

/// The token in a form: off the address, and with a true `Origin`.
pub(super) async fn by_post(
    extract::State(state): extract::State<State>,
    Peer(network): Peer,
    Id(dashboard): Id,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Form(form): Form<MAX_FORM>,
) -> Result<Response, NotShown> {
    let query = query.unwrap_or_default();
    if value_of(query.as_bytes(), "token").is_some() {
        let rule = "the token is in the address and in the form; send it in the form alone";
        return Err(Error::field("token", rule).into());
    }
    let token = value_of(&form, "token");
    let embedder = layers::embedder(&Method::POST, &headers);
    let load = Load { dashboard, token, embedder, wish: Wish::of_query(&query), network };
    open(&state, load, &headers).await
}

/// The token in the address, for hosts whose own policy forbids the form.
pub(super) async fn by_get(
    extract::State(state): extract::State<State>,
    Peer(network): Peer,
    Id(dashboard): Id,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, NotShown> {
    let query = query.unwrap_or_default();
    let token = value_of(query.as_bytes(), "token");
    let embedder = layers::embedder(&Method::GET, &headers);
    let load = Load { dashboard, token, embedder, wish: Wish::of_query(&query), network };
    open(&state, load, &headers).await
}

/// The one script of the page.
pub(super) async fn script(RawQuery(query): RawQuery) -> Response {
    let version = value_of(query.unwrap_or_default().as_bytes(), "v");
    frame::script(version.as_deref()).into_response()
}

async fn open(state: &State, load: Load, headers: &HeaderMap) -> Result<Response, NotShown> {
    let tokens = &state.use_cases.embed_tokens;
    if !tokens.is_enabled() {
        return Err(Error::Disabled("Embedding is not enabled").into());
    }
    if is_prefetch(headers) {
        let message = "a dashboard is opened by its viewer, not in advance; the token is still good";
        return Err(Problem::new(StatusCode::TOO_EARLY, "prefetch_refused", message).into());
    }
    if !is_frame_load(headers) {
        return Err(Refusal::from(embed::Error::OriginUnknown).into());
    }
    let token = load.token.ok_or(Refusal::from(embed::Error::TokenMalformed))?;
    let admitted = tokens.admit(&token, &load.dashboard, &load.embedder, load.network).await?;
    // What the page shows is read before the token is used up, so that a failure of the database costs no token.
    let shown = state.use_cases.dashboards.for_frame(admitted.claims()).await;
    let shown = shown.map_err(|error| NotShown::in_sites(error.into(), admitted.claims().origins.clone()))?;
    let Opened { text, session, life } = tokens.open(admitted, load.network).await?;
    let origins = &session.claims.origins;
    let look = Look::of(session.claims.locks, load.wish, &shown.spec);
    let nonce = Nonce::new(state.entropy.as_ref());
    let opening = Opening { session: &text, life, site: &session.origin };
    let page = frame::page(&shown, look, opening, &nonce).into_string();
    Ok((frame::headers(origins, &nonce), page).into_response())
}

impl NotShown {
    fn in_sites(problem: Problem, origins: Vec<Origin>) -> Self {
        Self { problem, framers: Some(Framers(origins)) }
    }
}

impl From<Problem> for NotShown {
    fn from(problem: Problem) -> Self {
        Self { problem, framers: None }
    }
}

impl From<Error> for NotShown {
    fn from(error: Error) -> Self {
        Problem::from(error).into()
    }
}

impl From<Refusal> for NotShown {
    fn from(refusal: Refusal) -> Self {
        let framers = refusal.claims.map(|claims| Framers(claims.origins));
        Self { problem: Error::Embed(refusal.error).into(), framers }
    }
}

impl IntoResponse for NotShown {
    fn into_response(self) -> Response {
        let mut response = self.problem.into_response();
        if let Some(framers) = self.framers {
            response.extensions_mut().insert(framers);
        }
        response
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
