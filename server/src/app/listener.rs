//! Accepts connections, speaks TLS on them when there is a certificate, and ends them in an orderly way.

mod hello;
mod slots;
mod slow_body;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::{debug, warn};

use super::tls::Tls;
use crate::domain::Entropy;
use crate::telemetry::Metrics;
use hello::Protocol;
pub(super) use slots::Slots;
use slots::{Place, Slot};
use slow_body::InTime;

/// The longest that a caller may take to say which protocol it speaks, handshake included, and then to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that a caller may take to send the body of a request.
const BODY_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a connection that was made before the port closed may still take to begin.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// The most connections that are still taken then from the queue of the system.
const MOST_LAST: usize = 1_024;
/// The most calls at a time on one HTTP/2 connection.
const MAX_STREAMS: u32 = 256;
/// How often an HTTP/2 connection is asked whether it lives, and how long it may take to say so.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(20));
/// The longest head of a request, in bytes; HTTP/1.1 may read another such piece before it notices.
const MAX_HEAD: u32 = 32 * 1_024;

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
    /// Counts connections that are not served.
    pub(super) metrics: Metrics,
    /// Tells that the process is about to stop. Callers of HTTP/1.1 are told with each answer to come by another connection, so that
    /// none is kept on which a call could meet the end.
    pub(super) leaving: CancellationToken,
}

/// Serves until `stop`, lets what is under way finish until `abort`, and returns when all is over.
///
/// The port closes first, and only then connections are told to end: whoever makes a new one in the place of theirs goes elsewhere at
/// once, and whoever has made one before is served.
pub(super) async fn listen(listener: TcpListener, service: Service, stop: CancellationToken, abort: CancellationToken) {
    let (connections, closed) = (TaskTracker::new(), CancellationToken::new());
    let begin = |stream, peer: SocketAddr, place| {
        let Some(slot) = service.slots.give(place, peer.ip()) else {
            service.metrics.connection_refused("address");
            debug!(%peer, "A connection was refused: its address has all that it may have.");
            return;
        };
        let life = Life { stop: closed.clone(), abort: abort.clone(), max_age: service.age(), _slot: slot };
        connections.spawn(welcome(stream, peer, service.clone(), life));
    };
    while let Some((stream, peer, place)) = stop.run_until_cancelled(next(&listener, &service.slots)).await {
        begin(stream, peer, place);
    }
    for (stream, peer) in last(listener) {
        let Some(place) = service.slots.try_next() else { break };
        begin(stream, peer, place);
    }
    closed.cancel();
    connections.close();
    connections.wait().await;
}

/// The connections that wait in the queue of the system. The port is closed when this returns.
fn last(listener: TcpListener) -> Vec<(TcpStream, SocketAddr)> {
    // The runtime may not know of them yet.
    let Ok(listener) = listener.into_std() else { return Vec::new() };
    let waiting = std::iter::from_fn(|| listener.accept().ok()).take(MOST_LAST);
    let usable = |(stream, peer): (std::net::TcpStream, SocketAddr)| {
        stream.set_nonblocking(true).ok()?;
        Some((TcpStream::from_std(stream).ok()?, peer))
    };
    waiting.filter_map(usable).collect()
}

async fn next(listener: &TcpListener, slots: &Slots) -> (TcpStream, SocketAddr, Place) {
    let place = slots.next().await;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
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
    _slot: Slot,
}

/// Finds out what the caller speaks, and speaks it.
async fn welcome(stream: TcpStream, peer: SocketAddr, service: Service, life: Life) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, %peer, "A connection keeps its delay.");
    }
    let hello = timeout(HEAD_TIMEOUT, hello::read(stream, service.tls.as_ref()));
    // What the caller says may be on its way.
    let too_late = async {
        life.stop.cancelled().await;
        sleep(LAST_WORDS).await;
    };
    let hello = tokio::select! {
        hello = hello => Some(hello),
        () = too_late => None,
    };
    match hello {
        Some(Ok(Ok((hello::Stream::Plain(stream), protocol)))) => {
            converse(stream, protocol, peer, service, life).await;
        }
        Some(Ok(Ok((hello::Stream::Secure(stream), protocol)))) => {
            converse(*stream, protocol, peer, service, life).await;
        }
        Some(Ok(Err(error))) => debug!(%error, %peer, "A connection ended before it said what it speaks."),
        Some(Err(_)) | None => debug!(%peer, "A connection was too slow to say what it speaks."),
    }
}

async fn converse<S>(stream: S, protocol: Protocol, peer: SocketAddr, service: Service, life: Life)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Service { router, leaving, .. } = service;
    let asked = router.map_request(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(|body| InTime::new(body, BODY_TIMEOUT));
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let service = asked.map_response(move |mut response: Response| {
        // HTTP/2 has no such header, and can end a connection without losing a call.
        if protocol == Protocol::Http1 && leaving.is_cancelled() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
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
            // What has come already is read before the connection is told to end, which would forget it.
            biased;
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
