//! Tests of rate limits: an endpoint rests until its window is over.

use std::time::Duration;

use jiff::{Timestamp, ToSpan};

use super::server::{Bench, Reply, Server, bench};
use crate::domain::{Handle, UserId};
use crate::x_api::{Endpoint, Error, Fault, TimelinePage, TimelineRequest};

const LIMITED: &str = r#"{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank","status":429}"#;
const EMPTY: &str = r#"{"meta":{"result_count":0}}"#;
/// The client's clock stands at 22:43:18; X is ten minutes ahead.
const DATE: &str = "date: Fri, 07 Oct 2022 22:53:18 GMT\r\n";

async fn fetch(bench: &Bench) -> Result<TimelinePage, Error> {
    let request = TimelineRequest { user: UserId(9), since: None, until: None, max_results: 10, token: None };
    bench.client.user_timeline(request).await
}

fn limited_until(result: Result<TimelinePage, Error>) -> Timestamp {
    match result {
        Err(Error::RateLimited { until, endpoint: Endpoint::UserTimeline }) => until,
        other => panic!("{other:?}"),
    }
}

/// Whether `until` is `seconds` after the client's clock, apart from the jitter of at most two seconds.
fn is_after(until: Timestamp, seconds: i64) -> bool {
    let start: Timestamp = "2022-10-07T22:43:18Z".parse().unwrap();
    (start + seconds.seconds()..=start + (seconds + 2).seconds()).contains(&until)
}

fn headers(remaining: u32, reset_in: i64) -> String {
    let reset = 1_665_183_198 + reset_in;
    format!("{DATE}x-rate-limit-limit: 900\r\nx-rate-limit-remaining: {remaining}\r\nx-rate-limit-reset: {reset}\r\n")
}

#[tokio::test]
async fn a_limited_endpoint_rests_until_its_window_is_over() {
    let server = Server::start(vec![Reply::new(429, &headers(0, 300), LIMITED), Reply::ok(EMPTY)]).await;
    let bench = bench(server.settings());
    let until = limited_until(fetch(&bench).await);
    assert!(is_after(until, 300), "{until} is not counted from the date of the answer");
    assert_eq!(limited_until(fetch(&bench).await), until);
    assert_eq!(server.calls(), 1, "a resting endpoint is not called");
    assert_eq!(bench.client.rate_limited_until().into_iter().collect::<Vec<_>>(), [(Endpoint::UserTimeline, until)]);
    assert_eq!(bench.breaker().consecutive_failures, 0);
    assert_eq!(bench.diary.lines(), ["user_timeline 429", "user_timeline limited"]);

    bench.clock.turn(Duration::from_secs(303));
    fetch(&bench).await.unwrap();
    assert!(bench.client.rate_limited_until().is_empty());
}

#[tokio::test]
async fn the_other_endpoints_go_on() {
    let server = Server::start(vec![Reply::new(429, &headers(0, 300), LIMITED), Reply::ok("{}")]).await;
    let bench = bench(server.settings());
    limited_until(fetch(&bench).await);
    bench.client.users_by_usernames(&[Handle::parse("amber").unwrap()]).await.unwrap();
}

#[tokio::test]
async fn a_429_counts_even_with_calls_left() {
    let server = Server::start(vec![Reply::new(429, &headers(14, 60), LIMITED)]).await;
    assert!(is_after(limited_until(fetch(&bench(server.settings())).await), 60));
}

#[tokio::test]
async fn the_rest_is_bounded_on_both_sides() {
    for (told, rest) in [
        (headers(0, 86_400), 900),
        (headers(0, -60), 1),
        (String::new(), 1),
        ("retry-after: 0\r\n".to_owned(), 1),
        ("retry-after: 99999999999999\r\n".to_owned(), 900),
        ("retry-after: 30\r\nx-rate-limit-reset: 99999999999999999999\r\n".to_owned(), 30),
    ] {
        let server = Server::start(vec![Reply::new(429, &told, LIMITED)]).await;
        let until = limited_until(fetch(&bench(server.settings())).await);
        assert!(is_after(until, rest), "{until} after {told:?}");
    }
}

#[tokio::test]
async fn a_limit_that_is_used_up_is_not_run_into() {
    let used_up = headers(0, 120) + "content-type: application/json\r\n";
    let server = Server::start(vec![Reply::new(200, &used_up, EMPTY), Reply::ok(EMPTY)]).await;
    let bench = bench(server.settings());
    fetch(&bench).await.unwrap();
    assert!(is_after(limited_until(fetch(&bench).await), 120));
    assert_eq!(server.calls(), 1);
    assert_eq!(bench.client.rate_limits()[&Endpoint::UserTimeline].limit, Some(900));
}

/// An answer that breaks off after its head and the first byte of its body.
fn broken_off() -> Reply {
    Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\n{".to_vec())
}

#[tokio::test]
async fn a_call_whose_answer_is_lost_counts_as_made() {
    let left = headers(1, 600) + "content-type: application/json\r\n";
    for lost in [broken_off(), Reply::new(503, "", "{}")] {
        let last = Reply::new(429, &headers(0, 600), LIMITED);
        let server = Server::start(vec![Reply::new(200, &left, EMPTY), lost, last]).await;
        let bench = bench(server.settings());
        fetch(&bench).await.unwrap();
        assert!(is_after(limited_until(fetch(&bench).await), 600));
        assert_eq!(server.calls(), 2, "X may have counted it: another one would be refused");
    }
}

#[tokio::test]
async fn a_call_that_never_got_there_costs_no_permit() {
    let left = headers(1, 600) + "content-type: application/json\r\n";
    let server = Server::start(vec![Reply::new(200, &left, EMPTY)]).await;
    let bench = bench(server.settings());
    fetch(&bench).await.unwrap();
    drop(server);
    let outcome = fetch(&bench).await;
    assert!(matches!(outcome, Err(Error::Unavailable { attempts: 7, last: Fault::Connect })), "{outcome:?}");
}

#[tokio::test]
async fn a_usage_cap_is_no_rate_limit() {
    let body = r#"{"title":"UsageCapExceeded","detail":"Monthly product cap","type":"https://api.x.com/2/problems/usage-capped"}"#;
    let server = Server::start(vec![Reply::new(429, &headers(0, 300), body)]).await;
    let bench = bench(server.settings());
    assert_eq!(fetch(&bench).await, Err(Error::UsageCapped { detail: "Monthly product cap".to_owned() }));
    assert!(bench.client.rate_limited_until().is_empty());
}

#[tokio::test]
async fn a_days_window_rests_longer_than_a_quarter_of_an_hour() {
    let day =
        format!("{DATE}x-app-limit-24hour-remaining: 0\r\nx-app-limit-24hour-reset: {}\r\n", 1_665_183_198 + 40_000);
    let server = Server::start(vec![Reply::new(200, &day, EMPTY), Reply::new(429, &day, LIMITED)]).await;
    let bench = bench(server.settings());
    fetch(&bench).await.unwrap();
    let until = limited_until(fetch(&bench).await);
    assert!(is_after(until, 40_000), "{until}");
    bench.clock.turn(Duration::from_secs(40_003));
    assert!(is_after(limited_until(fetch(&bench).await), 80_003), "a refusal is believed for as long");
    assert_eq!(server.calls(), 2);
}

#[tokio::test]
async fn no_more_calls_are_made_at_once_than_are_left() {
    let slow = Reply::Late(Duration::from_millis(300), Box::new(Reply::new(200, &headers(1, 600), EMPTY)));
    let last = Reply::new(200, &headers(0, 600), EMPTY);
    let server = Server::start(vec![slow, last, Reply::new(429, &headers(0, 600), LIMITED)]).await;
    let bench = bench(server.settings());
    let (one, two, three, four) = tokio::join!(fetch(&bench), fetch(&bench), fetch(&bench), fetch(&bench));
    let admitted = [one, two, three, four].into_iter().flatten().count();
    assert_eq!((admitted, server.calls()), (2, 2));
    assert!(!bench.diary.lines().iter().any(|line| line.contains("429")), "{:?}", bench.diary.lines());
}
