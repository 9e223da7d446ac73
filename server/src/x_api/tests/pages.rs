//! Tests of a page as a whole: its ends, its problems, and its bad records.

use serde_json::{Value, json};

use crate::domain::{ExternalId, LeaderState, UserId};
use crate::x_api::page::parse;
use crate::x_api::{Fault, TimelinePage};

const SECOND: i64 = 1_000 << 22;
const NEWEST: i64 = 1_576_994_746_135_764_992;
const NEWEST_AT: i64 = 1_664_819_821;

/// A valid record, so many seconds before the newest.
fn record(age: i64) -> Value {
    let at = jiff::Timestamp::from_second(NEWEST_AT - age).unwrap();
    let id = (NEWEST - age * SECOND).to_string();
    json!({"id": id, "created_at": at.to_string(), "author_id": "9", "text": "hello", "lang": "en",
        "public_metrics": {}, "edit_history_tweet_ids": [id]})
}

fn with(mut record: Value, name: &str, value: Value) -> Value {
    record[name] = value;
    record
}

fn page(data: &[Value]) -> TimelinePage {
    let users = json!([{"id": "9", "username": "amber", "name": "Amber"}]);
    parse(&json!({"data": data, "includes": {"users": users}, "meta": {}}), Some(UserId(9))).unwrap()
}

fn ends(newest_age: i64, oldest_age: i64) -> (Option<ExternalId>, Option<ExternalId>) {
    let id = |age| Some(ExternalId(NEWEST - age * SECOND));
    (id(newest_age), id(oldest_age))
}

#[test]
fn a_bad_record_does_not_keep_the_others_back() {
    let bad = with(record(10), "text", json!(7));
    let page = page(&[record(0), bad.clone(), record(20)]);
    assert_eq!((page.posts.len(), page.fetched), (2, 3));
    assert_eq!(page.rejected.len(), 1);
    assert_eq!(page.rejected[0].path, "data[1].text");
    assert_eq!(page.rejected[0].raw, bad);
}

#[test]
fn a_bad_record_at_the_end_of_the_page_is_passed_by() {
    let page = page(&[record(0), with(record(10), "text", json!(7))]);
    assert_eq!((page.newest, page.oldest), ends(0, 10));
}

#[test]
fn a_garbled_number_does_not_move_the_ends_of_the_page() {
    let (low, high) = (with(record(10), "id", json!("5")), with(record(10), "id", json!("9000000000000000000")));
    let undated = with(with(record(10), "created_at", json!(null)), "id", json!("6"));
    let page = page(&[record(0), low, high, undated, record(20)]);
    assert_eq!((page.newest, page.oldest), ends(0, 20));
}

#[test]
fn a_page_of_bad_records_alone_still_has_ends() {
    let page = page(&[with(record(0), "created_at", json!("x")), with(record(10), "created_at", json!("x"))]);
    assert!(page.posts.is_empty());
    assert_eq!((page.newest, page.oldest), ends(0, 10));
}

#[test]
fn an_empty_page_may_go_on() {
    let page = parse(&json!({"meta": {"result_count": 0, "next_token": "t"}}), None).unwrap();
    assert_eq!((page.next_token.as_deref(), page.state, page.fetched), (Some("t"), None, 0));
}

#[test]
fn an_answer_without_meta_is_the_last_page() {
    for body in [json!({}), json!({"data": []}), json!({"meta": {}}), json!({"meta": {"next_token": ""}})] {
        assert_eq!(parse(&body, None).unwrap(), TimelinePage::default(), "{body}");
    }
}

#[test]
fn problems_alone_are_no_empty_timeline() {
    let body = |kind: &str, title: &str| json!({"errors": [{"type": kind, "title": title, "detail": "no"}]});
    for (kind, title, state) in [
        ("https://api.x.com/2/problems/resource-not-found", "Not Found Error", LeaderState::NotFound),
        ("https://api.x.com/2/problems/resource-not-found", "Forbidden", LeaderState::Suspended),
        ("https://api.x.com/2/problems/not-authorized-for-resource", "Authorization Error", LeaderState::Protected),
    ] {
        assert_eq!(parse(&body(kind, title), None).unwrap().state, Some(state));
    }
    assert!(matches!(parse(&body("about:blank", "Oops"), None), Err(Fault::Body { .. })));
}

#[test]
fn problems_next_to_posts_are_kept_with_them() {
    let body = json!({"data": [record(0)], "includes": {"users": [{"id": "9", "username": "amber"}]},
        "errors": [{"type": "x/resource-not-found", "resource_type": "tweet", "value": "456", "title": "Not Found Error"}]});
    let page = parse(&body, None).unwrap();
    assert_eq!((page.posts.len(), page.problems.len(), page.state), (1, 1, None));
}

#[test]
fn a_page_tells_how_many_posts_its_owner_has() {
    let users =
        json!([{"id": "9", "username": "amber", "public_metrics": {"tweet_count": 31}}, {"id": "8", "username": "b"}]);
    let body = json!({"data": [record(0)], "includes": {"users": users}});
    assert_eq!(parse(&body, Some(UserId(9))).unwrap().owner_posts, Some(31));
    assert_eq!(parse(&body, None).unwrap().owner_posts, None);
}

#[test]
fn a_page_of_another_shape_is_a_fault_not_an_end() {
    for body in [json!({"data": {"id": "1"}}), json!({"data": "none"}), json!({"meta": {"next_token": 5}})] {
        assert!(matches!(parse(&body, None), Err(Fault::Body { .. })), "{body}");
    }
}

#[test]
fn a_field_that_never_arrives_is_counted() {
    let page = page(&[with(record(0), "public_metrics", json!(null)), record(10)]);
    assert_eq!(page.missing_fields.into_iter().collect::<Vec<_>>(), [("public_metrics", 1)]);
}
