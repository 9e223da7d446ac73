//! Tests of whole calls: requests, retries, the breaker, and bounds.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::governor::LocalGovernor;
use super::server::{BEARER, Bench, Hands, Reply, Server, bench, bench_with};
use crate::domain::{ExternalId, Handle, OsEntropy, UserId};
use crate::resilience::{BreakerSettings, BreakerState, RetryPolicy};
use crate::x_api::{Client, Error, Fault, Settings, TimelinePage, TimelineRequest};

const EMPTY: &str = r#"{"meta":{"result_count":0}}"#;

fn request() -> TimelineRequest {
    TimelineRequest { user: UserId(9), since: None, until: None, max_results: 10, token: None }
}

async fn fetch(bench: &Bench) -> Result<TimelinePage, Error> {
    bench.client.user_timeline(request()).await
}

#[tokio::test]
async fn a_timeline_is_asked_for_in_the_spelling_of_x() {
    let server = Server::start(vec![Reply::ok(EMPTY)]).await;
    let asked = TimelineRequest {
        since: Some(ExternalId(5)),
        until: Some(ExternalId(70)),
        token: Some("a b&c".to_owned()),
        ..request()
    };
    bench(server.settings()).client.user_timeline(asked).await.unwrap();
    let head = &server.heads()[0];
    assert!(head.starts_with("GET /2/users/9/tweets?max_results=10&tweet.fields="), "{head}");
    for part in ["note_tweet", "&since_id=5&", "&until_id=70&", "&pagination_token=a+b%26c ", "edit_history_tweet_ids"]
    {
        assert!(head.contains(part), "{part} is not in {head}");
    }
    assert!(head.contains(&format!("authorization: Bearer {BEARER}\r\n")), "{head}");
    assert!(head.contains("accept-encoding: gzip"), "{head}");
}

#[tokio::test]
async fn lookups_go_in_hundreds() {
    let reply = r#"{"data":[{"id":"1","username":"a","name":"A"}],"errors":[{"value":"b","title":"x"}]}"#;
    let server = Server::start(vec![Reply::ok(reply)]).await;
    let handles: Vec<_> = (0..101).map(|n| Handle::parse(&format!("leader_{n}")).unwrap()).collect();
    let lookup = bench(server.settings()).client.users_by_usernames(&handles).await.unwrap();
    assert_eq!((lookup.users.len(), lookup.problems.len()), (2, 2));
    let heads = server.heads();
    assert!(heads[0].contains("leader_99&user.fields=") && !heads[0].contains("leader_100"), "{}", heads[0]);
    assert!(heads[1].starts_with("GET /2/users/by?usernames=leader_100&user.fields="), "{}", heads[1]);
    assert_eq!(heads.len(), 2);
}

#[tokio::test]
async fn accounts_are_looked_up_again_by_number() {
    let server = Server::start(vec![Reply::ok(r#"{"data":[{"id":"7","username":"new_name","name":"A"}]}"#)]).await;
    let lookup = bench(server.settings()).client.users_by_ids(&[UserId(7), UserId(8)]).await.unwrap();
    assert_eq!(lookup.users[0].username, "new_name");
    assert!(server.heads()[0].starts_with("GET /2/users?ids=7%2C8&"), "{}", server.heads()[0]);
}

#[tokio::test]
async fn posts_are_looked_up_in_hundreds_with_everything_of_their_own() {
    let reply = r#"{"data":[{"id":"7","author_id":"9","text":"a"}],"includes":{"users":[{"id":"9","username":"u"}]},
        "errors":[{"value":"101","parameter":"ids","resource_type":"tweet","type":"x/resource-not-found","title":"Not Found Error"}]}"#;
    let server = Server::start(vec![Reply::ok(reply)]).await;
    let ids: Vec<_> = (1..=101).map(ExternalId).collect();
    let bench = bench(server.settings());
    let lookup = bench.client.posts_by_ids(&ids).await.unwrap();
    assert_eq!((lookup.found.len(), lookup.gone.len(), lookup.fetched), (1, 1, 2));
    let heads = server.heads();
    assert!(
        heads[0].starts_with("GET /2/tweets?ids=1%2C2%2C") && heads[0].contains("%2C100&tweet.fields="),
        "{}",
        heads[0]
    );
    assert!(heads[1].starts_with("GET /2/tweets?ids=101&tweet.fields="), "{}", heads[1]);
    for part in ["note_tweet", "withheld", "expansions=attachments.media_keys", "media.fields=", "user.fields="] {
        assert!(heads[0].contains(part), "{part} is not in {}", heads[0]);
    }
    assert!(!heads[0].contains("referenced_tweets.id"), "X bills the originals of reposts: {}", heads[0]);
    assert!(bench.diary.lines().contains(&"1 without lang".to_owned()), "{:?}", bench.diary.lines());
    assert_eq!(heads.len(), 2);
}

#[tokio::test]
async fn nobody_is_looked_up_without_a_request() {
    let server = Server::start(vec![Reply::ok("{}")]).await;
    assert_eq!(bench(server.settings()).client.users_by_ids(&[]).await, Ok(crate::x_api::UserLookup::default()));
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn every_kind_of_trouble_is_tried_again() {
    let server = Server::start(vec![
        Reply::new(503, "retry-after: 1\r\n", ""),
        Reply::ok("<html>maintenance</html>"),
        Reply::ok(""),
        Reply::ok(r#"{"data":[{"id""#),
        Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{".to_vec()),
        Reply::Bytes(Vec::new()),
        Reply::ok(EMPTY),
    ])
    .await;
    let bench = bench(server.settings());
    fetch(&bench).await.unwrap();
    let retries: Vec<_> = bench.diary.lines().into_iter().filter(|line| line.contains("retry")).collect();
    let expected = [
        "user_timeline retry 1: status 503",
        "user_timeline retry 2: the body is unusable: it is HTML",
        "user_timeline retry 3: the body is unusable: it is empty",
        "user_timeline retry 4: the body is unusable: it is not JSON",
        "user_timeline retry 5: the answer broke off",
        "user_timeline retry 6: the answer broke off",
    ];
    assert_eq!(retries, expected);
    assert_eq!(bench.breaker().consecutive_failures, 0, "the call as a whole succeeded");
}

#[tokio::test]
async fn lasting_trouble_ends_after_six_retries_and_counts_once() {
    let server = Server::start(vec![Reply::new(500, "", "{}")]).await;
    let bench = bench(server.settings());
    let last = Fault::Status { status: 500, retry_after: None };
    assert_eq!(fetch(&bench).await, Err(Error::Unavailable { attempts: 7, last }));
    assert_eq!((server.calls(), bench.breaker().consecutive_failures), (7, 1));
}

#[tokio::test]
async fn five_failed_calls_open_the_breaker() {
    let server = Server::start(vec![Reply::new(502, "", "<html>")]).await;
    let bench = bench(server.settings());
    for _ in 0..5 {
        assert!(matches!(fetch(&bench).await, Err(Error::Unavailable { .. })));
    }
    assert_eq!(bench.breaker().state, BreakerState::Open);
    let Err(Error::BreakerOpen { retry_after }) = fetch(&bench).await else { panic!("the breaker let a call pass") };
    assert!(retry_after > Duration::from_secs(290) && retry_after <= Duration::from_mins(5), "{retry_after:?}");
    assert_eq!(server.calls(), 35);
}

#[tokio::test]
async fn the_probe_of_a_half_open_breaker_is_a_single_attempt() {
    let server = Server::start(vec![Reply::new(502, "", "")]).await;
    let breaker = BreakerSettings { failure_threshold: 1, ..BreakerSettings::default() };
    let bench = bench_with(server.settings(), breaker, None);
    assert!(matches!(fetch(&bench).await, Err(Error::Unavailable { attempts: 7, .. })));
    bench.clock.turn(breaker.open_for);
    assert!(matches!(fetch(&bench).await, Err(Error::Unavailable { attempts: 1, .. })));
    assert_eq!(fetch(&bench).await, Err(Error::BreakerOpen { retry_after: breaker.open_for }));
    assert_eq!(server.calls(), 8);
}

#[tokio::test]
async fn a_refusal_is_not_tried_again_and_is_no_failure_of_x() {
    for (status, error) in [
        (400, Error::BadRequest { detail: "no detail".to_owned() }),
        (401, Error::Unauthorized),
        (404, Error::NotFound),
        (410, Error::BadRequest { detail: "no detail".to_owned() }),
    ] {
        let server = Server::start(vec![Reply::new(status, "", "")]).await;
        let bench = bench(server.settings());
        assert_eq!(fetch(&bench).await, Err(error));
        assert_eq!((server.calls(), bench.breaker().consecutive_failures), (1, 0), "{status}");
    }
}

#[tokio::test]
async fn a_403_is_everywhere_unless_it_lists_errors() {
    let listed = r#"{"errors":[{"detail":"not this one"}],"title":"Forbidden"}"#;
    for (body, everywhere, words) in
        [(r#"{"title":"Client Forbidden"}"#, true, "Client Forbidden"), (listed, false, "not this one")]
    {
        let server = Server::start(vec![Reply::new(403, "", body)]).await;
        let error = fetch(&bench(server.settings())).await.unwrap_err();
        assert_eq!(error, Error::Forbidden { detail: words.to_owned(), everywhere });
        assert_eq!(error.is_fatal_for_all(), everywhere);
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_given_up() {
    let server = Server::start(vec![Reply::Silence, Reply::ok(EMPTY)]).await;
    let bench = bench(Settings { request_timeout: Duration::from_millis(200), ..server.settings() });
    fetch(&bench).await.unwrap();
    assert_eq!(bench.diary.lines()[0], "user_timeline retry 1: no answer in time");
}

#[tokio::test]
async fn an_answer_without_bounds_is_cut_off() {
    let server =
        Server::start(vec![Reply::ok(&format!("{{\"a\":\"{}\"}}", "x".repeat(2_000))), Reply::ok(EMPTY)]).await;
    let bench = bench(Settings { max_body: 1_000, ..server.settings() });
    fetch(&bench).await.unwrap();
    assert!(bench.diary.lines().contains(&"user_timeline retry 1: the body is larger than 1000 bytes".to_owned()));
}

#[tokio::test]
async fn a_dead_address_is_unavailable() {
    let settings = Settings::new("http://127.0.0.1:1", SecretString::from(BEARER));
    assert_eq!(fetch(&bench(settings)).await, Err(Error::Unavailable { attempts: 7, last: Fault::Connect }));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Server::start(vec![Reply::ok(EMPTY)]).await;
    let location = format!("location: {}/2/users/9/tweets\r\n", other.settings().base_url);
    let server = Server::start(vec![Reply::new(302, &location, "")]).await;
    assert!(matches!(fetch(&bench(server.settings())).await, Err(Error::Unavailable { .. })));
    assert_eq!(other.calls(), 0, "the bearer token went to another place");
}

#[tokio::test]
async fn the_bearer_token_is_never_told() {
    let body = format!(r#"{{"title":"Forbidden","detail":"the token {BEARER} is bad"}}"#);
    let server = Server::start(vec![Reply::new(403, "", &body)]).await;
    let bench = bench(server.settings());
    let error = fetch(&bench).await.unwrap_err();
    assert_eq!(error.to_string(), "X forbids the call: the token [redacted] is bad");
    for shown in [format!("{error:?}"), format!("{:?}", bench.client), format!("{:?}", server.settings())] {
        assert!(!shown.contains(BEARER), "{shown}");
    }
}

#[tokio::test]
async fn a_client_is_not_made_from_bad_settings() {
    for (base, bearer) in [("no url", "a"), ("ftp://x", "a"), ("http://127.0.0.1", ""), ("http://127.0.0.1", "a\nb")] {
        let settings = Settings::new(base, SecretString::from(bearer));
        let (clock, entropy) = (Hands::at("2022-10-07T22:43:18Z"), Arc::new(OsEntropy));
        let governor = LocalGovernor::new(clock.clone(), entropy.clone(), BreakerSettings::default(), None);
        let made = Client::new(settings, RetryPolicy::default(), Arc::new(governor), clock, entropy, Arc::new(()));
        assert!(matches!(made, Err(Error::Setup { .. })), "{base} {bearer}");
    }
}
