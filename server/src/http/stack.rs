//! The stack of layers around both adapters, written once, top to bottom.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tonic::service::Routes;
use tonic_web::GrpcWebLayer;
use tower::ServiceBuilder;
use tower::util::{MapResponseLayer, option_layer};

use super::layers::{
    Edge, Gate, Kind, around, caught, cors, framed, gate, guard, identify, in_grpc, observe, secure, speak,
};
use super::problem::Problem;
use super::routes::{self, State};
use crate::domain::{Entropy, Origin};
use crate::grpc::{explain, no_such_method};
use crate::telemetry::Metrics;

/// What the layers need.
pub struct Settings {
    /// Counts requests.
    pub metrics: Metrics,
    /// Makes request ids.
    pub entropy: Arc<dyn Entropy>,
    /// Tells callers apart and bounds them.
    pub gate: Arc<Gate>,
    /// Bounds addresses, when limiting is switched on.
    pub edge: Option<Edge>,
    /// The sites that may call from a browser.
    pub cors_origins: Vec<Origin>,
    /// The longest HTTP body, in bytes.
    pub max_body: usize,
}

/// Both adapters behind one stack. A request meets the layers in the order in which they are written.
pub fn stack(settings: Settings, state: State, grpc: Routes) -> Router {
    let Settings { metrics, entropy, gate: gatekeeper, edge, cors_origins, max_body } = settings;
    let spoken = ServiceBuilder::new().layer(GrpcWebLayer::new()).layer(MapResponseLayer::new(explain));
    let grpc = grpc.into_axum_router().reset_fallback().layer(spoken);
    let frames = state.clone();
    let http = routes::router(state).layer(DefaultBodyLimit::max(max_body));
    http.merge(grpc).fallback(no_such_route).layer(
        ServiceBuilder::new()
            .layer(around(entropy, identify))
            .layer(around((), secure))
            .layer(around(metrics, observe))
            .layer(cors(&cors_origins))
            .layer(around(frames, framed))
            .layer(around((), caught))
            .layer(around(Arc::clone(&gatekeeper), speak))
            .layer(option_layer(edge.as_ref().map(guard)))
            .layer(around(gatekeeper, gate)),
    )
}

async fn no_such_route(request: Request) -> Response {
    let kind = Kind::of(request.headers());
    if kind != Kind::Http {
        return in_grpc(kind, no_such_method());
    }
    let message = format!("there is nothing at {}; see the list of routes in the README", request.uri().path());
    Problem::new(StatusCode::NOT_FOUND, "not_found", message).into_response()
}
