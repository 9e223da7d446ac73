//! The guard at the edge: a generous bound per address, before anything is read or authenticated.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use governor::middleware::NoOpMiddleware;
use tower_governor::governor::{GovernorConfig, GovernorConfigBuilder};
use tower_governor::key_extractor::KeyExtractor;
use tower_governor::{GovernorError, GovernorLayer};

use super::Gate;
use super::around::Next;
use super::gate::address_of;
use super::kind::Kind;
use super::refusal::Refusal;
use crate::domain::PolicyName;
use crate::rate_limit::{Decision, Identity, Source, TrustedProxies};

/// Requests of one address that pass at once.
const BURST: u32 = 2_000;
/// The time after which one more may pass: 1,000 a second.
const INTERVAL: Duration = Duration::from_millis(1);

/// The guard's memory of addresses. Clones share it.
#[derive(Clone)]
pub struct Edge {
    config: Arc<GovernorConfig<Caller, NoOpMiddleware>>,
}

impl Edge {
    /// A guard that has seen nobody, and that believes these proxies.
    ///
    /// # Panics
    /// Never: burst and interval are above zero.
    #[must_use]
    pub fn new(proxies: TrustedProxies) -> Self {
        Self::admitting(BURST, INTERVAL, proxies)
    }

    fn admitting(burst: u32, interval: Duration, proxies: TrustedProxies) -> Self {
        let mut builder = GovernorConfigBuilder::default().key_extractor(Caller(proxies));
        let config = builder.period(interval).burst_size(burst).finish().expect("burst and interval are above zero");
        Self { config: Arc::new(config) }
    }

    /// Forgets the addresses that are quiet; call it now and then.
    pub fn forget_idle(&self) {
        self.config.limiter().retain_recent();
    }
}

/// A refusal of the guard, which does not know in which language to answer.
#[derive(Debug, Clone, Copy)]
struct Refused(Decision);

/// The layer of the guard; [`speak`] must stand around it.
pub(crate) fn guard(edge: &Edge) -> GovernorLayer<Caller, NoOpMiddleware, Body> {
    GovernorLayer::new(Arc::clone(&edge.config)).error_handler(|error| {
        let seconds = if let GovernorError::TooManyRequests { wait_time, .. } = error { wait_time.max(1) } else { 1 };
        let wait = Duration::from_secs(seconds);
        let reset_after = INTERVAL * BURST;
        let policy = PolicyName::Edge;
        let decision = Decision { policy, allowed: false, limit: BURST, remaining: 0, reset_after, retry_after: wait };
        let mut response = StatusCode::TOO_MANY_REQUESTS.into_response();
        response.extensions_mut().insert(Refused(decision));
        response
    })
}

/// Says a refusal of the guard in the language of the request.
pub(crate) async fn speak(gate: Arc<Gate>, request: Request, next: Next) -> Response {
    let kind = Kind::of(request.headers());
    let mut response = next.run(request).await;
    let Some(Refused(decision)) = response.extensions_mut().remove::<Refused>() else { return response };
    gate.metrics.limit_decision(decision.policy.as_str(), "refused", Source::Local.as_str());
    let mut refusal = Refusal::Limited(decision).answer(kind, "", gate.clock.now(), gate.entropy.unit());
    gate.write_headers(Some(decision), refusal.headers_mut());
    refusal
}

/// Finds the address of the caller, IPv6 by its /64. The extractors of the crate trust headers that any caller can write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller(TrustedProxies);

impl KeyExtractor for Caller {
    type Key = IpAddr;

    fn extract<T>(&self, request: &axum::http::Request<T>) -> Result<IpAddr, GovernorError> {
        if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
            return Err(GovernorError::UnableToExtractKey);
        }
        match Identity::of_address(address_of(request, &self.0)) {
            Identity::Ip(address) => Ok(address),
            Identity::User(_) | Identity::Key(_) => Err(GovernorError::UnableToExtractKey),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    /// The status of a request from this address, and the decision of the guard when it refuses.
    async fn ask(router: &Router, peer: &str, forwarded: &str) -> (StatusCode, Option<Decision>) {
        let peer = SocketAddr::new(peer.parse().unwrap(), 1_234);
        let request = Request::get("/").header("x-forwarded-for", forwarded).extension(ConnectInfo(peer));
        let mut response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let refused = response.extensions_mut().remove::<Refused>();
        (response.status(), refused.map(|Refused(decision)| decision))
    }

    #[tokio::test]
    async fn a_flood_is_refused_by_address_and_under_the_name_of_the_guard() {
        let edge = Edge::admitting(3, Duration::from_hours(1), TrustedProxies::default());
        let router = Router::new().route("/", get(async || "ok")).layer(guard(&edge));
        for n in 0..3 {
            let told = ask(&router, "192.0.2.1", &format!("198.51.100.{n}")).await;
            assert_eq!(told, (StatusCode::OK, None));
        }
        let (status, refused) = ask(&router, "192.0.2.1", "198.51.100.9").await;
        let refused = refused.expect("the address that was written does not count");
        assert_eq!((status, refused.policy), (StatusCode::TOO_MANY_REQUESTS, PolicyName::Edge));
        assert!(!refused.allowed && refused.retry_after >= Duration::from_secs(1), "{refused:?}");
        assert_eq!(ask(&router, "192.0.2.2", "").await.0, StatusCode::OK);
        edge.forget_idle();
        assert_eq!(ask(&router, "192.0.2.1", "").await.0, StatusCode::TOO_MANY_REQUESTS, "nobody busy is forgotten");
    }

    #[tokio::test]
    async fn the_addresses_of_one_site_share_a_bound() {
        let edge = Edge::admitting(1, Duration::from_hours(1), TrustedProxies::default());
        let router = Router::new().route("/", get(async || "ok")).layer(guard(&edge));
        assert_eq!(ask(&router, "2001:db8::1", "").await.0, StatusCode::OK);
        assert_eq!(ask(&router, "2001:db8::2", "").await.0, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(ask(&router, "2001:db8:0:1::1", "").await.0, StatusCode::OK);
    }
}
