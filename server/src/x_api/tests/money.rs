//! Tests of what is counted and when the month's posts are spent.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::server::{Hands, Reply, Server, bench, bench_with, governed};
use crate::domain::{Handle, Reads, UserId};
use crate::resilience::{Ask, BreakerSettings, Circuit, Decision, Report};
use crate::x_api::{Error, Fingerprint, Governor, Line, Permit, Standing, TimelineRequest, Unreachable};

/// Two posts, one that they refer to, and two accounts; the posts are unreadable, and billed nevertheless.
const PAGE: &str = r#"{"data":[{"id":"1"},{"id":"2"}],"includes":{"tweets":[{"id":"3"}],"users":[{},{}]},"meta":{}}"#;

fn request(max_results: u32) -> TimelineRequest {
    TimelineRequest { user: UserId(9), since: None, until: None, max_results, token: None }
}

#[tokio::test]
async fn every_post_and_account_of_an_answer_is_counted() {
    let server = Server::start(vec![Reply::ok(PAGE), Reply::ok(r#"{"data":[{"id":"7"}]}"#)]).await;
    let bench = bench(server.settings());
    bench.client.user_timeline(request(10)).await.unwrap();
    bench.client.users_by_usernames(&[Handle::parse("amber").unwrap()]).await.unwrap();
    let usage = bench.client.standing().usage;
    let expected = Reads { posts: 3, users: 3 };
    assert_eq!((usage.today, usage.month, usage.left()), (expected, expected, None));
    assert!(
        bench.diary.lines().contains(&"user_timeline read 3 posts, 2 users".to_owned()),
        "{:?}",
        bench.diary.lines()
    );
    bench.clock.turn(Duration::from_hours(24));
    let usage = bench.client.standing().usage;
    assert_eq!((usage.today, usage.month), (Reads::default(), expected));
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_billed_as_well() {
    let unusable = r#"{"data":[{"id":"1"}],"meta":{"next_token":7.5}}"#;
    let server = Server::start(vec![Reply::ok(unusable), Reply::ok(PAGE)]).await;
    let bench = bench(server.settings());
    bench.client.user_timeline(request(10)).await.unwrap();
    assert_eq!((server.calls(), bench.client.standing().usage.month.posts), (2, 4));
}

#[tokio::test]
async fn a_page_is_bounded_by_what_is_left_until_the_next_month() {
    let server = Server::start(vec![Reply::ok(PAGE)]).await;
    let bench = bench_with(server.settings(), BreakerSettings::default(), Some(10));
    for (call, size) in [(0, 10), (1, 7)] {
        bench.client.user_timeline(request(100)).await.unwrap();
        let head = &server.heads()[call];
        assert!(head.contains(&format!("max_results={size}&")), "{head}");
    }
    let until: Timestamp = "2022-11-01T00:00:00Z".parse().unwrap();
    let spent = bench.client.user_timeline(request(100)).await.unwrap_err();
    assert_eq!(
        (&spent, spent.is_fatal_for_all(), spent.reason()),
        (&Error::BudgetSpent { until }, true, "monthly_budget")
    );
    let lookup = bench.client.users_by_ids(&[UserId(1)]).await;
    assert_eq!((lookup, server.calls()), (Err(Error::BudgetSpent { until }), 2));

    bench.clock.turn(Duration::from_hours(24 * 25));
    bench.client.user_timeline(request(100)).await.unwrap();
    assert!(server.heads()[2].contains("max_results=10&"), "{}", server.heads()[2]);
}

/// A governor whose books are out of reach.
#[derive(Debug)]
struct Away;

fn away() -> Unreachable {
    Unreachable("the database is not available".to_owned())
}

#[async_trait]
impl Governor for Away {
    async fn reserve(&self, _: &Line, _: &Ask) -> Result<Decision<Permit>, Unreachable> {
        Err(away())
    }

    async fn settle(&self, _: &Permit, _: &Report) -> Result<Option<Timestamp>, Unreachable> {
        Err(away())
    }

    async fn failed(&self, _: &Permit) -> Result<(), Unreachable> {
        Err(away())
    }

    async fn refresh(&self, _: &Fingerprint) -> Result<(), Unreachable> {
        Err(away())
    }

    fn standing(&self, _: &Fingerprint) -> Standing {
        let breaker = Circuit::default().snapshot(Timestamp::UNIX_EPOCH, &BreakerSettings::default());
        Standing { breaker, allowances: [].into(), usage: crate::domain::Usage::default() }
    }
}

#[tokio::test]
async fn without_the_books_no_call_is_made() {
    let server = Server::start(vec![Reply::ok(PAGE)]).await;
    let bench = governed(server.settings(), Hands::at("2022-10-07T22:43:18Z"), Arc::new(Away));
    let error = bench.client.user_timeline(request(10)).await.unwrap_err();
    assert_eq!(error, Error::Ungoverned { reason: away().to_string() });
    assert_eq!((server.calls(), error.is_fatal_for_all()), (0, false));
}
