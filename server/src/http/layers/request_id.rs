//! Gives every request an id, every answer the same one, and every problem its body.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use tracing::Instrument;

use super::around::Next;
use crate::domain::Entropy;
use crate::grpc::quota::unrepeated;
use crate::http::problem::Problem;
use crate::telemetry::{self, RequestId};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Takes the caller's id when it is usable, else makes one; log lines of the request carry it.
pub(crate) async fn identify(entropy: Arc<dyn Entropy>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let id = RequestId::accept(given, entropy.as_ref());
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).instrument(telemetry::logged(&id)).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let headers = std::mem::take(response.headers_mut());
        response = problem.render(id.as_str());
        for (name, value) in headers.iter().filter(|(name, _)| *name != axum::http::header::CONTENT_LENGTH) {
            response.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
    }
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, unrepeated(value));
    }
    response
}
