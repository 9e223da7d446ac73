//! Who may do what, for every route, and how credentials are read.

use std::time::Duration;

use amber_sdk::Credentials;
use amber_sdk::v1::{ErrorReason, IssueAdminTokenRequest, ListLeadersRequest, ValidateEmbedTokenRequest};
use amber_tests::{Backend, TestServer};
use reqwest::RequestBuilder;
use serde_json::json;
use tonic::Code;

use crate::wire::{Answer, opening, reason_of};

const NO_LEADER: &str = "00000000-0000-4000-8000-000000000000";

/// A route, and the status of the answer for each caller.
type Row<'a> = (&'a str, Box<dyn Fn() -> RequestBuilder + 'a>, [u16; 9]);

/// Everybody who calls, in the order of the columns of the tables.
pub(crate) async fn callers(server: &TestServer) -> [(&'static str, Option<String>); 9] {
    let issue = server.http.post(server.url("/api/embed/token")).bearer_auth(server.api_key());
    let embed_token = Answer::to(issue.json(&json!({ "dashboardId": "d" }))).await.json();
    let admin = server.token("admin").await;
    let key = async |scope: &str| {
        let make = server.http.post(server.url("/api/api-keys")).bearer_auth(&admin);
        let body = json!({ "name": scope, "scopes": [scope], "origins": ["https://partner.example"] });
        Some(Answer::to(make.json(&body)).await.json()["key"].as_str().expect("a key").to_owned())
    };
    [
        ("anonymous", None),
        ("a viewer", Some(server.token("viewer").await)),
        ("a reviewer", Some(server.token("reviewer").await)),
        ("an admin", Some(admin.clone())),
        ("the API key of the environment", Some(server.api_key().to_owned())),
        ("an embed token", Some(embed_token["token"].as_str().expect("a token").to_owned())),
        ("a key that issues", key("embed.issue").await),
        ("a key that revokes", key("embed.revoke").await),
        ("a key that reads", key("dashboard.read").await),
    ]
}

#[tokio::test]
async fn each_route_lets_in_whom_it_should() {
    let server = TestServer::start().await;
    let post = |path: &str| server.http.post(server.url(path));
    let get = |path: &str| server.http.get(server.url(path));
    let leader = format!("/api/leaders/{NO_LEADER}");
    // A credential that is sent must be right, where a caller is asked for at all; 404, 503: let in, but nothing there.
    let run = format!("/api/ingestion/runs/{NO_LEADER}");
    let rows: [Row; 25] = [
        ("livez", Box::new(|| get("/livez")), [200; 9]),
        ("health", Box::new(|| get("/api/health")), [200; 9]),
        ("metrics", Box::new(|| get("/api/metrics")), [200; 9]),
        ("prometheus", Box::new(|| get("/metrics")), [200; 9]),
        ("feed", Box::new(|| get("/api/feed")), [200, 200, 200, 200, 200, 401, 200, 200, 200]),
        ("leaders", Box::new(|| get("/api/leaders")), [200, 200, 200, 200, 200, 401, 200, 200, 200]),
        ("status", Box::new(|| get("/api/ingestion/status")), [200, 200, 200, 200, 200, 401, 200, 200, 200]),
        (
            "create",
            Box::new(|| post("/api/leaders").json(&json!({ "name": "A" }))),
            [401, 403, 403, 201, 403, 401, 403, 403, 403],
        ),
        ("delete", Box::new(|| server.http.delete(server.url(&leader))), [401, 403, 403, 404, 403, 401, 403, 403, 403]),
        ("refresh", Box::new(|| post(&format!("{leader}/refresh"))), [401, 403, 403, 404, 403, 401, 403, 403, 403]),
        ("trigger", Box::new(|| post("/api/ingestion/trigger")), [401, 403, 403, 503, 403, 401, 403, 403, 403]),
        ("stop", Box::new(|| post("/api/ingestion/stop")), [401, 403, 403, 200, 403, 401, 403, 403, 403]),
        ("start", Box::new(|| post("/api/ingestion/start")), [401, 403, 403, 200, 403, 401, 403, 403, 403]),
        ("runs", Box::new(|| get("/api/ingestion/runs")), [401, 403, 200, 200, 403, 401, 403, 403, 403]),
        ("run", Box::new(|| get(&run)), [401, 404, 404, 404, 403, 401, 403, 403, 403]),
        ("cancel", Box::new(|| post(&format!("{run}/cancel"))), [401, 403, 403, 404, 403, 401, 403, 403, 403]),
        ("checkpoints", Box::new(|| get("/api/ingestion/checkpoints")), [401, 403, 200, 200, 403, 401, 403, 403, 403]),
        (
            "checkpoint",
            Box::new(|| get("/api/ingestion/checkpoints/x:a")),
            [401, 403, 404, 404, 403, 401, 403, 403, 403],
        ),
        (
            "reset",
            Box::new(|| server.http.delete(server.url("/api/ingestion/checkpoints/x:a"))),
            [401, 403, 403, 404, 403, 401, 403, 403, 403],
        ),
        ("quarantine", Box::new(|| get("/api/ingestion/quarantine")), [401, 403, 200, 200, 403, 401, 403, 403, 403]),
        (
            "replay",
            Box::new(|| post("/api/ingestion/quarantine/replay")),
            [401, 403, 403, 400, 403, 401, 403, 403, 403],
        ),
        (
            "embed token",
            Box::new(|| post("/api/embed/token").json(&json!({ "dashboardId": "d" }))),
            [401, 403, 403, 200, 200, 401, 200, 403, 403],
        ),
        ("keys", Box::new(|| get("/api/api-keys")), [401, 403, 403, 200, 403, 401, 403, 403, 403]),
        (
            "a new key",
            Box::new(|| post("/api/api-keys").json(&json!({ "name": "n", "scopes": ["dashboard.read"] }))),
            [401, 403, 403, 201, 403, 401, 403, 403, 403],
        ),
        (
            "the end of a key",
            Box::new(|| server.http.delete(server.url("/api/api-keys/nobody"))),
            [401, 403, 403, 404, 403, 401, 403, 403, 403],
        ),
    ];
    for (column, (who, credential)) in callers(&server).await.into_iter().enumerate() {
        for (what, request, expected) in &rows {
            let request = request();
            let request = if let Some(credential) = &credential { request.bearer_auth(credential) } else { request };
            let answer = Answer::to(request).await;
            assert_eq!(answer.status, expected[column], "{what} by {who}: {}", answer.text());
            match answer.status {
                401 => assert_eq!(answer.problem(what)["error"], "unauthorized", "{what} by {who}"),
                403 => assert_eq!(answer.problem(what)["error"], "forbidden", "{what} by {who}"),
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn metrics_can_be_for_admins_alone() {
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let server = builder.env("METRICS_REQUIRE_AUTH", "true").start().await;
    for (column, (who, credential)) in callers(&server).await.into_iter().enumerate() {
        let expected = [401, 403, 403, 200, 403, 401, 403, 403, 403][column];
        for path in ["/metrics", "/api/metrics"] {
            let request = server.http.get(server.url(path));
            let request = if let Some(credential) = &credential { request.bearer_auth(credential) } else { request };
            assert_eq!(Answer::to(request).await.status, expected, "{path} by {who}");
        }
    }
}

#[tokio::test]
async fn who_collects_metrics_needs_a_token_that_opens_nothing_else() {
    const TOKEN: &str = "test-metrics-token-zyxwvu-5432109876";
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let server = builder.env("METRICS_REQUIRE_AUTH", "true").env("METRICS_TOKEN", TOKEN).start().await;
    let get = |path: &str, token: &str| Answer::to(server.http.get(server.url(path)).bearer_auth(token));
    for path in ["/metrics", "/api/metrics"] {
        assert_eq!(get(path, TOKEN).await.status, 200, "{path}");
        assert_eq!(get(path, "test-metrics-token-zyxwvu-5432109877").await.status, 401, "{path}");
    }
    assert_eq!(get("/api/feed", TOKEN).await.status, 200, "anyone may");
    for (path, status) in [("/api/api-keys", 403), ("/api/dashboards", 403), ("/api/ingestion/runs", 403)] {
        assert_eq!(get(path, TOKEN).await.status, status, "{path}");
    }
    let text = get("/metrics", TOKEN).await.text();
    for line in [
        "amber_ingestion_enabled 0",
        r#"amber_ingestion_runs_total{status="failed"} 0"#,
        r#"amber_ingestion_stops_total{reason="credential_rejected"} 0"#,
        r#"amber_embed_tokens_refused_total{reason="ORIGIN_NOT_REGISTERED"} 0"#,
        r#"amber_rate_limit_decisions_total{policy="embed_issue",decision="refused",source="local"} 0"#,
    ] {
        assert!(text.lines().any(|told| told == line), "no {line}");
    }
    assert!(!text.contains("amber_redis_up ") && !text.contains("amber_tls_certificate"), "neither is there");
}

#[tokio::test]
async fn an_admin_token_ends_with_its_time() {
    let server = TestServer::start().await;
    let token = server.token("admin").await;
    let ask = || Answer::to(server.http.get(server.url("/api/leaders")).bearer_auth(&token));
    server.clock.advance(Duration::from_secs(3_599));
    assert_eq!(ask().await.status, 200);
    let amber = server.sdk_as(Credentials::admin_jwt(token.clone())).await;
    server.clock.advance(Duration::from_secs(1));
    let refused = ask().await;
    assert_eq!(refused.status, 401);
    assert!(refused.problem("an old token")["message"].as_str().unwrap().contains("expired"));
    let status = amber.leaders().list_leaders(ListLeadersRequest::default()).await.expect_err("it is over");
    assert_eq!(reason_of(&status, "an old token"), (Code::Unauthenticated, ErrorReason::CredentialExpired));
}

#[tokio::test]
async fn an_admin_token_opens_no_frame() {
    let server = TestServer::start().await;
    let token = server.token("admin").await;
    let frame = server.http.post(server.url("/embed/v1/dashboards/d"));
    let page = Answer::to(opening(frame, &token)).await;
    assert_eq!(page.status, 401, "{page:?}");
    let amber = server.sdk_as_admin().await;
    let asked = ValidateEmbedTokenRequest { token, origin: String::new(), consume: false };
    let checked = amber.embed_tokens().validate_embed_token(asked).await.expect("a bad token is an answer");
    assert!(!checked.into_inner().valid);
}

#[tokio::test]
async fn credentials_in_other_forms_are_read_or_refused_never_ignored() {
    let server = TestServer::start().await;
    let key = server.api_key();
    let feed = || server.http.get(server.url("/api/feed"));
    let cases: [(RequestBuilder, u16); 9] = [
        (feed().header("authorization", format!("bearer  {key}")), 200),
        (feed().header("x-api-key", key), 200),
        (feed().header("authorization", format!("Basic {key}")), 401),
        (feed().header("authorization", "Bearer"), 401),
        (feed().header("authorization", ""), 401),
        (feed().header("authorization", "Bearer \u{e9}"), 401),
        (feed().header("x-api-key", ""), 401),
        (feed().bearer_auth(&key[1..]), 401),
        (feed().bearer_auth(key).header("x-api-key", key), 401),
    ];
    for (n, (request, status)) in cases.into_iter().enumerate() {
        assert_eq!(Answer::to(request).await.status, status, "case {n}");
    }
}

#[tokio::test]
async fn without_a_bootstrap_secret_nobody_gets_an_admin_token() {
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let server = builder.env("ADMIN_BOOTSTRAP_SECRET", "").start().await;
    let body = json!({ "adminId": "a", "secret": "anything" });
    let refused = Answer::to(server.http.post(server.url("/api/admin/token")).json(&body)).await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.problem("bootstrap")["error"], "feature_disabled");
    let asked = IssueAdminTokenRequest { admin_id: "a".into(), secret: "anything".into(), ..Default::default() };
    let status = server.sdk().await.auth().issue_admin_token(asked).await.expect_err("it is off");
    assert_eq!(reason_of(&status, "bootstrap"), (Code::FailedPrecondition, ErrorReason::FeatureDisabled));
}
