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
use futures::FutureExt;
use futures::future::Map;
use tower::{Layer, Service, ServiceExt};

/// What stands below a layer, for one request.
pub(crate) struct Next(Arc<dyn Below>);

/// An answer to come.
type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

impl Next {
    /// The answer of what stands below.
    pub(crate) async fn run(self, request: Request) -> Response {
        self.0.answer(request).await
    }
}

/// A service that is asked once for each request.
trait Below: Send + Sync {
    fn answer(&self, request: Request) -> Answer;
}

impl<S> Below for S
where
    S: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Response: IntoResponse,
    S::Future: Send + 'static,
{
    fn answer(&self, request: Request) -> Answer {
        let asked = self.clone().oneshot(request);
        Box::pin(async move {
            match asked.await {
                Ok(response) => response.into_response(),
                Err(never) => match never {},
            }
        })
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

impl<T, F, S> Layer<S> for Around<T, F>
where
    T: Clone,
    F: Clone,
    S: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Response: IntoResponse,
    S::Future: Send + 'static,
{
    type Service = Surrounded<T, F>;

    fn layer(&self, below: S) -> Surrounded<T, F> {
        Surrounded { around: self.clone(), below: Arc::new(below) }
    }
}

/// A service below such a layer.
#[derive(Clone)]
pub(crate) struct Surrounded<T, F> {
    around: Around<T, F>,
    below: Arc<dyn Below>,
}

impl<T, F, W> Service<Request> for Surrounded<T, F>
where
    T: Clone,
    F: Fn(T, Request, Next) -> W,
    W: Future<Output = Response>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Map<W, fn(Response) -> Result<Response, Infallible>>;

    /// Always ready: what stands below is copied first, and asked when its turn has come.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Around { state, work } = &self.around;
        work(state.clone(), request, Next(Arc::clone(&self.below))).map(Ok as fn(Response) -> _)
    }
}
