//! No secret reaches a log line, a metric, an answer or the database, even with every log line switched on.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use amber_server::domain::SystemClock;
use amber_tests::{FakeXApi, http_client};
use reqwest::RequestBuilder;
use serde_json::json;
use tempfile::TempDir;

use crate::help::program;
use crate::wire::{Answer, grpc_web, opening};

const API_KEY: &str = "secret-api-key-5f3c9a7e1b2d4680";
const BOOTSTRAP: &str = "secret-bootstrap-c0ffee-8675309-abc";
const JWT_SECRET: &str = "secret-jwt-Zk3mP9qW2xR7tY4uB8nV1cL6";
const SIGNING_KEY: &str = "secret-signing-Hs8dJ2kF5gL9pQ3wE6rT";
const REDIS_PASSWORD: &str = "secret-redis-password-20b1c9";
const GUESSED: &str = "secret-guess-of-a-stranger-7d1e";

/// The program with every log line on; it is killed when the test fails.
struct Amber {
    child: Child,
    said: mpsc::Receiver<String>,
    address: String,
    folder: TempDir,
}

impl Amber {
    fn start(x: &FakeXApi) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let database = format!("sqlite://{}?mode=rwc", folder.path().join("amber.db").display());
        let redis = format!("redis://:{REDIS_PASSWORD}@127.0.0.1:1");
        let mut command = Command::new(program());
        command.arg("serve").env_clear().current_dir(folder.path()).envs([
            ("RUST_LOG", "trace"),
            ("LISTEN_ADDR", "127.0.0.1:0"),
            ("DATABASE_URL", &database),
            ("REDIS_URL", &redis),
            ("ADMIN_JWT_SECRET", JWT_SECRET),
            ("ADMIN_API_KEY", API_KEY),
            ("ADMIN_BOOTSTRAP_SECRET", BOOTSTRAP),
            ("EMBED_ENABLED", "true"),
            ("EMBED_SIGNING_KEY", SIGNING_KEY),
            ("EMBED_ALLOWED_ORIGINS", "https://partner.example"),
            ("X_API_BEARER", FakeXApi::bearer()),
            ("X_API_BASE_URL", &x.url()),
        ]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it can be started");
        let err = BufReader::new(child.stderr.take().expect("it is piped"));
        let (say, said) = mpsc::channel();
        std::thread::spawn(move || err.lines().map_while(Result::ok).try_for_each(|line| say.send(line)));
        let mut amber = Self { child, said, address: String::new(), folder };
        let line = amber.wait_for("Amber listens on ");
        let address = line.split("Amber listens on ").nth(1).and_then(|rest| rest.split('"').next());
        address.expect("an address").trim_end_matches('.').clone_into(&mut amber.address);
        amber
    }

    fn wait_for(&mut self, words: &str) -> String {
        loop {
            let line = self.said.recv_timeout(Duration::from_secs(30)).expect("it says so in time");
            if line.contains(words) {
                return line;
            }
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Ends it in an orderly way and tells what it said and left in its folder.
    fn end(mut self) -> (String, Vec<u8>) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("there is a shell").success());
        let mut left = Vec::new();
        // The file is read before the database is tidied up as well, so that nothing is hidden by that.
        let mut log: Vec<String> = self.said.iter().collect();
        self.child.wait().expect("it is our child");
        let mut out = String::new();
        self.child.stdout.take().expect("it is piped").read_to_string(&mut out).expect("it speaks UTF-8");
        log.push(out);
        for entry in self.folder.path().read_dir().expect("the folder is there") {
            left.extend(std::fs::read(entry.expect("an entry").path()).expect("a file"));
        }
        (log.join("\n"), left)
    }
}

impl Drop for Amber {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Everything that was answered, and the tokens that the server made.
#[derive(Default)]
struct Heard {
    answers: String,
    tokens: Vec<String>,
}

impl Heard {
    async fn ask(&mut self, request: RequestBuilder) -> Answer {
        let answer = Answer::to(request).await;
        self.answers.extend([format!("{:?}\n", answer.headers), answer.text()]);
        answer
    }

    /// Asks for a token, which is of course in that one answer.
    async fn token(&mut self, request: RequestBuilder) -> String {
        let token = Answer::to(request).await.json()["token"].as_str().expect("a token").to_owned();
        self.tokens.push(token.clone());
        token
    }
}

async fn drive(amber: &Amber) -> Heard {
    let http = http_client();
    let post = |path: &str| http.post(amber.url(path));
    let mut heard = Heard::default();
    let bootstrap = |secret: &str| post("/api/admin/token").json(&json!({ "adminId": "asha", "secret": secret }));
    let admin = heard.token(bootstrap(BOOTSTRAP)).await;
    let issue =
        |credential: &str| post("/api/embed/token").bearer_auth(credential).json(&json!({ "dashboardId": "d" }));
    let posted = heard.token(issue(API_KEY)).await;
    let got = heard.token(issue(&admin)).await;
    let checked = heard.token(issue(API_KEY)).await;

    // Good use of everything.
    let created =
        heard.ask(post("/api/leaders").bearer_auth(&admin).json(&json!({ "name": "A", "handles": { "x": "asha" } })));
    let id = created.await.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(heard.ask(post(&format!("/api/leaders/{id}/refresh")).bearer_auth(&admin)).await.status, 200);
    let frame = |token: &str| opening(post("/embed/v1/dashboards/d"), token);
    assert_eq!(heard.ask(frame(&posted)).await.status, 200);
    let by_get = http.get(amber.url(&format!("/embed/v1/dashboards/d?token={got}")));
    assert_eq!(heard.ask(by_get.header("referer", "https://partner.example/")).await.status, 200);
    let validate = post("/amber.v1.EmbedTokenService/ValidateEmbedToken").header("x-api-key", API_KEY);
    let length = u8::try_from(checked.len() & 0x7f).expect("seven bits") | 0x80;
    let high = u8::try_from(checked.len() >> 7).expect("a short token");
    let message = [&[0x0a, length, high], checked.as_bytes()].concat();
    assert_eq!(grpc_web(validate, &message, false).await.status.code(), tonic::Code::Ok);

    // Bad use: replayed, cut, guessed, misplaced.
    assert_eq!(heard.ask(frame(&posted)).await.status, 401);
    heard.ask(frame(&posted[..posted.len() - 1])).await;
    heard.ask(frame(&admin)).await;
    heard.ask(bootstrap(GUESSED)).await;
    heard.ask(bootstrap(&BOOTSTRAP[1..])).await;
    heard.ask(issue(GUESSED)).await;
    heard.ask(issue(&posted)).await;
    heard.ask(post("/api/leaders").bearer_auth(&admin[..admin.len() - 1])).await;
    heard.ask(post("/api/leaders").header("authorization", format!("Basic {GUESSED}"))).await;
    heard.ask(post("/api/leaders").bearer_auth(API_KEY).header("x-api-key", GUESSED)).await;
    heard.ask(post("/api/embed/token").bearer_auth(API_KEY).json(&json!({ "dashboardId": {"a": GUESSED} }))).await;
    for path in ["/api/health", "/api/metrics", "/metrics", "/api/ingestion/status", "/api/leaders", "/api/feed"] {
        assert_eq!(heard.ask(http.get(amber.url(path))).await.status, 200, "{path}");
    }
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_and_tokens_are_told_to_nobody() {
    let x = FakeXApi::start(SystemClock).await;
    x.add_user("Asha", "asha").unwrap();
    x.post("asha", "Good morning").unwrap();
    let amber = Amber::start(&x);
    let heard = drive(&amber).await;
    let (log, left) = tokio::task::spawn_blocking(|| amber.end()).await.unwrap();
    let left = String::from_utf8_lossy(&left).into_owned();
    assert!(log.contains("\"level\":\"TRACE\""), "the log is at its loudest");
    assert!(log.contains("A credential was refused") && left.contains("Good morning"), "there is something to search");

    let named = [API_KEY, BOOTSTRAP, JWT_SECRET, SIGNING_KEY, REDIS_PASSWORD, GUESSED, FakeXApi::bearer()];
    // Of a token the signature is the secret; what stands before it only tells whose it is.
    let signatures = heard.tokens.iter().filter_map(|token| token.rsplit('.').next());
    for secret in named.into_iter().chain(signatures) {
        for (place, text) in [("the log", &log), ("an answer", &heard.answers), ("the database", &left)] {
            let at = text.find(secret);
            let around = at
                .map(|at| text[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect::<String>());
            assert_eq!(around, None, "{place} holds {secret:.12}...");
        }
    }
}
