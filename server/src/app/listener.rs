//! Accepts connections, and ends them in an orderly way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::{debug, warn};

/// Connections at a time; the next ones wait in the queue of the system.
const MAX_CONNECTIONS: usize = 10_000;
/// The longest that a caller may take to send its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The most calls at a time on one HTTP/2 connection.
const MAX_STREAMS: u32 = 256;
/// How often a quiet HTTP/2 connection is asked whether it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// The longest head of a request, in bytes.
const MAX_HEAD: u32 = 32 * 1_024;

/// Serves `router` until `stop`, lets what is under way finish until `abort`, and returns when all is over.
pub(super) async fn listen(listener: TcpListener, router: Router, stop: CancellationToken, abort: CancellationToken) {
    let connections = TaskTracker::new();
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    while let Some((stream, peer, slot)) = stop.run_until_cancelled(next(&listener, &slots)).await {
        let life = Life { stop: stop.clone(), abort: abort.clone(), _slot: slot };
        connections.spawn(converse(stream, peer, router.clone(), life));
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn next(listener: &TcpListener, slots: &Arc<Semaphore>) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    let slot = Arc::clone(slots).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, slot),
            Err(error) => {
                // Out of file descriptors, most likely; a pause lets connections end.
                warn!(%error, "A connection could not be accepted.");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

struct Life {
    stop: CancellationToken,
    abort: CancellationToken,
    _slot: OwnedSemaphorePermit,
}

async fn converse(stream: TcpStream, peer: SocketAddr, router: Router, life: Life) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, %peer, "A connection keeps its delay.");
    }
    let service = router.map_request(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(MAX_HEAD as usize * 2);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD)
        .keep_alive_interval(KEEP_ALIVE);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut connection = std::pin::pin!(connection);
    let mut is_draining = false;
    loop {
        tokio::select! {
            outcome = connection.as_mut() => {
                if let Err(error) = outcome {
                    debug!(error, %peer, "A connection ended early.");
                }
                return;
            }
            () = life.stop.cancelled(), if !is_draining => {
                is_draining = true;
                connection.as_mut().graceful_shutdown();
            }
            () = life.abort.cancelled() => return,
        }
    }
}
