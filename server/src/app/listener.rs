//! Accepts connections, speaks TLS on them when there is a certificate, and ends them in an orderly way.

mod hello;
mod slow_body;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::{debug, warn};

use super::tls::Tls;
use crate::domain::Entropy;
use hello::Protocol;
use slow_body::InTime;

/// Connections at a time; the next ones wait in the queue of the system.
const MAX_CONNECTIONS: usize = 10_000;
/// The longest that a caller may take to say which protocol it speaks, handshake included, and then to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that a caller may take to send the body of a request.
const BODY_TIMEOUT: Duration = Duration::from_mins(1);
/// The most calls at a time on one HTTP/2 connection.
const MAX_STREAMS: u32 = 256;
/// How often an HTTP/2 connection is asked whether it lives, and how long it may take to say so.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(20));
/// The longest head of a request, in bytes; HTTP/1.1 may read another such piece before it notices.
const MAX_HEAD: u32 = 32 * 1_024;

/// Places for connections. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Slots(Arc<Semaphore>);

impl Slots {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(MAX_CONNECTIONS)))
    }

    /// How many connections there are. A place is held for the next one while there is room, and is not one.
    pub(super) fn taken(&self) -> usize {
        (MAX_CONNECTIONS - self.0.available_permits()).saturating_sub(1)
    }
}

/// What every connection is served with.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) router: Router,
    /// None: plain text.
    pub(super) tls: Option<Tls>,
    /// After which time a connection is to be made anew; None: never.
    pub(super) max_age: Option<Duration>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) slots: Slots,
}

/// Serves until `stop`, lets what is under way finish until `abort`, and returns when all is over.
pub(super) async fn listen(listener: TcpListener, service: Service, stop: CancellationToken, abort: CancellationToken) {
    let connections = TaskTracker::new();
    while let Some((stream, peer, slot)) = stop.run_until_cancelled(next(&listener, &service.slots)).await {
        let life = Life { stop: stop.clone(), abort: abort.clone(), max_age: service.age(), _slot: slot };
        connections.spawn(welcome(stream, peer, service.clone(), life));
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn next(listener: &TcpListener, slots: &Slots) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    let slot = Arc::clone(&slots.0).acquire_owned().await.expect("the semaphore is never closed");
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

impl Service {
    /// The age at which the next connection ends: up to a tenth earlier by chance, so that those which were made at once are
    /// not made anew at once.
    fn age(&self) -> Option<Duration> {
        self.max_age.map(|age| age.mul_f64(1.0 - self.entropy.unit() / 10.0))
    }
}

struct Life {
    stop: CancellationToken,
    abort: CancellationToken,
    max_age: Option<Duration>,
    _slot: OwnedSemaphorePermit,
}

/// Finds out what the caller speaks, and speaks it.
async fn welcome(stream: TcpStream, peer: SocketAddr, service: Service, life: Life) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, %peer, "A connection keeps its delay.");
    }
    // Nothing is under way yet that would have to be finished.
    let hello = life.stop.run_until_cancelled(timeout(HEAD_TIMEOUT, hello::read(stream, service.tls.as_ref())));
    match hello.await {
        Some(Ok(Ok((hello::Stream::Plain(stream), protocol)))) => {
            converse(stream, protocol, peer, service.router, life).await;
        }
        Some(Ok(Ok((hello::Stream::Secure(stream), protocol)))) => {
            converse(*stream, protocol, peer, service.router, life).await;
        }
        Some(Ok(Err(error))) => debug!(%error, %peer, "A connection ended before it said what it speaks."),
        Some(Err(_)) => debug!(%peer, "A connection was too slow to say what it speaks."),
        None => {}
    }
}

async fn converse<S>(stream: S, protocol: Protocol, peer: SocketAddr, router: Router, life: Life)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = router.map_request(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(|body| InTime::new(body, BODY_TIMEOUT));
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let builder = builder(protocol);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut connection = std::pin::pin!(connection);
    let mut is_ending = false;
    let mut old = std::pin::pin!(async {
        match life.max_age {
            Some(age) => sleep(age).await,
            None => std::future::pending().await,
        }
    });
    loop {
        tokio::select! {
            outcome = connection.as_mut() => {
                if let Err(error) = outcome {
                    debug!(error, %peer, "A connection ended early.");
                }
                return;
            }
            () = life.stop.cancelled(), if !is_ending => is_ending = true,
            () = &mut old, if !is_ending => is_ending = true,
            () = life.abort.cancelled() => return,
        }
        if is_ending {
            connection.as_mut().graceful_shutdown();
        }
    }
}

fn builder(protocol: Protocol) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder = match protocol {
        Protocol::Http1 => builder.http1_only(),
        Protocol::Http2 => builder.http2_only(),
    };
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(MAX_HEAD as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD)
        .keep_alive_interval(KEEP_ALIVE.0)
        .keep_alive_timeout(KEEP_ALIVE.1);
    builder
}
