//! Leaders one by one, by HTTP and by gRPC: what is shown, what is changed, and what is refused.

use amber_sdk::Amber;
use amber_sdk::v1::{CreateLeaderRequest, ErrorReason, GetLeaderRequest, Leader, LeaderState, UpdateLeaderRequest};
use amber_tests::{Backend, TestServer};
use prost_types::FieldMask;
use reqwest::Method;
use serde_json::{Value, json};
use tonic::{Code, Status};

use crate::stage::on_both_databases;
use crate::wire::{Answer, reason_of};

on_both_databases! {
    a_mask_says_what_is_changed,
    a_put_changes_what_it_holds_and_leaves_the_rest,
    what_is_wrong_with_a_change_is_told_and_nothing_is_changed,
}

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

async fn start(backend: Backend) -> Option<(TestServer, Amber, Leader)> {
    let server = TestServer::on(backend).await?.start().await;
    let amber = server.sdk_as_admin().await;
    let new = CreateLeaderRequest {
        name: "Ada".into(),
        handles: [("x".into(), "ada".into()), ("facebook".into(), "ada.page".into())].into(),
        tracking_topics: vec!["engines".into()],
    };
    let created = amber.leaders().create_leader(new).await.unwrap().into_inner().leader.unwrap();
    Some((server, amber, created))
}

async fn get(amber: &Amber, id: &str) -> Result<Leader, Status> {
    let asked = amber.leaders().get_leader(GetLeaderRequest { leader_id: id.into() }).await;
    asked.map(|answer| answer.into_inner().leader.expect("the leader is answered"))
}

async fn update(amber: &Amber, leader: Leader, paths: Option<&[&str]>) -> Result<Leader, Status> {
    let update_mask = paths.map(|paths| FieldMask { paths: paths.iter().map(ToString::to_string).collect() });
    let asked = amber.leaders().update_leader(UpdateLeaderRequest { leader: Some(leader), update_mask }).await;
    asked.map(|answer| answer.into_inner().leader.expect("the leader is answered"))
}

async fn a_mask_says_what_is_changed(backend: Backend) {
    let Some((server, amber, created)) = start(backend).await else { return };
    let anybody = server.sdk().await;
    assert_eq!(get(&anybody, &created.id).await.unwrap(), created);

    let new = Leader { id: created.id.clone(), name: "Lovelace".into(), ..Leader::default() };
    let expected = Leader { name: "Lovelace".into(), ..created.clone() };
    assert_eq!(update(&amber, new.clone(), None).await.unwrap(), expected, "only what is not empty");
    let without = Leader { tracking_topics: Vec::new(), ..expected };
    let both = update(&amber, new.clone(), Some(&["name", "tracking_topics"])).await.unwrap();
    assert_eq!(both, without, "an empty list that is named removes all");
    // What only the server says is not looked at.
    let asked = Leader {
        avatar_url: Some("https://pic.example/a.jpg".into()),
        create_time: None,
        state: LeaderState::Suspended.into(),
        handles: [("x".into(), "@Ada".into())].into(),
        ..new
    };
    let whole = Leader { handles: asked.handles.clone(), ..without };
    assert_eq!(update(&amber, asked, Some(&["*"])).await.unwrap(), whole);
    assert_eq!(get(&anybody, &created.id).await.unwrap(), whole);
}

async fn a_put_changes_what_it_holds_and_leaves_the_rest(backend: Backend) {
    let Some((server, _, created)) = start(backend).await else { return };
    let path = format!("/api/leaders/{}", created.id);
    let admin = server.token("admin").await;
    let ask = async |method: Method, who: &str, body: Value| {
        let request = server.http.request(method, server.url(&path));
        let request = if who.is_empty() { request } else { request.bearer_auth(who) };
        Answer::to(if body.is_null() { request } else { request.json(&body) }).await
    };
    let listed = Answer::to(server.http.get(server.url("/api/leaders"))).await.json();
    let before = ask(Method::GET, "", Value::Null).await.json();
    assert_eq!(before, listed[0], "one leader looks as it does in the list");

    let mut expected = before.clone();
    for (body, field) in [
        (json!({ "name": "Lovelace", "handles": null }), "name"),
        (json!({ "trackingTopics": [], "more": 1 }), "trackingTopics"),
        (json!({ "handles": { "x": "lovelace" } }), "handles"),
    ] {
        expected[field] = body[field].clone();
        let answer = ask(Method::PUT, &admin, body).await;
        assert_eq!((answer.status, answer.json()), (200, expected.clone()));
    }
    assert_eq!(ask(Method::PUT, &admin, json!({})).await.json(), expected);
    assert_eq!(ask(Method::GET, "", Value::Null).await.json(), expected);
    for (who, status) in [("", 401), (server.token("reviewer").await.as_str(), 403)] {
        assert_eq!(ask(Method::PUT, who, json!({ "name": "A" })).await.status, status);
    }
    assert_eq!(ask(Method::GET, "", Value::Null).await.json(), expected);
}

async fn what_is_wrong_with_a_change_is_told_and_nothing_is_changed(backend: Backend) {
    let Some((server, amber, created)) = start(backend).await else { return };
    let wrong = || Leader {
        id: created.id.clone(),
        name: " ".into(),
        handles: [("x".into(), "not a handle".into())].into(),
        tracking_topics: vec!["t".repeat(201)],
        ..Leader::default()
    };
    let invalid = (Code::InvalidArgument, ErrorReason::FieldInvalid);
    for paths in [None, Some(["name"].as_slice()), Some(&["handles"]), Some(&["tracking_topics"]), Some(&["*"])] {
        let refused = update(&amber, wrong(), paths).await.unwrap_err();
        assert_eq!(reason_of(&refused, "a wrong field"), invalid, "{paths:?}");
    }
    let fine = || Leader { name: "A".into(), ..created.clone() };
    for path in ["state", "id", "handles.x", "trackingTopics", "nonsense"] {
        let refused = update(&amber, fine(), Some(&["name", path])).await.unwrap_err();
        assert_eq!(reason_of(&refused, "a wrong path"), invalid, "{path}");
        assert!(refused.message().contains(path), "{refused:?}");
    }
    let missing = (Code::NotFound, ErrorReason::LeaderNotFound);
    for id in [NOBODY, "", "nope"] {
        let refused = update(&amber, Leader { id: id.into(), ..fine() }, None).await.unwrap_err();
        assert_eq!(reason_of(&refused, "an unknown leader"), missing);
        assert_eq!(reason_of(&get(&amber, id).await.unwrap_err(), "an unknown leader"), missing);
    }
    let admin = server.token("admin").await;
    let put = async |id: &str, body: Value| {
        let request = server.http.put(server.url(&format!("/api/leaders/{id}"))).bearer_auth(&admin);
        Answer::to(request.json(&body)).await
    };
    for (body, said) in [
        (json!({ "name": "" }), "name is required"),
        (json!({ "name": [] }), "name must be a text"),
        (json!({ "handles": { "x": "a-b" } }), "the handle \"a-b\" must be 1 to 15 letters"),
        (json!({ "handles": [] }), "handles must be an object of texts"),
        (json!({ "trackingTopics": "engines" }), "trackingTopics must be a list of texts"),
    ] {
        let answer = put(&created.id, body).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.text().contains(&said.replace('"', "\\\"")), "{}", answer.text());
    }
    assert_eq!(put(NOBODY, json!({ "name": "A" })).await.status, 404);
    let shown = Answer::to(server.http.get(server.url(&format!("/api/leaders/{NOBODY}")))).await;
    assert_eq!((shown.status, shown.json()["error"].clone()), (404, json!("Leader not found")));
    assert_eq!(get(&amber, &created.id).await.unwrap(), created);
}
