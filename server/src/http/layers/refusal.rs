//! Answers of the layers themselves, in the language of the request.

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use tonic::Status;

use super::kind::Kind;
use crate::auth;
use crate::grpc;
use crate::http::problem::Problem;
use crate::rate_limit::Decision;

/// Why a layer lets a request go no further.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The credential is not accepted.
    Auth(auth::Error),
    /// The caller has used up its permits.
    Limited(Decision),
}

impl Refusal {
    /// The answer in the language of the request.
    /// `unit` is evenly distributed in `0.0..1.0`.
    pub(super) fn answer(self, kind: Kind, path: &str, now: Timestamp, unit: f64) -> Response {
        match (kind, self) {
            (Kind::Http, Self::Auth(error)) => Problem::from(error).into_response(),
            (Kind::Http, Self::Limited(decision)) => {
                Problem::limited(&decision, path == "/api/embed/token").into_response()
            }
            (_, Self::Auth(error)) => in_grpc(kind, grpc::unauthenticated(&error)),
            (_, Self::Limited(decision)) => in_grpc(kind, grpc::refused(&decision, now, unit)),
        }
    }
}

/// A status in the headers alone, which gRPC calls trailers-only.
pub(crate) fn in_grpc(kind: Kind, status: Status) -> Response {
    let mut response = status.into_http::<Body>();
    if kind == Kind::GrpcWeb {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc-web+proto"));
    }
    response
}
