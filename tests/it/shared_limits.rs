//! Limits that several servers share through Redis, who is whom behind a proxy, and what administrators see of it.

use std::time::Duration;

use amber_sdk::Credentials;
use amber_sdk::v1::{ErrorReason, GetLimitsRequest, LimitSource, ResetLimitsRequest};
use amber_tests::{Backend, Redis, TestServer};
use tokio::time::{Instant, sleep};
use tonic::Code;

use crate::wire::{Answer, reason_of};

/// A server with a bucket of this size, which takes a day to fill.
async fn server(size: u32, variables: &[(&str, &str)]) -> TestServer {
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let builder = builder.env("REQUESTS_PER_MINUTE", size.to_string()).env("WINDOW_SECONDS", "86400");
    let builder = builder.env("AUTHENTICATED_REQUESTS_PER_MINUTE", "1000");
    variables.iter().fold(builder, |builder, (name, value)| builder.env(name, *value)).start().await
}

async fn feed(server: &TestServer) -> u16 {
    Answer::to(server.http.get(server.url("/api/feed"))).await.status
}

async fn feed_as(server: &TestServer, forwarded: &[&str]) -> u16 {
    let request = server.http.get(server.url("/api/feed"));
    let request = forwarded.iter().fold(request, |request, line| request.header("x-forwarded-for", *line));
    Answer::to(request).await.status
}

#[tokio::test]
async fn two_servers_on_one_redis_share_every_bucket_and_go_on_without_it() {
    let Some(mut redis) = Redis::start() else { return };
    let url = redis.url();
    let variables = [("REDIS_URL", url.as_str()), ("RATE_LIMIT_REDIS_TIMEOUT_MS", "1000")];
    let (one, other) = (server(5, &variables).await, server(5, &variables).await);
    let admin = one.sdk_as_admin().await; // the token is one of the five calls of this address
    let mut told = Vec::new();
    for server in [&one, &other, &one, &other, &one, &other] {
        told.push(feed(server).await);
    }
    assert_eq!(told, [200, 200, 200, 200, 429, 429]);

    let asked = GetLimitsRequest { identity: "ip:127.0.0.1".into() };
    let shown = admin.rate_limits().get_limits(asked.clone()).await.expect("an admin may look").into_inner();
    assert_eq!((shown.source(), shown.key.as_str()), (LimitSource::Shared, "rate_limit:ip:127.0.0.1"));
    let anonymous = shown.limits.iter().find(|limit| limit.policy == "anonymous").expect("every limit is shown");
    assert_eq!((anonymous.permits, anonymous.remaining, anonymous.shadow), (5, 0, false));

    let reset = ResetLimitsRequest { identity: "ip:127.0.0.1".into() };
    let done = admin.rate_limits().reset_limits(reset.clone()).await.expect("an admin may reset").into_inner();
    assert!(done.was_used && done.everywhere);
    assert_eq!(feed(&one).await, 200, "at once where it was asked");
    let since = Instant::now();
    while feed(&other).await == 429 {
        assert!(
            since.elapsed() < Duration::from_secs(5),
            "and within a second elsewhere, on a machine that is not busy"
        );
        sleep(Duration::from_millis(20)).await;
    }

    redis.stop();
    for server in [&one, &other] {
        let status = feed(server).await;
        assert!(status == 200 || status == 429, "no call fails: {status}");
    }
    let shown = admin.rate_limits().get_limits(asked).await.expect("an admin may look").into_inner();
    assert_eq!(shown.source(), LimitSource::Local);
    let done = admin.rate_limits().reset_limits(reset).await.expect("an admin may reset").into_inner();
    assert!(!done.everywhere, "Redis could not be told");
}

#[tokio::test]
async fn only_an_admin_sees_limits_and_only_of_a_caller() {
    let server = server(100, &[]).await;
    let asked = |identity: &str| GetLimitsRequest { identity: identity.into() };
    let key = server.sdk_as(Credentials::api_key(server.api_key())).await;
    let status = key.rate_limits().get_limits(asked("ip:127.0.0.1")).await.expect_err("a key is no admin");
    assert_eq!(reason_of(&status, "a key"), (Code::PermissionDenied, ErrorReason::RoleMissing));
    let admin = server.sdk_as_admin().await;
    for identity in ["", "127.0.0.1", "ip:nowhere", "team:a"] {
        let status = admin.rate_limits().get_limits(asked(identity)).await.expect_err("that is nobody");
        assert_eq!(reason_of(&status, identity), (Code::InvalidArgument, ErrorReason::FieldInvalid));
    }
    let shown = admin.rate_limits().get_limits(asked("user:admin-1")).await.expect("that is somebody").into_inner();
    assert_eq!((shown.limits.len(), shown.source()), (6, LimitSource::Local));
}

#[tokio::test]
async fn nobody_gets_another_bucket_by_writing_another_address() {
    let server = server(2, &[]).await;
    let told = [feed_as(&server, &["198.51.100.1"]).await, feed_as(&server, &["198.51.100.2"]).await];
    assert_eq!((told, feed_as(&server, &["198.51.100.3", "203.0.113.9"]).await), ([200, 200], 429));
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_caller_has_its_own_bucket() {
    let server = server(1, &[("TRUSTED_PROXY_CIDRS", "127.0.0.0/8, 10.0.0.0/8")]).await;
    assert_eq!([feed_as(&server, &["198.51.100.1"]).await, feed_as(&server, &["198.51.100.1"]).await], [200, 429]);
    assert_eq!(feed_as(&server, &["198.51.100.2"]).await, 200);
    // What the caller itself wrote stands before what the proxy saw.
    assert_eq!(feed_as(&server, &["203.0.113.7, 198.51.100.2"]).await, 429);
    assert_eq!(feed_as(&server, &["203.0.113.8", "198.51.100.2, 10.0.0.9"]).await, 429);
    assert_eq!([feed_as(&server, &["garbage"]).await, feed(&server).await], [200, 429], "then it is the proxy itself");
}

#[tokio::test]
async fn a_refresh_counts_twice_and_a_limit_in_the_shadow_refuses_nobody() {
    let limits = [("RATE_LIMIT_LEADER_REFRESH", "2/86400")];
    let strict = server(100, &limits).await;
    let shadow = server(100, &[limits[0], ("RATE_LIMIT_SHADOW", "leader_refresh")]).await;
    let costly = server(100, &[("RATE_LIMIT_COSTS", "/api/leaders/{id}/refresh=30")]).await;
    let mut told = Vec::new();
    for server in [&strict, &shadow, &costly] {
        let token = server.token("admin").await;
        for _ in 0..3 {
            let url = server.url("/api/leaders/0197a3c2-5f00-7000-8000-000000000000/refresh");
            let answer = Answer::to(server.http.post(url).bearer_auth(&token)).await;
            let told_of = |name| answer.header(name).to_owned();
            told.push((answer.status, told_of("x-ratelimit-limit"), told_of("x-ratelimit-remaining")));
        }
    }
    let told: Vec<_> = told.iter().map(|(status, limit, left)| (*status, limit.as_str(), left.as_str())).collect();
    let strict = [(404, "2", "1"), (404, "2", "0"), (429, "2", "0")];
    let shadow = [(404, "1000", "999"), (404, "1000", "998"), (404, "1000", "997")];
    let costly = [(404, "1000", "970"), (404, "1000", "940"), (404, "1000", "910")];
    assert_eq!(told, [strict, shadow, costly].concat());
}
