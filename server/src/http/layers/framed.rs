//! Shows the problems of a frame's load in the frame: as a page that tells the viewer and the host.

use axum::extract::Request;
use axum::http::header::{ORIGIN, REFERER, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Response};

use super::around::Next;
use crate::domain::Origin;
use crate::embed::Embedder;
use crate::grpc::quota;
use crate::http::Nonce;
use crate::http::frame::{self, Failure, Look, Wish};
use crate::http::problem::Problem;
use crate::http::routes;
use crate::telemetry::RequestId;

/// The sites that may frame the answer, when a token said so; it travels beside the problem.
#[derive(Debug, Clone)]
pub(crate) struct Framers(pub(crate) Vec<Origin>);

/// Turns a problem on the way out into a page, when a frame was to be loaded and some site may show it: those of the token
/// when its signature was right, else the registered ones.
pub(crate) async fn framed(state: routes::State, request: Request, next: Next) -> Response {
    if !is_load(&request) {
        return next.run(request).await;
    }
    let wish = Wish::of_query(request.uri().query().unwrap_or_default());
    let embedder = embedder(request.method(), request.headers());
    let request_id = request.extensions().get::<RequestId>().cloned();
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Problem>().cloned() else { return response };
    let framers = match response.extensions_mut().remove::<Framers>() {
        Some(Framers(origins)) => origins,
        None => state.use_cases.embed_tokens.registered_origins().to_vec(),
    };
    if framers.is_empty() {
        return response;
    }
    let reason = problem.reason();
    let failure = Failure {
        reason: &reason,
        message: problem.message(),
        request_id: request_id.as_ref().map_or("", RequestId::as_str),
        retry_after: problem.wait(),
    };
    let nonce = Nonce::new(state.entropy.as_ref());
    let parents = frame::spoken_to(&framers, &embedder);
    let page = frame::error_page(failure, Look::wished(wish), &parents, &nonce).into_string();
    let mut shown = (problem.status(), frame::headers(&framers, &nonce), page).into_response();
    shown.headers_mut().extend(problem.wait().map(|wait| (RETRY_AFTER, HeaderValue::from(quota::whole_seconds(wait)))));
    // The layers below wrote headers too, such as those of the limits.
    for (name, value) in response.headers() {
        shown.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    shown
}

/// Who frames the page, as far as the browser says: a form brings a true `Origin`, an address only a `Referer`.
pub(crate) fn embedder(method: &Method, headers: &HeaderMap) -> Embedder {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("?"));
    if method == Method::POST { Embedder::of_origin(text(ORIGIN)) } else { Embedder::of_referer(text(REFERER)) }
}

fn is_load(request: &Request) -> bool {
    let is_page = |path: &str| path.strip_prefix("/embed/v1/dashboards/").is_some_and(|id| !id.contains('/'));
    matches!(*request.method(), Method::GET | Method::POST) && is_page(request.uri().path())
}
