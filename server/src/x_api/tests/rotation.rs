//! Tests of a bearer token that is replaced while calls are under way.

use std::time::Duration;

use secrecy::SecretString;

use super::server::{BEARER, Bench, Reply, Server, bench};
use crate::domain::UserId;
use crate::x_api::{Error, TimelinePage, TimelineRequest};

const EMPTY: &str = r#"{"meta":{"result_count":0}}"#;
const NEWER: &str = "the-newer-bearer-token";

async fn fetch(bench: &Bench) -> Result<TimelinePage, Error> {
    let request = TimelineRequest { user: UserId(9), since: None, until: None, max_results: 10, token: None };
    bench.client.user_timeline(request).await
}

fn replace(bench: &Bench, token: &str) -> Result<bool, Error> {
    bench.client.replace_bearer(SecretString::from(token))
}

#[tokio::test]
async fn the_next_call_takes_the_new_token() {
    let server = Server::start(vec![Reply::ok(EMPTY)]).await;
    let bench = bench(server.settings());
    fetch(&bench).await.unwrap();
    assert_eq!(
        (replace(&bench, BEARER), replace(&bench, NEWER), replace(&bench, NEWER)),
        (Ok(false), Ok(true), Ok(false))
    );
    fetch(&bench).await.unwrap();
    let sent = |head: &String, token: &str| head.contains(&format!("authorization: Bearer {token}\r\n"));
    assert!(sent(&server.heads()[0], BEARER) && sent(&server.heads()[1], NEWER), "{:?}", server.heads());
    assert!(!format!("{:?}", bench.client).contains(NEWER));
}

#[tokio::test]
async fn a_token_that_no_header_can_carry_is_refused() {
    let server = Server::start(vec![Reply::ok(EMPTY)]).await;
    let bench = bench(server.settings());
    for token in ["", "a\nb"] {
        assert!(matches!(replace(&bench, token), Err(Error::Setup { .. })));
    }
    fetch(&bench).await.unwrap();
    assert!(server.heads()[0].contains(BEARER), "the present one stays");
}

#[tokio::test]
async fn a_call_under_way_survives_the_end_of_its_token() {
    let rejected = Reply::Late(Duration::from_millis(300), Box::new(Reply::new(401, "", "")));
    let server = Server::start(vec![rejected, Reply::ok(EMPTY)]).await;
    let bench = bench(server.settings());
    let (fetched, ()) = tokio::join!(fetch(&bench), async {
        while server.calls() == 0 {
            tokio::task::yield_now().await;
        }
        replace(&bench, NEWER).unwrap();
    });
    assert!(fetched.is_ok(), "{fetched:?}");
    assert!(server.heads()[1].contains(NEWER), "{:?}", server.heads());
}

#[tokio::test]
async fn a_new_token_that_is_refused_too_is_the_end() {
    let rejected = Reply::Late(Duration::from_millis(300), Box::new(Reply::new(401, "", "")));
    let server = Server::start(vec![rejected, Reply::new(401, "", "")]).await;
    let bench = bench(server.settings());
    let (fetched, ()) = tokio::join!(fetch(&bench), async {
        while server.calls() == 0 {
            tokio::task::yield_now().await;
        }
        replace(&bench, NEWER).unwrap();
    });
    assert_eq!((fetched, server.calls()), (Err(Error::Unauthorized), 2));
    assert_eq!((fetch(&bench).await, server.calls()), (Err(Error::Unauthorized), 3), "nothing was replaced meanwhile");
}

#[tokio::test]
async fn limits_are_those_of_the_token() {
    let used_up = "x-rate-limit-limit: 900\r\nx-rate-limit-remaining: 0\r\nx-rate-limit-reset: 1665183198\r\n";
    let server = Server::start(vec![Reply::new(200, used_up, EMPTY), Reply::ok(EMPTY)]).await;
    let bench = bench(server.settings());
    fetch(&bench).await.unwrap();
    assert!(matches!(fetch(&bench).await, Err(Error::RateLimited { .. })));
    replace(&bench, NEWER).unwrap();
    assert!(bench.client.rate_limited_until().is_empty());
    fetch(&bench).await.unwrap();
}
