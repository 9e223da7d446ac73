//! Layers from async functions, which share what stands below them.
//!
//! The layers of axum copy everything below themselves for each request, so that each further layer costs more than the one
//! before. Here a copy of each layer is made once.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use tower::{Layer, Service};

/// What stands below a layer, for one request.
pub(crate) struct Next(Box<dyn FnOnce(Request) -> Answer + Send>);

/// An answer to come.
type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

impl Next {
    /// The answer of what stands below.
    pub(crate) async fn run(self, request: Request) -> Response {
        (self.0)(request).await
    }
}

/// A layer that passes each request through `work`, with a copy of `state`.
pub(crate) fn around<T, F>(state: T, work: F) -> Around<T, F> {
    Around { state, work }
}

/// As [`around`] says.
#[derive(Clone)]
pub(crate) struct Around<T, F> {
    state: T,
    work: F,
}

impl<T: Clone, F: Clone, S> Layer<S> for Around<T, F> {
    type Service = Surrounded<T, F, S>;

    fn layer(&self, below: S) -> Self::Service {
        Surrounded { around: self.clone(), below: Arc::new(below) }
    }
}

/// A service below such a layer.
pub(crate) struct Surrounded<T, F, S> {
    around: Around<T, F>,
    below: Arc<S>,
}

impl<T: Clone, F: Clone, S> Clone for Surrounded<T, F, S> {
    fn clone(&self) -> Self {
        Self { around: self.around.clone(), below: Arc::clone(&self.below) }
    }
}

impl<T, F, W, S> Service<Request> for Surrounded<T, F, S>
where
    T: Clone,
    F: Fn(T, Request, Next) -> W,
    W: Future<Output = Response> + Send + 'static,
    S: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Response: IntoResponse,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    /// Always ready: what stands below is copied first, and asked when its turn has come.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let below = Arc::clone(&self.below);
        let next = Next(Box::new(move |request| {
            Box::pin(async move {
                match tower::ServiceExt::oneshot(S::clone(&below), request).await {
                    Ok(response) => response.into_response(),
                    Err(never) => match never {},
                }
            })
        }));
        let work = (self.around.work)(self.around.state.clone(), request, next);
        Box::pin(async move { Ok(work.await) })
    }
}
