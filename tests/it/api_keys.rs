//! API keys from their making to their end, by gRPC and by HTTP.

use std::time::Duration;

use amber_sdk::v1::{
    ApiKeyScope, CreateApiKeyRequest, CreateApiKeyResponse, ErrorReason, IssueEmbedTokenRequest, ListApiKeysRequest,
    RevokeApiKeyRequest,
};
use amber_sdk::{Amber, Credentials};
use amber_tests::{Backend, TestServer};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use tonic::Code;
use tonic_types::StatusExt;

use crate::outage::flaky_server;
use crate::wire::{Answer, opening, reason_of};

fn asked(origins: &[&str]) -> CreateApiKeyRequest {
    let origins = origins.iter().map(|&origin| origin.to_owned()).collect();
    CreateApiKeyRequest { name: "the web team".into(), scopes: vec![ApiKeyScope::EmbedIssue.into()], origins }
}

async fn make(admin: &Amber, origins: &[&str]) -> CreateApiKeyResponse {
    admin.api_keys().create_api_key(asked(origins)).await.expect("an admin makes keys").into_inner()
}

/// A dashboard whose token names this site, asked for with a key.
async fn issue(server: &TestServer, key: &str, origin: &str) -> Answer {
    let issue = server.http.post(server.url("/api/embed/token")).header("x-api-key", key);
    Answer::to(issue.json(&json!({ "dashboardId": "d", "allowedOrigins": [origin] }))).await
}

async fn frame(server: &TestServer, answer: &Answer, origin: &str) -> Answer {
    let token = answer.json()["token"].as_str().expect("a token").to_owned();
    let frame = opening(server.http.post(server.url("/embed/v1/dashboards/d")), &token);
    let mut frame = frame.build().expect("a request");
    frame.headers_mut().insert("origin", origin.parse().expect("a header"));
    let response = server.http.execute(frame).await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.bytes().await.expect("a body").to_vec() }
}

#[tokio::test]
async fn a_key_is_shown_once_and_works_for_its_own_sites_until_it_is_revoked() {
    let server = TestServer::start().await;
    let admin = server.sdk_as_admin().await;
    let made = make(&admin, &["https://*.web.example", "HTTPS://Web.Example/"]).await;
    let described = made.api_key.clone().expect("a description");
    assert_eq!(described.origins, ["https://*.web.example", "https://web.example"]);
    assert!(made.key.starts_with(&format!("amb_{}_", described.id)), "the id is a part of the text");
    assert!(!format!("{made:?}").contains(&made.key), "it stays out of logs of messages");

    let site = "https://shop.web.example";
    let token = issue(&server, &made.key, site).await;
    assert_eq!(token.status, 200, "{}", token.text());
    assert_eq!(frame(&server, &token, site).await.status, 200);
    let foreign = issue(&server, &made.key, "https://partner.example").await;
    assert_eq!((foreign.status, &foreign.json()["error"]), (403, &json!("origin_not_registered")));
    let late = issue(&server, &made.key, site).await;

    let listed = admin.api_keys().list_api_keys(ListApiKeysRequest::default()).await.expect("a list").into_inner();
    assert_eq!((listed.api_keys.len(), &listed.api_keys[0].id), (1, &described.id));
    let secret = &made.key[17..];
    assert!(!format!("{listed:?}").contains(secret));

    let revoke = RevokeApiKeyRequest { api_key_id: described.id.clone() };
    let revoked = admin.api_keys().revoke_api_key(revoke.clone()).await.expect("the end").into_inner().api_key;
    let end = revoked.as_ref().and_then(|key| key.revoke_time).expect("an end");
    server.clock.advance(Duration::from_secs(1));
    let again = admin.api_keys().revoke_api_key(revoke).await.expect("the same").into_inner().api_key;
    assert_eq!(again.and_then(|key| key.revoke_time), Some(end), "it ended when it ended first");
    assert_eq!(issue(&server, &made.key, site).await.status, 401);
    let dead = frame(&server, &late, site).await;
    assert_eq!(dead.status, 403, "its tokens end with it: {}", dead.text());
    assert!(dead.text().contains("TOKEN_REVOKED"));
}

#[tokio::test]
async fn the_database_never_holds_the_text_of_a_key() {
    let server = TestServer::start().await;
    let made = make(&server.sdk_as_admin().await, &["https://web.example"]).await;
    let database = server.database();
    let folder = server.stop().await.expect("a folder");
    let path = database.trim_start_matches("sqlite://").trim_end_matches("?mode=rwc").to_owned();
    let bytes = std::fs::read(&path).expect("the database is a file");
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&made.api_key.expect("a description").id), "this looks into the right file");
    assert!(!holds(&made.key[17..60]) && !holds(&made.key[17..40]));
    drop(folder);
}

#[tokio::test]
async fn a_key_that_is_revoked_on_one_replica_is_refused_by_the_other_within_a_second() {
    let Some(builder) = TestServer::on(Backend::Postgres).await else { return };
    let one = builder.start().await;
    let other = one.twin().start().await;
    let admin = one.sdk_as_admin().await;
    let made = make(&admin, &["https://web.example"]).await;
    let site = "https://web.example";
    assert_eq!(issue(&other, &made.key, site).await.status, 200, "a key works everywhere at once");
    let token = issue(&other, &made.key, site).await;

    let api_key_id = made.api_key.expect("a description").id;
    admin.api_keys().revoke_api_key(RevokeApiKeyRequest { api_key_id }).await.expect("the end");
    let ended = Instant::now();
    assert_eq!(issue(&one, &made.key, site).await.status, 401, "at once where it was revoked");
    loop {
        let asked = ended.elapsed();
        if issue(&other, &made.key, site).await.status == 401 {
            break;
        }
        assert!(asked < Duration::from_secs(1), "the other replica still takes it {asked:?} later");
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(frame(&other, &token, site).await.status, 403);
}

#[tokio::test]
async fn keys_outlive_a_new_admin_secret_when_they_have_a_pepper_of_their_own() {
    let pepper = "pepper-of-the-tests-mnbvcxzlkjhgfdsa-1";
    let other_secret = "another-jwt-secret-0987654321-poiuytrewq";
    for (pepper, status) in [("", 401), (pepper, 200)] {
        let Some(builder) = TestServer::on(Backend::Postgres).await else { return };
        let one = builder.env("API_KEY_PEPPER", pepper).start().await;
        let made = make(&one.sdk_as_admin().await, &["https://web.example"]).await;
        let other = one.twin().env("ADMIN_JWT_SECRET", other_secret).start().await;
        let answer = issue(&other, &made.key, "https://web.example").await;
        assert_eq!(answer.status, status, "with the pepper {pepper:?}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_checked_is_not_called_wrong() {
    let Some((server, flaky)) = flaky_server().await else { return };
    let made = make(&server.sdk_as_admin().await, &["https://web.example"]).await;
    flaky.cut().await;
    let get = |key: &str| Answer::to(server.http.get(server.url("/api/embed/none")).header("x-api-key", key));
    let unsure = get(&made.key).await;
    assert_eq!((unsure.status, &unsure.problem("a key")["error"]), (503, &json!("database_unavailable")));
    assert!(!unsure.header("retry-after").is_empty());
    let amber = server.sdk_as(Credentials::api_key(made.key.clone())).await;
    let asked = IssueEmbedTokenRequest { dashboard_id: "d".into(), ..Default::default() };
    let status = amber.embed_tokens().issue_embed_token(asked).await.expect_err("it cannot be checked");
    assert_eq!(reason_of(&status, "a key"), (Code::Unavailable, ErrorReason::DatabaseUnavailable));
    assert!(status.get_details_retry_info().is_some());
    let mut typo = made.key.clone();
    typo.replace_range(20..21, if &made.key[20..21] == "x" { "y" } else { "x" });
    assert_eq!(get(&typo).await.status, 401, "a typing mistake is one without the database");
    assert_eq!(get(server.api_key()).await.status, 404, "the key of the environment needs none");
    flaky.heal().await;
    let deadline = Instant::now() + Duration::from_secs(15);
    while get(&made.key).await.status != 404 {
        assert!(Instant::now() < deadline, "the key never works again");
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn every_mistake_in_a_new_key_is_told_by_its_field() {
    let server = TestServer::start().await;
    let admin = server.sdk_as_admin().await;
    let scope = |scope: ApiKeyScope| vec![scope.into()];
    let cases: [(&str, CreateApiKeyRequest, &str, ErrorReason); 9] = [
        (
            "no name",
            CreateApiKeyRequest { name: String::new(), ..asked(&["https://a.example"]) },
            "name",
            ErrorReason::FieldInvalid,
        ),
        (
            "a long name",
            CreateApiKeyRequest { name: "न".repeat(101), ..asked(&["https://a.example"]) },
            "name",
            ErrorReason::FieldInvalid,
        ),
        (
            "a name with NUL",
            CreateApiKeyRequest { name: "a\0b".into(), ..asked(&["https://a.example"]) },
            "name",
            ErrorReason::FieldInvalid,
        ),
        (
            "no scope",
            CreateApiKeyRequest { scopes: Vec::new(), ..asked(&["https://a.example"]) },
            "scopes",
            ErrorReason::FieldInvalid,
        ),
        ("no such scope", CreateApiKeyRequest { scopes: vec![99], ..asked(&[]) }, "scopes", ErrorReason::FieldInvalid),
        (
            "an unspecified scope",
            CreateApiKeyRequest { scopes: scope(ApiKeyScope::Unspecified), ..asked(&[]) },
            "scopes",
            ErrorReason::FieldInvalid,
        ),
        ("no site", asked(&[]), "origins", ErrorReason::FieldInvalid),
        ("too many sites", asked(&["https://a.example"; 51]), "origins", ErrorReason::FieldInvalid),
        ("a public suffix", asked(&["https://a.example", "https://*.co.uk"]), "origins", ErrorReason::OriginInvalid),
    ];
    for (what, request, field, reason) in cases {
        let status = admin.api_keys().create_api_key(request).await.expect_err(what);
        assert_eq!(reason_of(&status, what), (Code::InvalidArgument, reason));
        let bad = status.get_details_bad_request().unwrap_or_else(|| panic!("{what}: no field"));
        assert_eq!(bad.field_violations[0].field, field, "{what}");
    }
    let good =
        CreateApiKeyRequest { name: "न".repeat(100), scopes: scope(ApiKeyScope::DashboardRead), origins: vec![] };
    admin.api_keys().create_api_key(good).await.expect("a reader needs no site");
    let status = admin.api_keys().list_api_keys(ListApiKeysRequest { page_size: 0, page_token: "x".into() }).await;
    let status = status.expect_err("no page");
    assert_eq!(reason_of(&status, "a page"), (Code::InvalidArgument, ErrorReason::PageTokenInvalid));
    for id in ["", "nobody", "admin", "a\0b"] {
        let revoked = admin.api_keys().revoke_api_key(RevokeApiKeyRequest { api_key_id: id.into() }).await;
        let expected = match id {
            "" => (Code::InvalidArgument, ErrorReason::FieldInvalid),
            _ => (Code::NotFound, ErrorReason::ApiKeyNotFound),
        };
        assert_eq!(reason_of(&revoked.expect_err(id), id), expected, "{id:?}");
    }
}

#[tokio::test]
async fn keys_are_made_listed_page_by_page_and_revoked_by_http() {
    let server = TestServer::start().await;
    let admin = server.token("admin").await;
    let keys = |path: &str| server.url(&format!("/api/api-keys{path}"));
    let mut ids = Vec::new();
    for n in 0..3 {
        let body = json!({ "name": format!("key {n}"), "scopes": ["embed.issue", "dashboard.read"], "origins": ["https://*.a.example"] });
        let made = Answer::to(server.http.post(keys("")).bearer_auth(&admin).json(&body)).await;
        assert_eq!((made.status, made.header("cache-control")), (201, "no-store"), "{}", made.text());
        let made = made.json();
        assert_eq!(made["apiKey"]["scopes"], body["scopes"]);
        assert_eq!(made["apiKey"]["lastUsedAt"], Value::Null);
        ids.insert(0, made["apiKey"]["id"].as_str().expect("an id").to_owned());
        server.clock.advance(Duration::from_secs(1));
    }
    let (mut listed, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.http.get(keys(&format!("?page_size=2&cursor={cursor}"))).bearer_auth(&admin);
        let page = Answer::to(page).await.json();
        let rows = page["apiKeys"].as_array().expect("rows").clone();
        assert!(rows.iter().all(|row| row.get("key").is_none()));
        listed.extend(rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = next.to_owned();
    }
    assert_eq!(listed, ids);
    let ended = Answer::to(server.http.delete(keys(&format!("/{}", ids[0]))).bearer_auth(&admin)).await;
    assert_eq!(ended.status, 200);
    assert!(ended.json()["apiKey"]["revokedAt"].is_string());
    for (body, named) in [
        (json!({ "name": "n", "scopes": ["everything"] }), "scopes"),
        (json!({ "name": "n", "scopes": ["embed.issue"], "origins": ["https://*.github.io"] }), "github.io"),
        (json!({ "scopes": "embed.issue" }), "scopes"),
    ] {
        let refused = Answer::to(server.http.post(keys("")).bearer_auth(&admin).json(&body)).await;
        let problem = refused.problem(named);
        assert_eq!(refused.status, 400);
        assert!(problem["message"].as_str().is_some_and(|text| text.contains(named)), "{problem}");
    }
}
