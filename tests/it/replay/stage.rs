//! A server set up as the Python one was in a profile.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use amber_server::domain::{Entropy, OsEntropy};
use amber_tests::{Backend, Postgres, Redis, TestServer};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::case::{Case, Profile};
use super::seeds::Seeds;
use crate::wire::Answer;

/// Where no Redis is.
const NO_REDIS: &str = "redis://127.0.0.1:9/0";

/// By which the time goes on from request to request: what comes later is later.
pub(super) const TICK: Duration = Duration::from_millis(1);

/// The server, and the variables of the requests.
pub(super) struct Stage {
    server: TestServer,
    seeds: Seeds,
    variables: BTreeMap<String, String>,
    /// They go with the stage.
    _postgres: Option<Postgres>,
    _redis: Redis,
    _folder: Option<TempDir>,
}

impl Stage {
    /// None when a program is missing that the profile needs, which is said on stderr.
    pub(super) async fn of(profile: &Profile, seeds: Seeds) -> Option<Self> {
        let redis = Redis::start()?;
        let postgres = if profile.variables.contains_key("__DB__") { Some(Postgres::start()?) } else { None };
        // What is there from the beginning was entered while no limit counted.
        let before = TestServer::on(Backend::Sqlite).await?.entropy(FirstComesFirst::default()).start().await;
        let mut variables = tokens(&before).await;
        variables.insert("leader0".to_owned(), seeds.enter(&before, &variables["admin_token"]).await);

        let mut builder = before.twin().env("REDIS_URL", redis.url());
        builder = builder.env("EMBED_ALLOWED_ORIGINS", "https://example.com,https://trusted-domain.com");
        if profile.name.ends_with("limit10") {
            builder = builder.env("EMBED_RATE_LIMIT_REQUESTS", "10");
        }
        for (name, value) in &profile.variables {
            builder = match (name.as_str(), value.as_str()) {
                ("__DB__", _) => builder,
                // Nothing is signed without a key, so embedding cannot be on.
                ("EMBED_SIGNING_KEY", "__UNSET__") => builder.env(name, "").env("EMBED_ENABLED", "false"),
                (_, "__UNSET__") => builder.env(name, ""),
                // Nobody is asked there: X would refuse the made-up token.
                ("TWITTER_BEARER_TOKEN", token) => builder.env(name, token).env("X_API_BASE_URL", "http://127.0.0.1:9"),
                _ => builder.env(name, value.clone()),
            };
        }
        if let Some(postgres) = &postgres {
            builder = builder.env("DATABASE_URL", postgres.database().await);
        }
        let folder = before.stop().await;
        let server = builder.start().await;
        if let Some(postgres) = &postgres {
            postgres.crash();
        }
        let is_redis_away = profile.variables.get("REDIS_URL").is_some_and(|url| url == NO_REDIS);
        let is_database_away = postgres.is_some();
        let stage = Self { server, seeds, variables, _postgres: postgres, _redis: redis, _folder: folder };
        stage.settle(is_database_away, is_redis_away).await;
        Some(stage)
    }

    /// Waits until the health report knows how things stand.
    async fn settle(&self, is_database_away: bool, is_redis_away: bool) {
        let is_settled = |report: &Value| {
            let status = |of: &str| report["checks"][of]["status"].as_str().unwrap_or_default().to_owned();
            (status("database") != "ok") == is_database_away && (status("redis") != "ok") == is_redis_away
        };
        let settled = timeout(Duration::from_secs(20), async {
            loop {
                let report = Answer::to(self.server.http.get(self.server.url("/api/health"))).await.json();
                if is_settled(&report) {
                    return;
                }
                sleep(Duration::from_millis(100)).await;
            }
        });
        settled.await.expect("the report tells what is away");
    }

    /// Sends the request, as often as it was sent; the last answer counts.
    pub(super) async fn ask(&mut self, case: &Case) -> Answer {
        let body = case.request.get("json").map(|json| self.filled_in(&json.to_string()));
        let body = body.or_else(|| case.request["body"].as_str().map(|body| self.filled_in(body)));
        let mut answer = self.send(case, body.clone()).await;
        for _ in 1..case.times {
            answer = self.send(case, body.clone()).await;
        }
        let what = (case.request["method"].as_str(), case.request["path"].as_str(), case.status, answer.status);
        match what {
            (Some("POST"), Some("/api/leaders"), 201, 201) => {
                self.seeds.make_up(&self.server, &self.variables["admin_token"], &answer.json()).await;
            }
            // What was stored once must be there for the requests that follow, though it is refused by now.
            (Some("POST"), Some("/api/posts"), 201, 400) => {
                let corrected = without_the_refused(&body.expect("it was refused"), &answer.json());
                self.send(case, Some(corrected)).await;
            }
            _ => {}
        }
        self.capture(case, &answer);
        answer
    }

    fn capture(&mut self, case: &Case, answer: &Answer) {
        let Ok(json) = serde_json::from_slice::<Value>(&answer.body) else { return };
        for (name, path) in &case.capture {
            let pointer = path.as_str().expect("a path").replace(['.', '['], "/").replace([']', '$'], "");
            if let Some(value) = json.pointer(&pointer).and_then(Value::as_str) {
                self.variables.insert(name.clone(), value.to_owned());
            }
        }
    }

    async fn send(&self, case: &Case, body: Option<String>) -> Answer {
        let request = &case.request;
        let method = request["method"].as_str().expect("a method");
        let path = self.filled_in(request["path"].as_str().expect("a path"));
        let mut asked = self.server.http.request(method.parse().expect("a method"), self.server.url(&path));
        let headers = request["headers"].as_object().expect("headers");
        for (name, value) in headers {
            asked = asked.header(name, self.filled_in(value.as_str().expect("a text")));
        }
        // Changes need a credential now, and so does a look at the review queue.
        let is_read = ["GET", "HEAD", "OPTIONS"].contains(&method);
        let was_open = match path.split(['/', '?']).nth(2) {
            Some("leaders" | "posts") => !is_read,
            Some("review") => is_read,
            _ => false,
        };
        if was_open && !headers.contains_key("Authorization") {
            asked = asked.bearer_auth(&self.variables["admin_token"]);
        }
        if let Some(body) = body {
            asked = asked.body(body);
        }
        let answer = Answer::to(asked).await;
        self.server.clock.advance(TICK);
        answer
    }

    fn filled_in(&self, text: &str) -> String {
        let fill = |text: String, (name, value): (&String, &String)| text.replace(&format!("{{{{{name}}}}}"), value);
        self.variables.iter().fold(text.to_owned(), fill)
    }
}

/// Chance that gives posts of one moment the order which they had by chance when it was recorded: that in which they were
/// entered. Among equal times the greatest id comes first, so each is smaller than the one before.
#[derive(Debug, Default)]
struct FirstComesFirst(AtomicU64);

impl Entropy for FirstComesFirst {
    fn fill(&self, bytes: &mut [u8]) {
        OsEntropy.fill(bytes);
        // That is what a UUID of version 7 has beside its time; all else stays random.
        if bytes.len() == 10 {
            let next = (u64::MAX >> 2) - self.0.fetch_add(1, Ordering::Relaxed);
            bytes[..2].fill(0);
            bytes[2..].copy_from_slice(&next.to_be_bytes());
        }
    }
}

/// Tokens of the people who asked, and the secrets of the server.
async fn tokens(server: &TestServer) -> BTreeMap<String, String> {
    let expired = token(server, "tester", "admin").await;
    server.clock.advance(Duration::from_hours(2));
    let pairs = [
        ("expired_token", expired),
        ("admin_token", token(server, "tester", "admin").await),
        ("reviewer_token", token(server, "rev1", "reviewer").await),
        ("viewer_token", token(server, "view1", "viewer").await),
        ("api_key", server.api_key().to_owned()),
        ("bootstrap_secret", server.bootstrap_secret().to_owned()),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

async fn token(server: &TestServer, name: &str, role: &str) -> String {
    let body = json!({ "adminId": name, "secret": server.bootstrap_secret(), "role": role });
    let answer = Answer::to(server.http.post(server.url("/api/admin/token")).json(&body)).await;
    answer.json()["token"].as_str().expect("a token").to_owned()
}

/// The body without the fields that the refusal names.
fn without_the_refused(body: &str, refusal: &Value) -> String {
    let mut body: Value = serde_json::from_str(body).expect("JSON");
    let object = body.as_object_mut().expect("an object");
    for wrong in refusal["fields"].as_array().expect("the wrong fields are named") {
        object.remove(wrong["field"].as_str().expect("a name"));
    }
    body.to_string()
}
