//! Tests of embed tokens: a draft of a right token that each test spoils in its own way.

mod audit;
mod desk;
mod hostile;
mod hostile_cases;
mod issue;
mod redeem;
mod session;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use self::desk::Desk;
use super::*;
use crate::auth::tests::HandClock;
use crate::domain::{ClientId, DashboardId, EmbedClaims, Locks, Network, Origin, OsEntropy};

const K1: &[u8] = b"key-one-of-the-tests-0123456789-abcdef";
const K2: &[u8] = b"key-two-of-the-tests-0123456789-abcdef";
const HOST: &str = "https://host.example";
const OTHER: &str = "https://other.example";
const FOREIGN: &str = "https://foreign.example";

fn origin(text: &str) -> Origin {
    Origin::parse(text).unwrap()
}

fn dashboard() -> DashboardId {
    DashboardId::parse("dash-1").unwrap()
}

fn ring() -> Arc<KeyRing> {
    Arc::new(KeyRing::new([("k2", K2), ("k1", K1)]).unwrap())
}

fn registered() -> Vec<Origin> {
    vec![origin(HOST), origin(OTHER)]
}

fn issuer(clock: &Arc<HandClock>) -> Issuer {
    Issuer::new(ring(), "amber", Duration::from_mins(1), clock.clone(), Arc::new(OsEntropy))
}

fn verifier(clock: &Arc<HandClock>) -> Verifier {
    Verifier::new(ring(), "amber", clock.clone())
}

fn redeemer(clock: &Arc<HandClock>, desk: &Arc<Desk>) -> Redeemer {
    let sessions = Sessions::new(ring(), "amber", clock.clone());
    let admission = Admission::new(desk.clone(), desk.clone());
    Redeemer::new(verifier(clock), sessions, admission, desk.clone(), ReplayCache::default(), clock.clone())
}

impl Redeemer {
    /// What a frame does, without a page in between.
    async fn redeem(
        &self,
        token: &str,
        dashboard: &str,
        embedder: &Embedder,
        network: Option<Network>,
    ) -> Result<Opened, Refusal> {
        let admitted = self.admit(token, dashboard, embedder).await?;
        self.open(admitted, network).await
    }
}

fn request() -> IssueRequest {
    IssueRequest {
        client_id: ClientId("admin".to_owned()),
        dashboard: dashboard(),
        origins: vec![],
        subject: None,
        ttl: None,
        leaders: vec![],
        locks: Locks::default(),
        max_session: None,
    }
}

/// Nothing here waits for anything but itself.
fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// A token before it is signed, and how it is used.
#[derive(Clone)]
struct Draft {
    header: Value,
    claims: Value,
    secret: Vec<u8>,
    embedder: Embedder,
}

impl Draft {
    fn right() -> Self {
        let now = HandClock::START;
        Self {
            header: json!({"alg": "HS256", "typ": "amber-embed+jwt", "kid": "k2"}),
            claims: json!({
                "iss": "amber", "aud": "amber-embed", "sub": "anonymous", "jti": URL_SAFE_NO_PAD.encode([7; 16]),
                "iat": now, "nbf": now, "exp": now + 60, "cid": "admin", "dsh": "dash-1", "org": [HOST], "ldr": [],
                "prm": {}, "mxs": 600
            }),
            secret: K2.to_vec(),
            embedder: Embedder::Site(origin(HOST)),
        }
    }

    fn claim(mut self, name: &str, value: Value) -> Self {
        self.claims[name] = value;
        self
    }

    fn head(mut self, name: &str, value: Value) -> Self {
        self.header[name] = value;
        self
    }

    /// Signed with ring alone, so that it does not matter what Amber's own signing refuses to write.
    fn token(&self) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&self.header), part(&self.claims));
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &self.secret);
        let tag = ring::hmac::sign(&key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    fn verdict(&self) -> Result<EmbedClaims, Error> {
        let redeemer = redeemer(&HandClock::new(), &Desk::new());
        Ok(wait(redeemer.check(&self.token(), Some("dash-1"), &self.embedder))?)
    }
}
