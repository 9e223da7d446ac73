//! Counts, traces and logs every request, once, when its answer begins.

use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::http::HeaderMap;
use axum::response::Response;
use tokio::time::Instant;
use tracing::{Instrument, debug, info};

use super::around::Next;
use super::kind::Kind;
use crate::domain::Principal;
use crate::grpc;
use crate::rate_limit::Policies;
use crate::telemetry::{Asked, Metrics, RequestId, RequestSpan};

/// Who called, as the gate found out; it travels back with the answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallerKind(pub(super) &'static str);

pub(crate) async fn observe(metrics: Metrics, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let kind = Kind::of(request.headers());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let matched = request.extensions().get::<MatchedPath>().map(|matched| matched.as_str().to_owned());
    // Probes come every few seconds, and nobody looks for them.
    let is_probe = Policies::is_free(&path);
    let id = request.extensions().get::<RequestId>();
    let span = if is_probe { RequestSpan::none() } else { RequestSpan::begin(request.headers(), id) };
    let response = next.run(request).instrument(span.span()).await;
    let code = code_of(kind, response.headers()).unwrap_or_else(|| response.status().as_str().to_owned());
    let route = route_of(kind, &path, matched);
    let took = started.elapsed();
    metrics.request(kind.as_str(), &route, &code, took);
    let caller = response.extensions().get::<CallerKind>().map_or(Principal::Anonymous.kind(), |kind| kind.0);
    let asked = if kind == Kind::Http { Asked::Http(method.as_str(), &route) } else { Asked::Rpc(&route) };
    span.end(asked, &code, caller);
    let (took_ms, kind) = (Duration::as_secs_f64(&took) * 1_000.0, kind.as_str());
    if is_probe {
        debug!(%method, route, code, took_ms, caller, kind, "{method} {route} answered {code}.");
    } else {
        info!(%method, route, code, took_ms, caller, kind, "{method} {route} answered {code}.");
    }
    response
}

/// The status of a gRPC answer; a call that goes well tells it after the body, so its absence means OK. Whoever asks a route of
/// HTTP as if it were a method gets another kind of answer.
fn code_of(kind: Kind, headers: &HeaderMap) -> Option<String> {
    if kind == Kind::Http || Kind::of(headers) == Kind::Http {
        return None;
    }
    let told = headers.get("grpc-status").and_then(|value| value.to_str().ok());
    Some(told.unwrap_or("0").to_owned())
}

/// A label of which there are only so many: the pattern that matched, or a method that there is. A call that is refused on its way
/// says nothing about whether there is such a method.
fn route_of(kind: Kind, path: &str, matched: Option<String>) -> String {
    match matched {
        None => "unmatched".to_owned(),
        Some(_) if kind != Kind::Http && grpc::is_method(path) => path.to_owned(),
        Some(pattern) => pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_makes_up_is_no_label() {
        let label = |kind, path, pattern: &str| route_of(kind, path, Some(pattern.to_owned()));
        let (service, leader) = ("/amber.v1.FeedService/{*rest}", "/api/leaders/{id}");
        assert_eq!(label(Kind::Grpc, "/amber.v1.FeedService/GetPost", service), "/amber.v1.FeedService/GetPost");
        for kind in [Kind::Grpc, Kind::GrpcWeb, Kind::Http] {
            assert_eq!(label(kind, "/amber.v1.FeedService/MadeUp123", service), service);
            assert_eq!(label(kind, "/api/leaders/made-up", leader), leader);
            assert_eq!(route_of(kind, "/made-up", None), "unmatched");
        }
    }
}
