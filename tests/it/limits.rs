//! How often a caller may call, how it learns of that, and what is free.

use std::time::Duration;

use amber_sdk::v1::{ErrorReason, IssueEmbedTokenRequest, ListPostsRequest};
use amber_sdk::{Credentials, Refusal};
use amber_tests::{Backend, TestServer, setting};
use serde_json::{Value, json};
use tonic::Code;
use tonic_types::StatusExt;

use crate::wire::{Answer, grpc_web, reason_of};

const HEADERS: [&str; 3] = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];

/// A server with a bucket of this size, which takes a minute to fill.
async fn server(size: u32) -> TestServer {
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let builder = builder.env("REQUESTS_PER_MINUTE", size.to_string()).env("EMBED_RATE_LIMIT_REQUESTS", "2");
    builder.start().await
}

fn number(answer: &Answer, name: &str) -> i64 {
    answer.header(name).parse().unwrap_or_else(|_| panic!("{name} is no number: {answer:?}"))
}

#[tokio::test]
async fn a_caller_learns_of_its_quota_before_and_after_it_is_used_up() {
    let server = server(2).await;
    let now = 1_767_225_600; // where the clock of the tests stands
    let feed = || Answer::to(server.http.get(server.url("/api/feed")));
    for remaining in [1, 0] {
        let answer = feed().await;
        assert_eq!(answer.status, 200);
        assert_eq!((number(&answer, HEADERS[0]), number(&answer, HEADERS[1])), (2, remaining));
        let reset = number(&answer, HEADERS[2]) - now;
        assert!((1..=61).contains(&reset), "full again after {reset} s");
        assert!(!answer.headers.contains_key("retry-after"));
    }
    let refused = feed().await;
    assert_eq!(refused.status, 429);
    assert_eq!((number(&refused, HEADERS[0]), number(&refused, HEADERS[1])), (2, 0));
    let body = refused.problem("a 429");
    assert_eq!(body["error"], "rate_limit_exceeded");
    let wait = body["retry_after"].as_i64().expect("a number");
    assert!((1..=31).contains(&wait), "{body}");
    assert_eq!(number(&refused, "retry-after"), wait);
    assert!(body.get("remaining").is_none(), "that is of the embed route: {body}");
}

#[tokio::test]
async fn every_policy_has_a_bucket_of_its_own() {
    let server = server(3).await;
    let issue = |key: &str| {
        let request = server.http.post(server.url("/api/embed/token")).bearer_auth(key);
        Answer::to(request.json(&json!({ "dashboardId": "d" })))
    };
    let admin = server.token("admin").await; // one of the three of this address
    let key = server.api_key();
    assert_eq!([issue(key).await.status, issue(key).await.status], [200, 200]);
    let refused = issue(key).await;
    assert_eq!(refused.status, 429);
    let body = refused.problem("an embed 429");
    assert_eq!((&body["error"], &body["remaining"]), (&json!("rate_limit_exceeded"), &json!(0)));
    assert!(number(&refused, "retry-after") >= 1);
    assert_eq!(issue(&admin).await.status, 200, "another caller has another bucket");
    let by_key = server.http.get(server.url("/api/feed")).bearer_auth(key);
    assert_eq!(number(&Answer::to(by_key).await, HEADERS[1]), 2, "the embed bucket is not the caller's other one");
    let by_address = Answer::to(server.http.get(server.url("/api/feed"))).await;
    assert_eq!(number(&by_address, HEADERS[1]), 1, "nor the address's");
}

#[tokio::test]
async fn probes_health_and_metrics_are_always_answered() {
    let server = server(1).await;
    Answer::to(server.http.get(server.url("/api/feed"))).await;
    assert_eq!(Answer::to(server.http.get(server.url("/api/feed"))).await.status, 429);
    for path in ["/livez", "/readyz", "/metrics", "/api/health", "/api/metrics", "/embed/v1/frame.js"] {
        for _ in 0..5 {
            let answer = Answer::to(server.http.get(server.url(path))).await;
            assert_eq!(answer.status, 200, "{path}");
            assert!(HEADERS.iter().all(|name| !answer.headers.contains_key(*name)), "{path}: {answer:?}");
        }
    }
    let amber = server.sdk().await;
    for _ in 0..5 {
        amber.health().get_health(amber_sdk::v1::GetHealthRequest {}).await.expect("it is free");
    }
    // What only looks free is not.
    assert_eq!(Answer::to(server.http.get(server.url("/livez/x"))).await.status, 429);
}

#[tokio::test]
async fn guessing_credentials_is_bounded_by_address() {
    let server = server(3).await;
    let guess = |n: u32| Answer::to(server.http.get(server.url("/api/feed")).bearer_auth(format!("wrong-{n}")));
    for n in 0..3 {
        assert_eq!(guess(n).await.status, 401);
    }
    assert_eq!(guess(3).await.status, 429);
    assert_eq!(Answer::to(server.http.get(server.url("/api/feed"))).await.status, 429, "the bucket is the address's");
    let good = server.http.get(server.url("/api/feed")).bearer_auth(server.api_key());
    assert_eq!(Answer::to(good).await.status, 200, "who has a credential is not held up by who guesses");
}

#[tokio::test]
async fn a_grpc_caller_learns_the_same_in_details_and_metadata() {
    let server = server(1).await;
    let amber = server.sdk().await;
    let allowed = amber.feed().list_posts(ListPostsRequest::default()).await.expect("the first call");
    assert!(HEADERS.iter().all(|name| allowed.metadata().contains_key(*name)), "{:?}", allowed.metadata());
    let status = amber.feed().list_posts(ListPostsRequest::default()).await.expect_err("the second call");
    assert_eq!(reason_of(&status, "the second"), (Code::ResourceExhausted, ErrorReason::RateLimited));
    let wait = status.retry_after().expect("RetryInfo");
    assert!((Duration::from_secs(1)..=Duration::from_mins(1)).contains(&wait), "{wait:?}");
    assert!(status.get_details_quota_failure().is_some());
    for name in HEADERS.into_iter().chain(["retry-after", "grpc-retry-pushback-ms"]) {
        let value = status.metadata().get(name).and_then(|value| value.to_str().ok());
        assert!(value.is_some_and(|value| value.parse::<u64>().is_ok()), "{name}: {:?}", status.metadata());
    }

    let list = server.http.post(server.url("/amber.v1.FeedService/ListPosts"));
    let web = grpc_web(list, b"", false).await;
    assert_eq!(reason_of(&web.status, "gRPC-web"), (Code::ResourceExhausted, ErrorReason::RateLimited));
    assert!(web.status.retry_after().is_some());
    assert!(number(&web.answer, "retry-after") >= 1);
}

#[tokio::test]
async fn issuing_by_grpc_draws_on_the_bucket_of_the_http_route() {
    let server = server(100).await;
    let amber = server.sdk_as(Credentials::api_key(server.api_key())).await;
    let asked = || IssueEmbedTokenRequest { dashboard_id: "d".into(), ..Default::default() };
    amber.embed_tokens().issue_embed_token(asked()).await.expect("the first");
    let http = server.http.post(server.url("/api/embed/token")).header("x-api-key", server.api_key());
    assert_eq!(Answer::to(http.json(&json!({ "dashboardId": "d" }))).await.status, 200);
    let status = amber.embed_tokens().issue_embed_token(asked()).await.expect_err("the third of two");
    assert_eq!(reason_of(&status, "the third"), (Code::ResourceExhausted, ErrorReason::RateLimited));
}

#[tokio::test]
async fn limiting_can_be_switched_off() {
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let builder = builder.env("RATE_LIMITING_ENABLED", "false").env("REQUESTS_PER_MINUTE", "1");
    let server = builder.env("EMBED_RATE_LIMIT_REQUESTS", "1").start().await;
    for _ in 0..10 {
        let issue = server.http.post(server.url("/api/embed/token")).bearer_auth(server.api_key());
        let answers = [
            Answer::to(server.http.get(server.url("/api/feed"))).await,
            Answer::to(issue.json(&json!({ "dashboardId": "d" }))).await,
        ];
        for answer in answers {
            assert_eq!(answer.status, 200);
            assert!(HEADERS.iter().all(|name| !answer.headers.contains_key(*name)), "{answer:?}");
        }
    }
}

/// The recorded refusals of the old service: what is asked, and what was answered.
fn recorded_refusals() -> Option<Vec<(Value, Value)>> {
    let Some(folder) = setting("AMBER_TEST_DATA") else {
        eprintln!("skipped: AMBER_TEST_DATA is not set");
        return None;
    };
    let cases = ["feed", "embed_token"].map(|group| {
        let file = std::fs::read(format!("{folder}/seed-wire/{group}.json")).expect("the recorded cases");
        let file: Value = serde_json::from_slice(&file).expect("JSON");
        let cases = file["cases"].as_array().expect("cases").clone();
        cases.into_iter().filter(|case| case["response"]["status"] == 429)
    });
    Some(cases.into_iter().flatten().map(|case| (case["request"].clone(), case["response"].clone())).collect())
}

#[tokio::test]
async fn a_refusal_has_all_that_the_old_service_said() {
    let Some(refusals) = recorded_refusals() else { return };
    assert!(refusals.len() >= 5, "only {} were recorded", refusals.len());
    let server = server(2).await;
    let admin = server.token("admin").await;
    let fill = |text: &str| {
        let text = text.replace("{{api_key}}", server.api_key()).replace("{{admin_token}}", &admin);
        text.replace("{{leader0}}", "0197a3c2-5f00-7000-8000-000000000000")
    };
    for (request, recorded) in refusals {
        let (method, path) = (request["method"].as_str().expect("a method"), request["path"].as_str().expect("a path"));
        let mut answers = Vec::new();
        while answers.last().is_none_or(|answer: &Answer| answer.status != 429) {
            assert!(answers.len() < 5, "{method} {path} is not limited");
            let mut asked = server.http.request(method.parse().expect("a method"), server.url(&fill(path)));
            for (name, value) in request["headers"].as_object().expect("headers") {
                asked = asked.header(name, fill(value.as_str().expect("a text")));
            }
            let asked = if let Some(body) = request.get("json") { asked.json(body) } else { asked };
            answers.push(Answer::to(asked).await);
        }
        let ours = answers.pop().expect("the last one");
        let body = ours.json();
        for (key, value) in recorded["json"].as_object().expect("an object") {
            let is_text = value.is_string() && key != "details";
            let is_kept = if is_text { body[key] == *value } else { !body[key].is_null() };
            assert!(is_kept, "{method} {path}: {key} was {value}, and is {}", body[key]);
        }
        for header in recorded["headers"].as_array().expect("headers") {
            let name = header[0].as_str().expect("a name").to_ascii_lowercase();
            let is_ours = name.starts_with("x-ratelimit") || name == "retry-after" || name == "content-type";
            assert!(!is_ours || ours.headers.contains_key(name.as_str()), "{method} {path}: {name} is missing");
        }
    }
}

#[tokio::test]
async fn who_asks_for_more_than_there_is_is_refused_for_good_and_takes_nothing() {
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let builder = builder.env("REQUESTS_PER_MINUTE", "10").env("RATE_LIMIT_COSTS", "/api/feed=4");
    let server = builder.start().await;
    let feed = || Answer::to(server.http.get(server.url("/api/feed")));
    for remaining in [6, 2] {
        assert_eq!(number(&feed().await, HEADERS[1]), remaining);
    }
    let refused = feed().await;
    assert_eq!((refused.status, number(&refused, HEADERS[1])), (429, 2), "what is left is not enough");
    assert_eq!(Answer::to(server.http.get(server.url("/nowhere"))).await.status, 404, "for a cheaper call it is");
    server.clock.advance(Duration::from_hours(24));
    let after = number(&feed().await, HEADERS[2]);
    assert!(
        after - 1_767_225_600 >= 86_400,
        "the clock of the answers may jump; that of the buckets does not: {after}"
    );
}
