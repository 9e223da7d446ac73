//! Turns a panic into an answer in the language of the request.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use tracing::error;

use super::around::Next;
use super::kind::Kind;
use super::refusal::in_grpc;
use crate::grpc;
use crate::http::problem::Problem;
use crate::telemetry::RequestId;

/// Answers as for any other defect when what stands below panics: no layer shares anything that a panic leaves half done.
pub(crate) async fn caught((): (), request: Request, next: Next) -> Response {
    let kind = Kind::of(request.headers());
    let id = request.extensions().get::<RequestId>().cloned();
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => answer(kind, id.as_ref(), panic.as_ref()),
    }
}

fn answer(kind: Kind, id: Option<&RequestId>, panic: &(dyn Any + Send)) -> Response {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a text");
    error!(error_id = id.map(RequestId::as_str), panic = text, "A call panicked: {text}");
    if kind != Kind::Http {
        return in_grpc(kind, grpc::defect(id));
    }
    let message = "something went wrong here; the request id finds it in the logs";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_server_error", message).into_response()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::any;
    use tonic::{Code, Status};
    use tonic_types::StatusExt;
    use tower::ServiceExt;

    use super::*;
    use crate::domain::OsEntropy;
    use crate::http::layers::around;

    async fn ask(content_type: &str) -> Response {
        async fn defective() {
            panic!("the inside of the house");
        }
        let router = Router::new().route("/", any(defective)).layer(around((), caught));
        let request = Request::post("/").header("content-type", content_type);
        let request = request.extension(RequestId::accept(Some("request-1"), &OsEntropy));
        router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_panic_is_told_in_the_language_of_the_request_and_tells_nothing_of_itself() {
        let response = ask("application/json").await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        for content_type in ["application/grpc", "application/grpc-web+proto"] {
            let response = ask(content_type).await;
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.headers()["content-type"], content_type);
            let status = Status::from_header_map(response.headers()).expect("a status of gRPC");
            assert_eq!(status.code(), Code::Internal);
            assert!(!status.message().contains("house"), "{status:?}");
            let info = status.get_details_error_info().expect("it has a reason");
            assert_eq!((info.reason.as_str(), info.metadata["error_id"].as_str()), ("INTERNAL", "request-1"));
        }
    }
}
