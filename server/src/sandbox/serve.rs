//! The sandbox on a port. Unlike `axum::serve` it can hang up without a word.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::delivery::Hangup;

/// How long it waits after an accept that failed, which tells that this process has too many open files.
const RESPITE: Duration = Duration::from_millis(50);

/// Serves `router` by HTTP/1.1 until `shutdown` completes; requests under way are answered.
pub(super) async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(RESPITE).await;
            continue;
        };
        // Small answers go out at once; when this fails they are late, and nothing else.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = service_fn(move |request| answer(router.clone(), request));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        // A caller who hangs up early is a case of some tests.
        connections.spawn(graceful.watch(connection));
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn answer(router: Router, request: Request<Incoming>) -> io::Result<Response> {
    let answered: Result<Response, Infallible> = router.oneshot(request.map(Body::new)).await;
    let Ok(response) = answered;
    match response.extensions().get::<Hangup>() {
        // An error of the service is the one way to make hyper close a connection without a word.
        Some(Hangup) => Err(io::ErrorKind::ConnectionReset.into()),
        None => Ok(response),
    }
}
