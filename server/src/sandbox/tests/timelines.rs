//! Paging and bounds of timelines.

use super::super::token::{Mint, Place};
use super::*;

#[tokio::test]
async fn paging_visits_every_post_exactly_once_and_newest_first() {
    let (sandbox, ada, hands) = with_ada();
    let posts = post_many(&sandbox, &hands, 23);
    let pages = pages(&sandbox, ada, "max_results=5").await;
    assert_eq!(ids(&pages), newest_first(&posts));
    assert_eq!(pages.len(), 5);
    assert_eq!(pages[0]["meta"]["newest_id"], posts[22].to_string());
    assert_eq!(pages[0]["meta"]["oldest_id"], posts[18].to_string());
    assert_eq!(pages[4]["meta"]["result_count"], 3);
}

#[tokio::test]
async fn a_full_last_page_has_no_token() {
    let (sandbox, ada, hands) = with_ada();
    post_many(&sandbox, &hands, 10);
    assert_eq!(pages(&sandbox, ada, "max_results=5").await.len(), 2);
}

#[tokio::test]
async fn since_and_until_are_exclusive() {
    let (sandbox, ada, hands) = with_ada();
    let posts = post_many(&sandbox, &hands, 12);
    let query = format!("max_results=5&since_id={}&until_id={}", posts[1], posts[9]);
    assert_eq!(ids(&pages(&sandbox, ada, &query).await), newest_first(&posts[2..9]));
}

#[tokio::test]
async fn a_start_is_inclusive_and_an_end_exclusive() {
    let (sandbox, ada, hands) = with_ada();
    let posts = post_many(&sandbox, &hands, 4);
    let query = format!("start_time={}&end_time={}", posts[1].posted_at(), posts[3].posted_at());
    assert_eq!(ids(&pages(&sandbox, ada, &query).await), newest_first(&posts[1..3]));
}

#[tokio::test]
async fn nothing_new_is_an_answer_without_data() {
    let (sandbox, ada, hands) = with_ada();
    let posts = post_many(&sandbox, &hands, 1);
    let got = get(&sandbox, &format!("/2/users/{ada}/tweets?since_id={}", posts[0])).await;
    assert_eq!(got.body, serde_json::json!({"meta": {"result_count": 0}}));
}

#[tokio::test]
async fn only_the_reachable_posts_are_shown() {
    let (mut options, hands) = options();
    options.reach = 7;
    let sandbox = Sandbox::empty(options);
    let ada = sandbox.add_user("Ada", "ada").unwrap();
    let posts = post_many(&sandbox, &hands, 12);
    assert_eq!(ids(&pages(&sandbox, ada, "max_results=5").await), newest_first(&posts[5..]));
    assert_eq!(ids(&pages(&sandbox, ada, &format!("until_id={}", posts[5])).await), [""; 0]);
    assert_eq!(sandbox.posts_of("ada").unwrap().len(), 12);
}

#[tokio::test]
async fn the_page_cap_wins_over_the_request() {
    let (mut options, hands) = options();
    options.page_cap = 3;
    let sandbox = Sandbox::empty(options);
    let ada = sandbox.add_user("Ada", "ada").unwrap();
    let posts = post_many(&sandbox, &hands, 7);
    let pages = pages(&sandbox, ada, "max_results=100").await;
    assert_eq!((pages.len(), ids(&pages)), (3, newest_first(&posts)));
}

#[tokio::test]
async fn excluding_retweets_leaves_empty_pages_with_a_token() {
    let (sandbox, ada, hands) = with_ada();
    let first = post_many(&sandbox, &hands, 1)[0];
    for _ in 0..5 {
        hands.forward(Duration::from_mins(1));
        sandbox.post("ada", Draft::new("").about(Reference::Retweeted, first)).unwrap();
    }
    let pages = pages(&sandbox, ada, "max_results=5&exclude=retweets").await;
    assert_eq!(pages[0]["meta"]["result_count"], 0);
    assert!(pages[0].get("data").is_none());
    assert_eq!(ids(&pages), [first.to_string()]);
}

#[tokio::test]
async fn an_edit_replaces_the_old_version_and_names_it() {
    let (sandbox, ada, hands) = with_ada();
    let first = post_many(&sandbox, &hands, 1)[0];
    hands.forward(Duration::from_mins(5));
    let second = sandbox.edit(first, "Better").unwrap();
    let page = get(&sandbox, &format!("/2/users/{ada}/tweets")).await.body;
    assert_eq!(ids(std::slice::from_ref(&page)), [second.to_string()]);
    let chain = serde_json::json!([first.to_string(), second.to_string()]);
    assert_eq!(page["data"][0]["edit_history_tweet_ids"], chain);
    let old = get(&sandbox, &format!("/2/tweets?ids={first}")).await.body;
    assert_eq!((&old["data"][0]["text"], &old["data"][0]["edit_history_tweet_ids"]), (&"Post number 0".into(), &chain));
}

#[tokio::test]
async fn a_late_post_shows_at_its_time_and_a_deleted_one_no_more() {
    let (sandbox, ada, hands) = with_ada();
    let posts = post_many(&sandbox, &hands, 2);
    let soon = posts[1].posted_at() + Duration::from_mins(10);
    let later = sandbox.post_at("ada", "Later", soon).unwrap();
    assert_eq!(ids(&pages(&sandbox, ada, "max_results=5").await), newest_first(&posts));
    sandbox.delete(posts[1]).unwrap();
    hands.forward(Duration::from_mins(10));
    assert_eq!(ids(&pages(&sandbox, ada, "max_results=5").await), newest_first(&[posts[0], later]));
    assert_eq!(sandbox.delete(posts[1]), Err(Error::UnknownPost(posts[1])));
}

#[tokio::test]
async fn many_posts_of_one_millisecond_keep_their_order_and_time() {
    let (sandbox, _, _) = with_ada();
    let posts: Vec<PostId> = (0..300).map(|_| sandbox.post("ada", "At once").unwrap()).collect();
    assert!(posts.is_sorted_by(|a, b| a < b));
    assert!(posts.iter().all(|id| id.posted_at().as_millisecond() == NOON_MS));
}

#[tokio::test]
async fn bad_parameters_are_refused_in_the_recorded_shape() {
    let (sandbox, ada, _) = with_ada();
    let got = get(&sandbox, &format!("/2/users/{ada}/tweets?max_results=4")).await;
    assert_eq!(got.status, StatusCode::BAD_REQUEST);
    let recorded = serde_json::json!({
        "errors": [{
            "parameters": {"max_results": ["4"]},
            "message": "The `max_results` query parameter value [4] is not between 5 and 100",
        }],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.twitter.com/2/problems/invalid-request",
    });
    assert_eq!(got.body, recorded);
    let foreign = Mint::new(UserId(5), None, 1, NOON_MS).write(Place::Before(PostId(9)));
    for query in [
        "max_results=101",
        "since_id=12a",
        "until_id=99999999999999999999",
        "start_time=noon",
        "tweet.fields=full_text",
        "expansions=authors",
        "limit=10",
        "max_results=5&max_results=6",
        &format!("pagination_token={foreign}"),
    ] {
        let got = get(&sandbox, &format!("/2/users/{ada}/tweets?{query}")).await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST, "{query}");
    }
}
