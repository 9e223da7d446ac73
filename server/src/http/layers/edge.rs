//! The guard at the edge: a generous bound per address, before anything is read or authenticated.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::middleware::NoOpMiddleware;
use tower_governor::governor::{GovernorConfig, GovernorConfigBuilder};
use tower_governor::key_extractor::KeyExtractor;
use tower_governor::{GovernorError, GovernorLayer};

use super::kind::Kind;
use super::refusal::Refusal;
use crate::domain::Clock;
use crate::rate_limit::{Decision, Identity};

/// Requests of one address that pass at once.
const BURST: u32 = 2_000;
/// The time after which one more may pass: 1,000 a second.
const INTERVAL: Duration = Duration::from_millis(1);

/// The guard's memory of addresses. Clones share it.
#[derive(Clone)]
pub struct Edge {
    config: Arc<GovernorConfig<PeerKey, NoOpMiddleware>>,
}

impl Edge {
    /// A guard that has seen nobody.
    ///
    /// # Panics
    /// Never: burst and interval are above zero.
    #[must_use]
    pub fn new() -> Self {
        let mut builder = GovernorConfigBuilder::default().key_extractor(PeerKey);
        let config = builder.period(INTERVAL).burst_size(BURST).finish().expect("burst and interval are above zero");
        Self { config: Arc::new(config) }
    }

    /// Forgets the addresses that are quiet; call it now and then.
    pub fn forget_idle(&self) {
        self.config.limiter().retain_recent();
    }
}

impl Default for Edge {
    fn default() -> Self {
        Self::new()
    }
}

/// A refusal of the guard, which does not know in which language to answer.
#[derive(Debug, Clone, Copy)]
struct Refused(Decision);

/// The layer of the guard; [`speak`] must stand around it.
pub(crate) fn guard(edge: &Edge) -> GovernorLayer<PeerKey, NoOpMiddleware, Body> {
    GovernorLayer::new(Arc::clone(&edge.config)).error_handler(|error| {
        let seconds = if let GovernorError::TooManyRequests { wait_time, .. } = error { wait_time.max(1) } else { 1 };
        let wait = Duration::from_secs(seconds);
        let reset_after = INTERVAL * BURST;
        let decision = Decision { allowed: false, limit: BURST, remaining: 0, reset_after, retry_after: wait };
        let mut response = StatusCode::TOO_MANY_REQUESTS.into_response();
        response.extensions_mut().insert(Refused(decision));
        response
    })
}

/// Says a refusal of the guard in the language of the request.
pub(crate) async fn speak(State(clock): State<Arc<dyn Clock>>, request: Request, next: Next) -> Response {
    let kind = Kind::of(request.headers());
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Refused>() {
        Some(Refused(decision)) => Refusal::Limited(decision).answer(kind, "", clock.now()),
        None => response,
    }
}

/// The address of the socket, IPv6 by its /64. The extractors of the crate trust headers that any caller can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PeerKey;

impl KeyExtractor for PeerKey {
    type Key = IpAddr;

    fn extract<T>(&self, request: &axum::http::Request<T>) -> Result<IpAddr, GovernorError> {
        use axum::extract::ConnectInfo;
        let peer = request.extensions().get::<ConnectInfo<std::net::SocketAddr>>();
        let address = peer.ok_or(GovernorError::UnableToExtractKey)?.0.ip();
        match Identity::of_address(address) {
            Identity::Ip(address) => Ok(address),
            Identity::User(_) | Identity::Key(_) => Err(GovernorError::UnableToExtractKey),
        }
    }
}
