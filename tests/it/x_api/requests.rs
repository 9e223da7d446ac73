//! Every request that the client can make is one that X's description allows.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use amber_server::domain::{ExternalId, Handle, SystemClock, UserId};
use amber_server::x_api::TimelineRequest;
use amber_tests::{FakeXApi, OpenApi, http_client};

use super::client;

#[tokio::test]
async fn whatever_the_client_asks_is_described() {
    // The description is asked by the fake, for every request that reaches it.
    let x = FakeXApi::start(SystemClock).await;
    let client = client(&x).await;
    let id = x.add_user("Ada", "ada").unwrap();
    let posts: Vec<_> = (0..12).map(|n| x.post("ada", format!("Number {n}")).unwrap()).collect();
    let handle = |n: i64| Handle::parse(&format!("handle_{n:03}")).unwrap();
    for count in [1, 100, 101] {
        client.users_by_usernames(&(0..count).map(handle).collect::<Vec<_>>()).await.unwrap();
        client.users_by_ids(&(1..=count).map(UserId).collect::<Vec<_>>()).await.unwrap();
        client.posts_by_ids(&(1..=count).map(ExternalId).collect::<Vec<_>>()).await.unwrap();
    }
    let ada = UserId(id.to_string().parse().unwrap());
    let all = TimelineRequest { user: ada, since: None, until: None, max_results: 0, token: None };
    let token = client.user_timeline(all.clone()).await.unwrap().next_token;
    assert!(token.is_some());
    let bound = |place: usize| Some(ExternalId(posts[place].to_string().parse().unwrap()));
    let asked = [
        TimelineRequest { max_results: u32::MAX, ..all.clone() },
        TimelineRequest { since: bound(0), ..all.clone() },
        TimelineRequest { until: bound(11), ..all.clone() },
        TimelineRequest { since: Some(ExternalId(1)), until: Some(ExternalId(i64::MAX)), token, ..all },
    ];
    for request in asked {
        client.user_timeline(request).await.unwrap();
    }
    let sent: BTreeSet<String> = x.requests().iter().flat_map(|seen| names_in(&seen.query)).collect();
    let used = ["ids", "max_results", "pagination_token", "since_id", "until_id", "usernames"];
    assert!(used.iter().all(|name| sent.contains(*name)), "{sent:?}");
    assert_eq!(x.requests().len(), 3 * 4 + 5);
}

fn names_in(query: &str) -> impl Iterator<Item = String> {
    query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, _)| name.to_owned())
}

#[tokio::test]
async fn a_request_that_is_not_described_fails_the_test_that_made_it() {
    if OpenApi::shared().is_none() {
        eprintln!("skipped: AMBER_TEST_DATA is not set");
        return;
    }
    for (path, is_described) in [("/2/users/by?usernames=ada", true), ("/2/users/by?usernames=ada&shoes=2", false)] {
        let x = FakeXApi::start(SystemClock).await;
        http_client().get(format!("{}{path}", x.url())).bearer_auth(FakeXApi::bearer()).send().await.unwrap();
        let end = catch_unwind(AssertUnwindSafe(|| drop(x)));
        assert_eq!(end.is_ok(), is_described, "{path}");
    }
}
