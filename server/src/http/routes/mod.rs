//! The HTTP routes: decode, one call, encode.

mod admin;
mod api_keys;
mod checkpoints;
mod dashboards;
mod demo;
mod embed;
mod embed_audit;
mod feed;
mod frame;
mod health;
mod ingestion;
mod leaders;
mod metrics;
mod overview;
mod post;
mod posts;
mod quarantine;
mod review;
mod run;
mod runs;
mod sentiment;
mod session;
mod whoami;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::header::{ALLOW, CACHE_CONTROL};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post, put};

pub use demo::DemoSite;

use super::frame::SCRIPT_PATH;
use super::problem::Problem;
use crate::domain::{Entropy, Network, Principal};
use crate::usecase::UseCases;

/// For answers with a credential: no cache on the way may keep them.
const UNSTORED: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

/// What the routes work with.
#[derive(Clone)]
pub struct State {
    /// Everything that a caller may ask.
    pub use_cases: UseCases,
    /// Makes nonces.
    pub entropy: Arc<dyn Entropy>,
    /// The host page of the demo; None outside of it.
    pub demo: Option<Arc<DemoSite>>,
}

/// All routes.
pub(super) fn router(state: State) -> Router {
    let mut router = Router::new()
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::prometheus))
        .route("/api/health", get(health::report))
        .route("/api/metrics", get(metrics::old))
        .route("/api/feed", get(feed::list))
        .route("/api/posts", get(feed::newest).post(posts::create))
        .route("/api/posts/paginated", get(feed::before))
        .route("/api/posts/{id}", get(feed::get).put(posts::update).delete(posts::delete))
        .route("/api/sentiment/batch", post(sentiment::analyze))
        .route("/api/leaders", get(leaders::list).post(leaders::create))
        .route("/api/leaders/{id}", get(leaders::get).put(leaders::update).delete(leaders::delete))
        .route("/api/leaders/{id}/refresh", post(leaders::refresh))
        .route("/api/ingestion/trigger", post(ingestion::trigger))
        .route("/api/ingestion/status", get(ingestion::status))
        .route("/api/ingestion/stop", post(ingestion::stop))
        .route("/api/ingestion/start", post(ingestion::start))
        .route("/api/ingestion/runs", get(runs::list))
        .route("/api/ingestion/runs/{id}", get(runs::get))
        .route("/api/ingestion/runs/{id}/cancel", post(runs::cancel))
        .route("/api/ingestion/checkpoints", get(checkpoints::list))
        .route("/api/ingestion/checkpoints/{key}", get(checkpoints::get).delete(checkpoints::reset))
        .route("/api/ingestion/quarantine", get(quarantine::list))
        .route("/api/ingestion/quarantine/replay", post(quarantine::replay))
        .route("/api/ingestion/quarantine/discard", post(quarantine::discard))
        .route("/api/dashboards", get(dashboards::list).post(dashboards::create))
        .route("/api/dashboards/{id}", get(dashboards::get).put(dashboards::update).delete(dashboards::delete))
        .route("/api/dashboard", get(overview::show))
        .route("/api/review", get(review::list))
        .route("/api/review/audit", get(review::audit))
        .route("/api/review/{id}", put(review::edit))
        .route("/api/review/{id}/approve", post(review::approve))
        .route("/api/review/{id}/reject", post(review::reject))
        .route("/api/embed/token", post(embed::issue))
        .route("/api/embed/validate", post(embed::validate))
        .route("/api/embed/revoke", post(embed::revoke))
        .route("/api/embed/keys", get(embed_audit::keys))
        .route("/api/embed/audit", get(embed_audit::list))
        .route("/api/admin/token", post(admin::issue))
        .route("/api/admin/ping", get(admin::ping))
        .route("/api/whoami", get(whoami::show))
        .route("/api/api-keys", get(api_keys::list).post(api_keys::create))
        .route("/api/api-keys/{id}", delete(api_keys::revoke))
        .route("/embed/v1/dashboards/{id}", without_head(get(frame::by_get).post(frame::by_post)))
        .route("/embed/v1/dashboards/{id}/content", get(session::content))
        .route("/embed/v1/session/renew", post(session::renew))
        .route(SCRIPT_PATH, get(frame::script));
    if state.demo.is_some() {
        router = router
            .route("/demo", get(demo::page))
            .route("/demo/token", post(demo::token))
            .route("/demo/revoke", post(demo::revoke));
    }
    router.method_not_allowed_fallback(wrong_method).with_state(state)
}

/// A frame is loaded or it is not: HEAD would use a token up and show nothing.
fn without_head(route: MethodRouter<State>) -> MethodRouter<State> {
    let refuse = |method: Method| async move {
        let mut response = method_not_allowed(&method).into_response();
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET,POST"));
        response
    };
    route.head(refuse).fallback(refuse)
}

async fn wrong_method(request: Request) -> Response {
    method_not_allowed(request.method()).into_response()
}

fn method_not_allowed(method: &Method) -> Problem {
    let message = format!("{method} is not possible here; the header Allow lists what is");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}

/// The caller, as the gate found out.
pub(super) struct Caller(pub(super) Principal);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get().cloned().unwrap_or(Principal::Anonymous)))
    }
}

/// The network that the caller calls from.
pub(super) struct Peer(pub(super) Option<Network>);

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(peer.map(|ConnectInfo(address)| Network::of(address.ip()))))
    }
}
