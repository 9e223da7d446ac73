//! What callers see while the database or Redis is away, and that all is well by itself afterwards.

use std::time::Duration;

use amber_sdk::Refusal;
use amber_sdk::v1::{ErrorReason, ListPostsRequest};
use amber_tests::{Backend, Flaky, Postgres, Redis, TestServer};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;

use crate::resources::measured;
use crate::shutdown::{asked, health};
use crate::wire::{Answer, opening, reason_of};

/// The longest that a call waits for a connection to the database (5 s), and some grace for a busy machine.
const LIMIT: Duration = Duration::from_secs(9);
/// The same for a probe (1 s); it must not wait for a connection.
const PROBE: Duration = Duration::from_millis(4_500);

/// A server that reaches its PostgreSQL through a network that fails on demand.
pub(crate) async fn flaky_server() -> Option<(TestServer, Flaky)> {
    let database = Postgres::shared()?.database().await;
    let (before, name) = database.rsplit_once('/').expect("a URL with a database");
    let (before, address) = before.rsplit_once('@').expect("a URL with a user");
    let flaky = Flaky::in_front_of(address.replace("localhost", "127.0.0.1").parse().expect("an address"));
    let builder = TestServer::on(Backend::Postgres).await?;
    let server = builder.env("DATABASE_URL", format!("{before}@{}/{name}", flaky.address())).start().await;
    Some((server, flaky))
}

async fn get(server: &TestServer, path: &str) -> (Answer, Duration) {
    let started = Instant::now();
    let answer = Answer::to(server.http.get(server.url(path))).await;
    (answer, started.elapsed())
}

/// Asks until the health report has what is wanted.
async fn health_becomes(server: &TestServer, what: &str, is_so: impl Fn(u16, &Value) -> bool) {
    let becomes = async {
        loop {
            let answer = get(server, "/api/health").await.0;
            if is_so(answer.status, &answer.json()) {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(20), becomes).await.unwrap_or_else(|_| panic!("health never becomes {what}"));
}

async fn issue(server: &TestServer) -> String {
    let issue = server.http.post(server.url("/api/embed/token")).bearer_auth(server.api_key());
    let answer = Answer::to(issue.json(&json!({ "dashboardId": "d" }))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["token"].as_str().expect("a token").to_owned()
}

async fn redeem(server: &TestServer, token: &str) -> Answer {
    let frame = server.http.post(server.url("/embed/v1/dashboards/d"));
    Answer::to(opening(frame, token)).await
}

/// Everything that a caller can see while the database is away.
async fn assert_outage(server: &TestServer, token: &str) {
    let (health, took) = get(server, "/api/health").await;
    assert_eq!(health.status, 503, "{}", health.text());
    assert!(took < PROBE, "{took:?}");
    let body = health.json();
    assert_eq!((&body["status"], &body["checks"]["database"]["status"]), (&json!("degraded"), &json!("error")));
    crate::wire::assert_tells_nothing_of_the_inside(&health.text(), "health");
    let (ready, took) = get(server, "/readyz").await;
    assert_eq!(ready.status, 503);
    assert!(took < PROBE, "{took:?}");
    assert_eq!(get(server, "/livez").await.0.status, 200, "the process is well");

    for path in ["/api/feed", "/api/leaders", "/api/ingestion/status"] {
        let (answer, took) = get(server, path).await;
        assert_eq!(answer.status, 503, "{path}: {}", answer.text());
        assert_eq!(answer.problem(path)["error"], "database_unavailable");
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|wait| wait >= 1), "{answer:?}");
        assert!(took < LIMIT, "{path}: {took:?}");
    }
    let started = Instant::now();
    let status = server.sdk().await.feed().list_posts(ListPostsRequest::default()).await.expect_err("it is away");
    assert_eq!(reason_of(&status, "posts"), (Code::Unavailable, ErrorReason::DatabaseUnavailable));
    assert!(status.retry_after().is_some_and(|wait| wait > Duration::ZERO));
    assert!(started.elapsed() < LIMIT);

    let issue = server.http.post(server.url("/api/embed/token")).bearer_auth(server.api_key());
    let issue = Answer::to(issue.json(&json!({ "dashboardId": "d" })));
    // A call may wait 5 s for a connection; who asks for a token at the same time is told after 3 s.
    let answer = tokio::select! {
        answer = issue => answer,
        _ = get(server, "/api/leaders") => panic!("who asks for a token waits as long as anybody"),
    };
    assert_eq!((answer.status, &answer.problem("issue")["error"]), (503, &json!("database_unavailable")));
    assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
    let started = Instant::now();
    let page = redeem(server, token).await;
    assert_eq!(page.status, 503, "a token that cannot be checked is not accepted");
    assert!(page.text().contains("REPLAY_STORE_UNAVAILABLE") && !page.header("retry-after").is_empty(), "{page:?}");
    assert!(started.elapsed() < LIMIT);
}

#[tokio::test]
async fn a_cut_database_is_told_quickly_and_forgotten_when_it_is_back() {
    let Some((server, flaky)) = flaky_server().await else { return };
    assert_eq!(get(&server, "/api/health").await.0.status, 200);
    let token = issue(&server).await;
    flaky.cut().await;
    health_becomes(&server, "degraded", |status, _| status == 503).await;
    assert_outage(&server, &token).await;

    flaky.heal().await;
    health_becomes(&server, "ok", |status, _| status == 200).await;
    assert_eq!(get(&server, "/readyz").await.0.status, 200);
    assert_eq!(get(&server, "/api/feed").await.0.status, 200);
    assert_eq!(redeem(&server, &token).await.status, 200, "the refused token was not used up");
    assert_eq!(redeem(&server, &token).await.status, 401, "now it is");
}

#[tokio::test]
async fn the_standard_health_service_and_the_metrics_tell_when_the_database_goes_and_returns() {
    let Some((server, flaky)) = flaky_server().await else { return };
    let mut health = health(&server).await;
    let mut watch = health.watch(asked("Feed")).await.expect("it is known").into_inner();
    let mut next = async || {
        let told = timeout(Duration::from_secs(20), watch.message()).await.expect("it is told in time");
        told.expect("the watch goes on").expect("the watch goes on").status()
    };
    let mut told = async |service: &str| health.check(asked(service)).await.expect("it is known").into_inner().status();
    assert_eq!(next().await, ServingStatus::Serving);
    // Nobody has asked for the health report, which probes as well.
    assert_eq!(measured(&server, "amber_store_up").await, Some(1.0));

    flaky.cut().await;
    assert_eq!(next().await, ServingStatus::NotServing);
    assert_eq!(measured(&server, "amber_store_up").await, Some(0.0));
    for (service, is_served) in [("", false), ("EmbedToken", false), ("Health", true)] {
        assert_eq!(told(service).await == ServingStatus::Serving, is_served, "{service:?}");
    }
    flaky.heal().await;
    assert_eq!(next().await, ServingStatus::Serving);
    assert_eq!(measured(&server, "amber_store_up").await, Some(1.0));
    assert_eq!(told("").await, ServingStatus::Serving);
}

#[tokio::test]
async fn a_database_that_does_not_answer_holds_nobody() {
    let Some((server, flaky)) = flaky_server().await else { return };
    assert_eq!(get(&server, "/api/health").await.0.status, 200);
    let token = issue(&server).await;
    flaky.stall().await;
    health_becomes(&server, "degraded", |status, _| status == 503).await;
    assert_outage(&server, &token).await;

    flaky.heal().await;
    health_becomes(&server, "ok", |status, _| status == 200).await;
    assert_eq!(get(&server, "/api/feed").await.0.status, 200);
}

/// What a call of PostgreSQL takes at most: 5 s for a connection and 12 s for the answer; and some grace for a busy machine.
const ANSWERED: Duration = Duration::from_secs(25);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_lead_nowhere_are_given_up_and_made_anew() {
    let Some((server, flaky)) = flaky_server().await else { return };
    let feeds = || futures::future::join_all((0..5).map(|_| get(&server, "/api/feed")));
    assert!(feeds().await.iter().all(|(answer, _)| answer.status == 200));
    // Connections that were used a moment ago are taken without a sign of life.
    flaky.lose().await;
    let told = timeout(ANSWERED, feeds()).await.expect("no call waits for the network");
    for (answer, took) in told {
        assert_eq!(answer.status, 503, "{took:?}: {}", answer.text());
        assert_eq!(answer.problem("a feed")["error"], "database_unavailable");
    }
    flaky.heal().await;
    health_becomes(&server, "ok", |status, _| status == 200).await;
    assert!(feeds().await.iter().all(|(answer, _)| answer.status == 200));
}

#[tokio::test]
async fn what_takes_long_to_count_is_no_outage() {
    let Some(postgres) = Postgres::shared() else { return };
    let database = postgres.database().await;
    let start = async || {
        let builder = TestServer::on(Backend::Postgres).await.expect("it is there");
        builder.env("DATABASE_URL", database.clone()).start().await
    };
    let (old, new) = (start().await, start().await);
    let (answer, _) = get(&old, "/api/health").await;
    let before = answer.json()["checks"]["database"].clone();
    assert_eq!((answer.status, &before["stats"]["posts"]), (200, &json!(0)));

    let blocker = sea_orm::Database::connect(&database).await.unwrap();
    let held = sea_orm::TransactionTrait::begin(&blocker).await.unwrap();
    sea_orm::ConnectionTrait::execute_unprepared(&held, "LOCK TABLE post_counts").await.unwrap();
    // A report is half a second old at most.
    sleep(Duration::from_millis(600)).await;
    for (server, stats) in [
        (&old, before["stats"].clone()),
        (&new, json!({ "leaders": null, "posts": null, "reviewItems": null, "latestPostTimestamp": null })),
    ] {
        let (answer, took) = get(server, "/api/health").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(took < PROBE, "{took:?}");
        assert_eq!(answer.json()["status"], "ok");
        assert_eq!(answer.json()["checks"]["database"], json!({ "status": "ok", "stats": stats }));
    }
}

#[tokio::test]
async fn redis_may_be_away_without_harm() {
    let Some(mut redis) = Redis::start() else { return };
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let server = builder.env("REDIS_URL", redis.url()).start().await;
    let is = |wanted: &'static str| {
        move |status: u16, body: &Value| status == 200 && body["checks"]["redis"]["status"] == wanted
    };
    health_becomes(&server, "well with Redis", is("ok")).await;
    redis.stop();
    health_becomes(&server, "well without Redis", is("unavailable")).await;
    let (answer, took) = get(&server, "/api/feed").await;
    assert_eq!((answer.status, answer.header("x-ratelimit-limit")), (200, "100000"));
    assert!(took < PROBE, "{took:?}");
    assert_eq!(get(&server, "/readyz").await.0.status, 200);
    redis.restart();
    health_becomes(&server, "well with Redis again", is("ok")).await;
}
