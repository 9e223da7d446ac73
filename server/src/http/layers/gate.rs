//! Finds out who calls and whether it may call so often.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;

use super::around::Next;
use super::kind::Kind;
use super::observe::CallerKind;
use super::refusal::Refusal;
use crate::auth::Authenticator;
use crate::domain::{Clock, Entropy, Principal};
use crate::grpc::quota;
use crate::rate_limit::{Decision, EMBED_ISSUE, Limits, Policies, TrustedProxies};
use crate::telemetry::Metrics;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Finds out who calls and whether it may call so often.
pub struct Gate {
    /// Tells who calls.
    pub authenticator: Arc<Authenticator>,
    /// Counts calls; None when limiting is switched off.
    pub limits: Option<Arc<Limits>>,
    /// Tell the address of a caller behind them.
    pub proxies: TrustedProxies,
    /// Tells when a bucket is full again.
    pub clock: Arc<dyn Clock>,
    /// Spreads the return of refused callers.
    pub entropy: Arc<dyn Entropy>,
    /// Counts refused credentials.
    pub metrics: Metrics,
}

/// A request that may go on.
struct Admitted {
    caller: Principal,
    decision: Option<Decision>,
}

pub(crate) async fn gate(gate: Arc<Gate>, mut request: Request, next: Next) -> Response {
    let kind = Kind::of(request.headers());
    let path = request.uri().path().to_owned();
    let address = address_of(&request, &gate.proxies);
    // What comes behind sees the caller and not the proxy.
    if let Some(ConnectInfo(peer)) = request.extensions_mut().get_mut::<ConnectInfo<SocketAddr>>() {
        peer.set_ip(address);
    }
    match gate.admit(&path, address, request.headers()).await {
        Ok(Admitted { caller, decision }) => {
            let caller_kind = CallerKind(caller.kind());
            request.extensions_mut().insert(caller);
            let mut response = next.run(request).await;
            response.extensions_mut().insert(caller_kind);
            gate.write_headers(decision, response.headers_mut());
            response
        }
        Err(refusal) => {
            let limits = if let Refusal::Limited(decision) = &refusal { Some(*decision) } else { None };
            let mut response = refusal.answer(kind, &path, gate.clock.now(), gate.entropy.unit());
            gate.write_headers(limits, response.headers_mut());
            response
        }
    }
}

impl Gate {
    async fn admit(&self, path: &str, address: IpAddr, headers: &HeaderMap) -> Result<Admitted, Refusal> {
        if Policies::is_free(path) {
            let caller = self.caller(headers).await.unwrap_or(Principal::Anonymous);
            return Ok(Admitted { caller, decision: None });
        }
        let caller = match self.caller(headers).await {
            // The caller is not to blame, and pays nothing.
            Err(error @ crate::auth::Error::DatabaseUnavailable) => return Err(Refusal::Auth(error)),
            Ok(caller) => caller,
            Err(error) => return Err(self.note_failure(path, address, error).await),
        };
        match self.decide(path, &caller, address).await {
            Some(decision) if !decision.allowed => Err(Refusal::Limited(decision)),
            decision => Ok(Admitted { caller, decision }),
        }
    }

    async fn caller(&self, headers: &HeaderMap) -> Result<Principal, crate::auth::Error> {
        let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or_default());
        self.authenticator.authenticate(text(AUTHORIZATION), text(API_KEY)).await
    }

    /// A wrong credential costs the address a permit, so that keys cannot be guessed at speed.
    async fn note_failure(&self, path: &str, address: IpAddr, error: crate::auth::Error) -> Refusal {
        let reason = error.reason();
        if EMBED_ISSUE.contains(&path) {
            self.metrics.token_denied();
        }
        tracing::warn!(reason, peer = %address, path, "A credential was refused: {error}.");
        match self.decide(path, &Principal::Anonymous, address).await {
            Some(decision) if !decision.allowed => Refusal::Limited(decision),
            _ => Refusal::Auth(error),
        }
    }

    async fn decide(&self, path: &str, caller: &Principal, address: IpAddr) -> Option<Decision> {
        self.limits.as_ref()?.check(path, caller, address).await
    }

    /// Tells the caller of its quota, if it has one.
    pub(super) fn write_headers(&self, decision: Option<Decision>, headers: &mut HeaderMap) {
        let Some(decision) = decision else { return };
        for (name, value) in quota::headers(&decision, self.clock.now()) {
            headers.insert(name, value);
        }
    }
}

/// The address of the caller: that of the socket, unless a trusted proxy tells another one.
pub(super) fn address_of<B>(request: &axum::http::Request<B>, proxies: &TrustedProxies) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::from(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip());
    let told: Vec<&[u8]> = request.headers().get_all(FORWARDED_FOR).iter().map(HeaderValue::as_bytes).collect();
    proxies.client(peer, told.into_iter())
}
