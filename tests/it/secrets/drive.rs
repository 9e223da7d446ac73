//! Everything that a caller can do with secrets, rightly and wrongly.

use amber_sdk::v1::{IssueEmbedTokenRequest, ValidateEmbedTokenRequest};
use amber_sdk::{Credentials, Options, RetryPolicy};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::amber::Amber;
use super::{API_KEY, BOOTSTRAP, GUESSED};
use crate::wire::{Answer, grpc_web, opening};

/// Everything that was answered, and the secrets that the server made.
#[derive(Default)]
pub(super) struct Heard {
    /// All answers but the ones that hand a secret over.
    pub(super) answers: String,
    /// Tokens and sessions, of the form of a JWS.
    pub(super) tokens: Vec<String>,
    /// API keys.
    pub(super) keys: Vec<String>,
}

impl Heard {
    async fn ask(&mut self, request: RequestBuilder) -> Answer {
        let answer = Answer::to(request).await;
        self.answers.extend([format!("{:?}\n", answer.headers), answer.text()]);
        answer
    }

    /// Asks for a token, which is of course in that one answer.
    async fn token(&mut self, request: RequestBuilder) -> String {
        let answer = handed(request, 200).await;
        let token = answer["token"].as_str().expect("a token").to_owned();
        self.tokens.push(token.clone());
        token
    }

    /// Makes an API key, which is shown this once.
    async fn key(&mut self, request: RequestBuilder) -> (String, String) {
        let answer = handed(request, 201).await;
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let (key, id) = (text(&answer["key"]), text(&answer["apiKey"]["id"]));
        self.keys.push(key.clone());
        (key, id)
    }

    /// Opens a frame, whose page hands its session to its script.
    async fn session(&mut self, request: RequestBuilder) -> String {
        let page = Answer::to(request).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let text = page.text();
        let (before, rest) = text.split_once(" data-session=\"").expect("a session");
        let (session, after) = rest.split_once('"').expect("an attribute ends");
        self.answers.extend([format!("{:?}\n", page.headers), before.to_owned(), after.to_owned()]);
        self.tokens.push(session.to_owned());
        session.to_owned()
    }

    /// Lets a session go on.
    async fn renewal(&mut self, request: RequestBuilder) -> String {
        let answer = handed(request, 200).await;
        let session = answer["session"].as_str().expect("a session").to_owned();
        self.tokens.push(session.clone());
        session
    }
}

async fn handed(request: RequestBuilder, status: u16) -> Value {
    let answer = Answer::to(request).await;
    assert_eq!(answer.status, status, "{}", answer.text());
    answer.json()
}

/// The field of a message that holds this text.
fn field(number: u8, text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len() & 0x7f).expect("seven bits") | 0x80;
    let high = u8::try_from(text.len() >> 7).expect("a short text");
    [&[number << 3 | 2, length, high], text.as_bytes()].concat()
}

pub(super) async fn drive(amber: &Amber) -> Heard {
    let http = amber_tests::http_client();
    let post = |path: &str| http.post(amber.url(path));
    let get = |path: &str| http.get(amber.url(path));
    let mut heard = Heard::default();
    let bootstrap = |secret: &str| post("/api/admin/token").json(&json!({ "adminId": "asha", "secret": secret }));
    let admin = heard.token(bootstrap(BOOTSTRAP)).await;
    let scopes = ["embed.issue", "embed.revoke"];
    let asked = json!({ "name": "Partner", "scopes": scopes, "origins": ["https://partner.example"] });
    let (key, key_id) = heard.key(post("/api/api-keys").bearer_auth(&admin).json(&asked)).await;
    let issue =
        |credential: &str| post("/api/embed/token").bearer_auth(credential).json(&json!({ "dashboardId": "d" }));
    let posted = heard.token(issue(API_KEY)).await;
    let got = heard.token(issue(&admin)).await;
    let checked = heard.token(issue(API_KEY)).await;
    let called = heard.token(issue(&key)).await;
    let fresh = heard.token(issue(API_KEY)).await;
    let again = || issue(&key).json(&json!({ "dashboardId": "d", "requestId": "once-7", "userId": "viewer" }));
    let repeated = heard.token(again()).await;
    assert_eq!(heard.token(again()).await, repeated, "the second answer is the first one");

    // Good use of everything.
    let created =
        heard.ask(post("/api/leaders").bearer_auth(&admin).json(&json!({ "name": "A", "handles": { "x": "asha" } })));
    let id = created.await.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(heard.ask(post(&format!("/api/leaders/{id}/refresh")).bearer_auth(&admin)).await.status, 200);
    let frame = |token: &str| opening(post("/embed/v1/dashboards/d"), token);
    let session = heard.session(frame(&posted)).await;
    let by_get = get(&format!("/embed/v1/dashboards/d?token={got}"));
    heard.session(by_get.header("referer", "https://partner.example/")).await;
    let rpc = |method: &str| post(&format!("/amber.v1.EmbedTokenService/{method}"));
    let validate = rpc("ValidateEmbedToken").header("x-api-key", &key);
    assert_eq!(grpc_web(validate, &field(1, &checked), false).await.status.code(), tonic::Code::Ok);
    let redeem = [field(1, &called), field(2, "d"), field(3, "https://partner.example")].concat();
    let redeemed = grpc_web(rpc("RedeemEmbedToken"), &redeem, false).await;
    assert_eq!(redeemed.status.code(), tonic::Code::Ok, "{:?}", redeemed.status);
    // By HTTP/2, of which the libraries have more to say.
    let options = Options::new(amber.url("")).credentials(Credentials::api_key(API_KEY)).retry(RetryPolicy::never());
    let service = amber_sdk::Amber::connect(options).await.expect("it listens");
    let issue_by_rpc = IssueEmbedTokenRequest { dashboard_id: "d".to_owned(), ..Default::default() };
    let by_rpc = service.embed_tokens().issue_embed_token(issue_by_rpc).await.expect("the key may").into_inner().token;
    heard.tokens.push(by_rpc.clone());
    let shown = ValidateEmbedTokenRequest { token: by_rpc, ..Default::default() };
    assert!(service.embed_tokens().validate_embed_token(shown).await.expect("the key may").into_inner().valid);
    let renew = |session: &str, token: &str| {
        post("/embed/v1/session/renew").header("embed-session", session).json(&json!({ "token": token }))
    };
    let renewed = heard.renewal(renew(&session, &fresh)).await;
    let content = |session: &str| get("/embed/v1/dashboards/d/content").header("embed-session", session);
    assert_eq!(heard.ask(content(&renewed)).await.status, 200);
    for path in ["/api/embed/keys", "/api/embed/audit", "/api/api-keys"] {
        assert_eq!(heard.ask(get(path).bearer_auth(&admin)).await.status, 200, "{path}");
    }

    // Bad use: replayed, cut, guessed, misplaced, revoked.
    assert_eq!(heard.ask(frame(&posted)).await.status, 401);
    assert_eq!(heard.ask(renew(&renewed, &posted)).await.status, 401);
    heard.ask(renew(&renewed[..renewed.len() - 1], &checked)).await;
    heard.ask(content(&fresh)).await;
    heard.ask(frame(&posted[..posted.len() - 1])).await;
    heard.ask(frame(&renewed)).await;
    heard.ask(frame(&admin)).await;
    heard.ask(bootstrap(GUESSED)).await;
    heard.ask(bootstrap(&BOOTSTRAP[1..])).await;
    heard.ask(issue(GUESSED)).await;
    heard.ask(issue(&posted)).await;
    heard.ask(issue(&key[..key.len() - 1])).await;
    heard.ask(post("/api/leaders").bearer_auth(&admin[..admin.len() - 1])).await;
    heard.ask(post("/api/leaders").header("authorization", format!("Basic {GUESSED}"))).await;
    heard.ask(post("/api/leaders").bearer_auth(API_KEY).header("x-api-key", GUESSED)).await;
    heard.ask(post("/api/embed/token").bearer_auth(API_KEY).json(&json!({ "dashboardId": {"a": GUESSED} }))).await;
    let revoke = |body: Value| post("/api/embed/revoke").bearer_auth(&admin).json(&body);
    assert_eq!(heard.ask(revoke(json!({ "all": true }))).await.status, 200);
    assert_eq!(heard.ask(revoke(json!({ "tokenId": checked }))).await.status, 400, "a token is no id");
    assert_eq!(heard.ask(frame(&checked)).await.status, 403);
    assert_eq!(heard.ask(content(&renewed)).await.status, 403);
    let end = http.delete(amber.url(&format!("/api/api-keys/{key_id}"))).bearer_auth(&admin);
    assert_eq!(heard.ask(end).await.status, 200);
    assert_eq!(heard.ask(issue(&key)).await.status, 401);
    for path in ["/api/health", "/api/metrics", "/metrics", "/api/ingestion/status", "/api/leaders", "/api/feed"] {
        assert_eq!(heard.ask(get(path)).await.status, 200, "{path}");
    }
    heard
}
