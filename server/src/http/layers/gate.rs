//! Finds out who calls and whether it may call so often.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use super::kind::Kind;
use super::observe::CallerKind;
use super::refusal::Refusal;
use crate::auth::Authenticator;
use crate::domain::{Clock, Principal};
use crate::grpc::quota;
use crate::rate_limit::{Decision, EMBED_ISSUE, LocalLimiter, Policies, Policy, PolicyName};
use crate::telemetry::Metrics;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Finds out who calls and whether it may call so often.
pub struct Gate {
    /// Tells who calls.
    pub authenticator: Arc<Authenticator>,
    /// Counts calls; None when limiting is switched off.
    pub limiter: Option<Arc<LocalLimiter>>,
    /// Tells when a bucket is full again.
    pub clock: Arc<dyn Clock>,
    /// Counts decisions.
    pub metrics: Metrics,
}

/// A request that may go on.
struct Admitted {
    caller: Principal,
    decision: Option<Decision>,
}

pub(crate) async fn gate(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    let kind = Kind::of(request.headers());
    let path = request.uri().path().to_owned();
    match gate.admit(&path, peer_of(&request), request.headers()).await {
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
            let mut response = refusal.answer(kind, &path, gate.clock.now());
            gate.write_headers(limits, response.headers_mut());
            response
        }
    }
}

impl Gate {
    async fn admit(&self, path: &str, peer: IpAddr, headers: &HeaderMap) -> Result<Admitted, Refusal> {
        if Policies::of(path, &Principal::Anonymous, peer).is_none() {
            let caller = self.caller(headers).await.unwrap_or(Principal::Anonymous);
            return Ok(Admitted { caller, decision: None });
        }
        let caller = match self.caller(headers).await {
            // The caller is not to blame, and pays nothing.
            Err(error @ crate::auth::Error::DatabaseUnavailable) => return Err(Refusal::Auth(error)),
            Ok(caller) => caller,
            Err(error) => return Err(self.note_failure(path, peer, error)),
        };
        let Some(policy) = Policies::of(path, &caller, peer) else {
            return Ok(Admitted { caller, decision: None });
        };
        match self.decide(&policy) {
            Some(decision) if !decision.allowed => Err(Refusal::Limited(decision)),
            decision => Ok(Admitted { caller, decision }),
        }
    }

    async fn caller(&self, headers: &HeaderMap) -> Result<Principal, crate::auth::Error> {
        let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or_default());
        self.authenticator.authenticate(text(AUTHORIZATION), text(API_KEY)).await
    }

    /// A wrong credential costs the address a permit, so that keys cannot be guessed at speed.
    fn note_failure(&self, path: &str, peer: IpAddr, error: crate::auth::Error) -> Refusal {
        let reason = error.reason();
        if EMBED_ISSUE.contains(&path) {
            self.metrics.token_denied();
        }
        tracing::warn!(reason, %peer, path, "A credential was refused: {error}.");
        match Policies::of(path, &Principal::Anonymous, peer).and_then(|policy| self.decide(&policy)) {
            Some(decision) if !decision.allowed => Refusal::Limited(decision),
            _ => Refusal::Auth(error),
        }
    }

    fn decide(&self, policy: &Policy) -> Option<Decision> {
        let decision = self.limiter.as_ref()?.check(policy);
        let name: PolicyName = policy.name;
        self.metrics.limit_decision(name.as_str(), if decision.allowed { "allowed" } else { "refused" });
        Some(decision)
    }

    fn write_headers(&self, decision: Option<Decision>, headers: &mut HeaderMap) {
        let Some(decision) = decision else { return };
        for (name, value) in quota::headers(&decision, self.clock.now()) {
            headers.insert(name, value);
        }
    }
}

/// The address of the socket; forwarded addresses are not trusted.
fn peer_of(request: &Request) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::from([0, 0, 0, 0]), |ConnectInfo(address)| address.ip())
}
