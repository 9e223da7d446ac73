//! Two replicas and the ways into them.

use std::time::Duration;

use amber_sdk::v1::{ErrorReason, RedeemEmbedTokenRequest};
use amber_sdk::{Amber, Credentials, Options, RetryPolicy};
use amber_tests::{Postgres, Program, Redis, admin_token, http_client};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::wire::{opening, reason_of};

/// The first key of the ring, alone.
pub(super) const FIRST: &str = "k1:Zmlyc3Qta2V5LTdrUXAyeFZiOVptMy1uOFd0LUpjNUhz";
/// The second one, alone.
pub(super) const SECOND: &str = "k2:c2Vjb25kLWtleS00ckhzNm5MZDFHeS12MEVrLVJiOFRx";
const API_KEY: &str = "replica-api-key-3f8e1c6b9d2a7054qwer";
const BOOTSTRAP: &str = "replica-bootstrap-4f5d6s7a8q9w0e1r2t";
const JWT_SECRET: &str = "replica-jwt-secret-zxcvbnm-lkjhgfds-qwertz";
/// The partner whose pages may show the frame, as [`opening`] says it.
const PARTNER: &str = "https://partner.example";

/// How a token is used.
#[derive(Debug, Clone, Copy)]
pub(super) enum Door {
    /// By `RedeemEmbedToken`.
    Rpc,
    /// By the form that opens the page.
    Frame,
}

/// The address at which a replica was started, and what it is asked through.
pub(super) struct Replica {
    pub(super) url: String,
    rpc: Amber,
    http: reqwest::Client,
}

/// A process with these keys.
pub(super) fn start(database: &str, redis: &str, ring: &str) -> Program {
    let started = Program::serve([
        ("DATABASE_URL", database),
        ("DATABASE_MAX_CONNECTIONS", "20"),
        ("REDIS_URL", redis),
        ("LISTEN_ADDR", "127.0.0.1:0"),
        ("ADMIN_JWT_SECRET", JWT_SECRET),
        ("ADMIN_API_KEY", API_KEY),
        ("ADMIN_BOOTSTRAP_SECRET", BOOTSTRAP),
        ("EMBED_ENABLED", "true"),
        ("EMBED_SIGNING_KEYS", ring),
        ("EMBED_ALLOWED_ORIGINS", PARTNER),
        ("RATE_LIMITING_ENABLED", "false"),
        ("EMBED_RATE_LIMIT_REQUESTS", "100000"),
        ("RUST_LOG", "warn,amber_server::app=info"),
    ]);
    started.unwrap_or_else(|said| panic!("the program does not start: {said}"))
}

/// Two processes with the first key; None where PostgreSQL or Redis is not installed.
pub(super) async fn pair() -> Option<([Program; 2], Redis)> {
    let database = Postgres::shared()?.database().await;
    pair_on(&database)
}

/// The same on a database at this address.
pub(super) fn pair_on(database: &str) -> Option<([Program; 2], Redis)> {
    let redis = Redis::start()?;
    // One after the other, because the first one makes the tables.
    let programs = [(); 2].map(|()| start(database, &redis.url(), FIRST));
    Some((programs, redis))
}

impl Replica {
    pub(super) async fn at(url: &str) -> Self {
        let options = Options::new(url).retry(RetryPolicy::never());
        let rpc = Amber::connect(options).await.expect("the replica listens");
        Self { url: url.to_owned(), rpc, http: http_client() }
    }

    /// The replicas of a pair.
    pub(super) async fn of(programs: &[Program; 2]) -> [Self; 2] {
        [Self::at(programs[0].url()).await, Self::at(programs[1].url()).await]
    }

    /// What an admin may ask of this replica.
    pub(super) async fn by_admin(&self) -> Amber {
        let token = admin_token(&self.url, BOOTSTRAP, "admin").await;
        self.rpc.with_credentials(&Credentials::admin_jwt(token)).expect("the token is ASCII")
    }

    /// What everybody may ask of it.
    pub(super) fn rpc(&self) -> &Amber {
        &self.rpc
    }

    /// A token for the dashboard `d`, and its id.
    pub(super) async fn issue(&self) -> (String, String) {
        self.issue_for(&json!({ "dashboardId": "d" })).await
    }

    /// A token as this body asks for it, and its id.
    pub(super) async fn issue_for(&self, body: &Value) -> (String, String) {
        let answer = self.issuing(body).send().await.expect("the replica answers");
        let answer: Value = answer.json().await.expect("JSON");
        let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned();
        (text("token"), text("tokenId"))
    }

    /// Uses the token at this replica. The error is the reason, for machines.
    pub(super) async fn open(&self, door: Door, token: &str) -> Result<(), String> {
        match door {
            Door::Rpc => self.session(token).await.map(drop),
            Door::Frame => {
                let page = self.frame("d", token).send().await.expect("the replica answers");
                let (status, text) = (page.status(), page.text().await.expect("a whole page"));
                if status.is_success() { Ok(()) } else { Err(reason_in(&text)) }
            }
        }
    }

    /// Opens a session with a token for the dashboard `d`. The error is the reason.
    pub(super) async fn session(&self, token: &str) -> Result<String, String> {
        let request = RedeemEmbedTokenRequest {
            token: token.to_owned(),
            dashboard_id: "d".to_owned(),
            origin: PARTNER.to_owned(),
        };
        match self.rpc.embed_tokens().redeem_embed_token(request).await {
            Ok(opened) => Ok(opened.into_inner().session),
            Err(status) => Err(reason_of(&status, "redeem").1.wire_name().to_owned()),
        }
    }

    /// The request that asks for a token.
    pub(super) fn issuing(&self, body: &Value) -> RequestBuilder {
        self.http.post(format!("{}/api/embed/token", self.url)).bearer_auth(API_KEY).json(body)
    }

    /// The request that opens the page of a dashboard.
    pub(super) fn frame(&self, dashboard: &str, token: &str) -> RequestBuilder {
        let frame = self.http.post(format!("{}/embed/v1/dashboards/{dashboard}", self.url));
        opening(frame, token).timeout(Duration::from_secs(20))
    }

    /// The request by which a standing page of the dashboard `d` reads its numbers anew.
    pub(super) fn content(&self, session: &str) -> RequestBuilder {
        self.http.get(format!("{}/embed/v1/dashboards/d/content", self.url)).header("embed-session", session)
    }
}

/// The reason that an error page or a problem names.
fn reason_in(text: &str) -> String {
    let mut words = text.split(|c: char| !c.is_ascii_uppercase() && c != '_');
    let reason = words.find(|word| ErrorReason::from_wire_name(word).is_some());
    reason.unwrap_or_else(|| panic!("no reason in {text}")).to_owned()
}
