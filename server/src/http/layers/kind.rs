//! In which language a request wants its answer.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

/// In which language a request wants its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// gRPC over HTTP/2.
    Grpc,
    /// gRPC-web, over any HTTP.
    GrpcWeb,
    /// Everything else.
    Http,
}

impl Kind {
    /// Tells by the content type, as the gRPC protocol does.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if content_type.starts_with("application/grpc-web") {
            return Self::GrpcWeb;
        }
        if content_type.starts_with("application/grpc") { Self::Grpc } else { Self::Http }
    }

    /// The name in metrics.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Grpc | Self::GrpcWeb => "grpc",
            Self::Http => "http",
        }
    }
}
