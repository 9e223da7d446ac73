//! How a server goes away: probes first, calls under way finish, and nobody can hold it for ever.

use std::time::Duration;

use amber_sdk::Options;
use amber_server::sandbox::Fault;
use amber_tests::{Backend, FakeXApi, TestClock, TestServer};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::TaskTracker;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::wire::Answer;

const SERVICES: [&str; 12] = [
    "",
    "ApiKey",
    "Auth",
    "Dashboard",
    "EmbedToken",
    "Feed",
    "Health",
    "Ingestion",
    "Leader",
    "Metrics",
    "RateLimit",
    "Review",
];

/// A question about a service of the contract, by the first part of its name, or about all of them.
pub(crate) fn asked(service: &str) -> HealthCheckRequest {
    let service = if service.is_empty() { String::new() } else { format!("amber.v1.{service}Service") };
    HealthCheckRequest { service }
}

pub(crate) async fn health(server: &TestServer) -> HealthClient<Channel> {
    let channel = Channel::from_shared(server.url("")).expect("an address").connect().await;
    HealthClient::new(channel.expect("the server listens"))
}

#[tokio::test]
async fn every_service_is_serving_and_no_other_is_known() {
    let server = TestServer::start().await;
    let mut health = health(&server).await;
    for service in SERVICES {
        let answer = health.check(asked(service)).await.expect(service).into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
        let mut watch = health.watch(asked(service)).await.expect(service).into_inner();
        assert_eq!(watch.message().await.unwrap().expect(service).status(), ServingStatus::Serving, "{service}");
    }
    let unknown = health.check(asked("Nope")).await.expect_err("there is no such service");
    assert_eq!(unknown.code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn watchers_learn_of_the_end_and_do_not_delay_it() {
    let server = TestServer::start().await;
    let mut health = health(&server).await;
    let mut watches = Vec::new();
    for service in SERVICES {
        let mut watch = health.watch(asked(service)).await.expect(service).into_inner();
        watch.message().await.unwrap().expect("the present status");
        watches.push((service, watch));
    }
    // A connection that was used once and is kept open for later.
    let mut idle = TcpStream::connect(server.address()).await.unwrap();
    idle.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert!(idle.read(&mut [0; 4_096]).await.unwrap() > 0);
    // One that never said anything, and one that stopped in the middle of a head.
    let _silent = TcpStream::connect(server.address()).await.unwrap();
    let mut slow = TcpStream::connect(server.address()).await.unwrap();
    slow.write_all(b"GET /livez HT").await.unwrap();

    let (ready, started) = (server.url("/readyz"), Instant::now());
    let http = server.http.clone();
    server.stop().await;
    assert!(started.elapsed() < Duration::from_secs(12), "nobody holds it: {:?}", started.elapsed());
    for (service, mut watch) in watches {
        let last = watch.message().await.unwrap().expect("a last word");
        assert_eq!(last.status(), ServingStatus::NotServing, "{service}");
        assert!(!matches!(watch.message().await, Ok(Some(_))), "the watch of {service} ends");
    }
    assert_eq!(idle.read(&mut [0; 16]).await.unwrap(), 0, "the idle connection is closed");
    assert!(http.get(ready).send().await.is_err(), "nobody listens any more");
}

/// A call that is under way for certain: the server has asked for its body, of which half is sent.
async fn half_a_call(server: &TestServer) -> (TcpStream, &'static [u8]) {
    let admin = server.token("admin").await;
    let head = format!(
        "POST /api/leaders HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {admin}\r\ncontent-type: application/json\r\n\
         content-length: 14\r\nexpect: 100-continue\r\n\r\n"
    );
    let mut call = TcpStream::connect(server.address()).await.expect("the server listens");
    call.write_all(head.as_bytes()).await.expect("the server reads");
    let mut said = [0; 64];
    let read = call.read(&mut said).await.expect("the server asks for the body");
    assert!(said[..read].starts_with(b"HTTP/1.1 100"), "{:?}", String::from_utf8_lossy(&said[..read]));
    call.write_all(br#"{"name""#).await.expect("the server reads");
    (call, b":\"Asa\"}")
}

#[tokio::test]
async fn a_call_under_way_gets_its_answer() {
    let server = TestServer::start().await;
    let (mut call, rest) = half_a_call(&server).await;
    let address = server.address();
    let stop = TaskTracker::new().spawn(server.stop());
    // Once nobody listens any more, the server is stopping for certain.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!stop.is_finished(), "it waits for the call");
    call.write_all(rest).await.expect("the server still reads");
    let mut answer = String::new();
    call.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    timeout(Duration::from_secs(10), stop).await.expect("then it stops").expect("in an orderly way");
}

#[tokio::test]
async fn a_connection_that_was_made_before_the_port_closed_is_served() {
    let server = TestServer::start().await;
    let (address, client) = (server.address(), server.http.clone());
    let by_http2 = reqwest::Client::builder().http2_prior_knowledge().no_proxy().build().expect("a client");
    let url = server.url("/livez");
    let mut early = TcpStream::connect(address).await.expect("the server listens");
    let stop = TaskTracker::new().spawn(server.stop());
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    early.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("the connection stands");
    let mut answer = String::new();
    early.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    for other in [client, by_http2] {
        assert!(other.get(&url).send().await.is_err_and(|error| error.is_connect()), "new ones go elsewhere");
    }
    timeout(Duration::from_secs(10), stop).await.expect("then it stops").expect("in an orderly way");
}

#[tokio::test]
async fn calls_are_taken_until_probes_had_time_to_see_the_end() {
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let server = builder.env("SHUTDOWN_GRACE_SECONDS", "6").start().await;
    let mut health = health(&server).await;
    let (http, feed, ready) = (server.http.clone(), server.url("/api/feed"), server.url("/readyz"));
    let (address, started) = (server.address(), Instant::now());
    let stop = TaskTracker::new().spawn(server.stop());
    let mut told = 0;
    while TcpStream::connect(address).await.is_ok() {
        let Ok(status) = health.check(asked("Feed")).await else { break };
        if status.into_inner().status() == ServingStatus::NotServing {
            // New connections and new calls are served although probes are told not to send any.
            let fresh = reqwest::Client::new().get(&feed).send().await.expect("the server still listens");
            assert_eq!(fresh.status(), 200);
            assert_eq!(fresh.headers()["connection"], "close", "no call may meet the end of a connection that is kept");
            assert_eq!(http.get(&ready).send().await.expect("the server still listens").status(), 503);
            told += 1;
        }
        if started.elapsed() > Duration::from_secs(1) {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    assert!(told > 0, "probes were told nothing");
    timeout(Duration::from_mins(1), stop).await.expect("then it stops").expect("in an orderly way");
    assert!(started.elapsed() >= Duration::from_secs(6), "{:?}", started.elapsed());
}

#[tokio::test]
async fn what_takes_longer_than_the_deadline_is_cut_off_there() {
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let server = builder.env("SHUTDOWN_DEADLINE_SECONDS", "1").start().await;
    let (mut call, _) = half_a_call(&server).await;
    let started = Instant::now();
    server.stop().await;
    let took = started.elapsed();
    assert!((Duration::from_secs(1)..Duration::from_secs(10)).contains(&took), "{took:?}");
    let mut answer = Vec::new();
    let _ = call.read_to_end(&mut answer).await;
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn who_waits_for_a_run_is_told_that_it_goes_on_elsewhere() {
    let clock = TestClock::new();
    let x = FakeXApi::start(clock.clone()).await;
    x.add_user("Asha", "asha").unwrap();
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let server = builder.clock(clock).x(&x).start().await;
    let admin = server.token("admin").await;
    let body = json!({ "name": "Asha", "handles": { "x": "asha" } });
    let created = Answer::to(server.http.post(server.url("/api/leaders")).bearer_auth(&admin).json(&body)).await;
    let path = format!("/api/leaders/{}/refresh", created.json()["id"].as_str().expect("an id"));
    x.fail_next(1, Fault::Slow(Duration::from_secs(20)));
    let refresh = server.http.post(server.url(&path)).bearer_auth(&admin);
    let call = TaskTracker::new().spawn(Answer::to(refresh));
    let asked = async {
        while x.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), asked).await.expect("X is asked");
    let started = Instant::now();
    server.stop().await;
    assert!(started.elapsed() < Duration::from_secs(10), "it does not wait for X: {:?}", started.elapsed());
    let answer = call.await.expect("the call ends");
    assert_eq!((answer.status, &answer.json()["status"]), (202, &json!("running")), "{}", answer.text());
}

#[tokio::test]
async fn a_stopped_server_can_be_started_again_on_its_data() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("amber.db").display());
    for round in 0..2 {
        let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
        let server = builder.env("DATABASE_URL", &url).start().await;
        let amber = amber_sdk::Amber::connect(Options::new(server.url(""))).await.expect("the server listens");
        let leaders = amber.leaders().list_leaders(amber_sdk::v1::ListLeadersRequest::default()).await.unwrap();
        assert_eq!(leaders.into_inner().total_size, round);
        let admin = server.token("admin").await;
        let create = server.http.post(server.url("/api/leaders")).bearer_auth(admin);
        assert_eq!(Answer::to(create.json(&json!({ "name": "A" }))).await.status, 201);
        server.stop().await;
    }
}
