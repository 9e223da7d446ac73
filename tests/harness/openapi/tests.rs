//! The checks find what is deliberately wrong, and nothing else.

use serde_json::json;

use super::*;

const PLAIN: &str = "usernames=ada,bob&user.fields=id,name";

fn exchange(path: &str, query: &str, status: u16, body: &Value) -> Exchange {
    let (method, path, query) = ("GET".to_owned(), path.to_owned(), query.to_owned());
    Exchange { method, path, query, status, body: body.to_string().into(), is_true: true }
}

fn lookup(query: &str) -> Exchange {
    let user = json!({"id": "1", "name": "Ada", "username": "ada"});
    exchange("/2/users/by", query, 200, &json!({"data": [user]}))
}

fn description() -> Option<&'static OpenApi> {
    if OpenApi::shared().is_none() {
        eprintln!("skipped: AMBER_TEST_DATA is not set");
    }
    OpenApi::shared()
}

#[track_caller]
fn assert_found(exchange: &Exchange, expected: &str) {
    let Some(openapi) = OpenApi::shared() else { return };
    let broken = openapi.broken_by(exchange);
    assert!(broken.len() == 1 && broken[0].ends_with(expected), "{broken:#?}");
}

#[test]
fn a_request_and_answer_as_described_break_nothing() {
    let Some(openapi) = description() else { return };
    let times = "start_time=2026-01-01T00:00:00Z&since_id=1&until_id=2&max_results=5&exclude=replies,retweets";
    let empty = json!({"meta": {"result_count": 0}});
    for exchange in [lookup(PLAIN), exchange("/2/users/17/tweets", times, 200, &empty)] {
        assert_eq!(openapi.broken_by(&exchange), [""; 0]);
    }
}

#[test]
fn every_way_to_ask_wrongly_is_found() {
    if description().is_none() {
        return;
    }
    let too_many = vec!["a"; 101].join(",");
    for (query, fault) in [
        ("user.fields=id", "\"usernames\" is missing"),
        ("usernames=ada&usernames=bob", "`usernames` is sent twice"),
        ("usernames=ada&max_results=5", "`max_results` is not described"),
        ("usernames=ada,b-b", "usernames[] is `b-b`, which does not match \"^[A-Za-z0-9_]{1,15}$\""),
        ("usernames=ada&user.fields=id,shoe_size", "user.fields[] is `shoe_size`, which is none of the choices"),
        ("usernames=ada&user.fields=id,name,id", "user.fields has an item twice"),
        (&format!("usernames={too_many}"), "usernames has 101 items"),
    ] {
        assert_found(&lookup(query), fault);
    }
    let body = json!({"meta": {"result_count": 0}});
    let timeline = |path: &str, query: &str| exchange(path, query, 200, &body);
    for (query, fault) in [
        ("max_results=4", "max_results is 4, which is out of range"),
        ("max_results=101", "max_results is 101, which is out of range"),
        ("max_results=ten", "max_results is \"ten\", which is no \"integer\""),
        ("since_id=-1", "since_id is `-1`, which does not match \"^[0-9]{1,19}$\""),
        ("start_time=noon", "start_time is `noon`, which is no time"),
        ("pagination_token=", "pagination_token is 0 characters long"),
        ("exclude=quotes", "exclude[] is `quotes`, which is none of the choices"),
    ] {
        assert_found(&timeline("/2/users/17/tweets", query), fault);
    }
    assert_found(&timeline("/2/users/ada/tweets", ""), "id is `ada`, which does not match \"^[0-9]{1,19}$\"");
    assert_found(&timeline("/2/users/17/twits", ""), "there is no such path");
    assert_found(&Exchange { method: "PUT".to_owned(), ..lookup(PLAIN) }, "the path does not take this method");
    let own = exchange("/2/users/me", "", 200, &json!({}));
    assert_found(&own, "an application's bearer token is not enough");
}

#[test]
fn every_way_to_answer_wrongly_is_found() {
    if description().is_none() {
        return;
    }
    for (body, fault) in [
        (json!({"data": [{"id": "1", "name": "Ada"}]}), "answer.data[].username is missing"),
        (json!({"data": []}), "answer.data has 0 items"),
        (json!({"data": {}}), "answer.data is {}, which is no \"array\""),
        (json!({"shoes": 2}), "answer.shoes is not described"),
        (json!({"errors": [{"title": "A", "type": 7}]}), "answer.errors[].type is 7, which is no \"string\""),
    ] {
        assert_found(&exchange("/2/users/by", PLAIN, 200, &body), fault);
    }
    let kind = |name: &str| format!("https://api.twitter.com/2/problems/{name}");
    let problem =
        |name: &str| json!({"title": "A", "type": kind(name), "value": "1", "resource_id": "1", "parameter": "id"});
    let missing = json!({"errors": [problem("resource-not-found")]});
    assert_found(&exchange("/2/users/by", PLAIN, 200, &missing), "answer.errors[].resource_type is missing");
    let mut no_text = lookup(PLAIN);
    no_text.body = "<html>".into();
    assert_found(&no_text, "the body of 200 is no JSON");
    let untitled = json!({"type": "about:blank", "detail": "Unauthorized"});
    assert_found(&exchange("/2/users/by", PLAIN, 401, &untitled), "answer.title is missing");
}

#[test]
fn what_is_open_in_the_description_is_tolerated() {
    let Some(openapi) = description() else { return };
    let problem = json!({"title": "New", "type": "https://x.example/problems/new", "since": 2027});
    let answers = [
        exchange("/2/users/by", PLAIN, 200, &json!({"errors": [problem]})),
        exchange("/2/users/by", PLAIN, 418, &problem),
        exchange("/2/users/by", PLAIN, 503, &json!({"code": 130, "message": "Over capacity"})),
        Exchange { is_true: false, ..exchange("/2/users/by", PLAIN, 200, &json!({"shoes": 2})) },
    ];
    for answer in answers {
        assert_eq!(openapi.broken_by(&answer), [""; 0]);
    }
}
