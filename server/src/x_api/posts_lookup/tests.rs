//! Tests of lookups: what is there, what is gone, and what is neither.

use serde_json::{Value, json};

use super::*;

const ID: i64 = 1_576_994_746_135_764_992;

fn record(id: i64) -> Value {
    json!({"id": id.to_string(), "author_id": "9", "text": "hello", "public_metrics": {"like_count": 3}})
}

fn answer(data: &[Value], errors: &[Value]) -> Value {
    json!({"data": data, "errors": errors, "includes": {"users": [{"id": "9", "username": "amber", "name": "Amber"}]}})
}

fn problem(id: i64, kind: &str, title: &str, detail: &str) -> Value {
    json!({"value": id.to_string(), "resource_id": id.to_string(), "resource_type": "tweet", "parameter": "ids",
        "type": format!("https://api.twitter.com/2/problems/{kind}"), "title": title, "detail": detail})
}

fn with(mut problem: Value, name: &str, value: Value) -> Value {
    problem[name] = value;
    problem
}

fn missing(id: i64) -> Value {
    problem(id, "resource-not-found", "Not Found Error", "Could not find tweet with ids.")
}

fn look_up(data: &[Value], errors: &[Value]) -> PostLookup {
    let asked: Vec<_> = (0..6).map(|n| ExternalId(ID + n)).collect();
    parse(&answer(data, errors), &asked).unwrap()
}

#[test]
fn every_post_that_x_speaks_of_is_there_or_gone_with_its_reason() {
    let lookup = look_up(
        &[record(ID), record(ID + 1)],
        &[
            missing(ID + 2),
            problem(ID + 3, "not-authorized-for-resource", "Authorization Error", "Sorry, you are not authorized."),
            problem(ID + 4, "resource-not-found", "Forbidden", "User has been suspended: [9]."),
        ],
    );
    assert_eq!(lookup.found.keys().map(|id| id.0 - ID).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(lookup.found[&ExternalId(ID)].metrics.likes, Some(3));
    let gone: Vec<_> = lookup.gone.iter().map(|(id, reason)| (id.0 - ID, *reason)).collect();
    assert_eq!(gone, [(2, Removal::NotFound), (3, Removal::NotAuthorized), (4, Removal::Suspended)]);
    assert_eq!(lookup.fetched, 2, "problems are not billed");
}

#[test]
fn the_newer_words_say_the_same() {
    let newer = with(with(missing(ID), "resource_type", json!("post")), "value", json!(null));
    assert_eq!(look_up(&[], &[newer]).gone[&ExternalId(ID)], Removal::NotFound);
}

#[test]
fn a_problem_of_something_else_deletes_nothing() {
    let errors = [
        with(missing(ID), "parameter", json!("referenced_tweets.id")),
        with(missing(ID), "resource_type", json!("user")),
        problem(ID, "field-unauthorized", "Field Authorization Error", "not this field"),
        problem(ID, "resource-unavailable", "Resource Unavailable", "try again"),
        missing(ID + 100),
        with(missing(ID), "value", json!("no number")),
    ];
    assert_eq!(look_up(&[], &errors).gone, BTreeMap::new());
}

#[test]
fn what_is_there_is_not_gone() {
    let broken = json!({"id": (ID + 1).to_string(), "text": 7});
    let lookup = look_up(&[record(ID), broken], &[missing(ID), missing(ID + 1)]);
    assert_eq!(lookup.gone, BTreeMap::new());
    assert_eq!((lookup.found.len(), lookup.fetched), (1, 2), "an unreadable post is neither, and billed");
}

#[test]
fn a_post_that_was_not_asked_for_is_not_taken() {
    assert_eq!(look_up(&[record(ID + 100)], &[]).found, BTreeMap::new());
}

#[test]
fn an_answer_of_another_shape_says_nothing() {
    assert!(matches!(parse(&json!({"data": {"id": "1"}}), &[ExternalId(1)]), Err(Fault::Body { .. })));
}
