//! The review queue and posts by hand, by HTTP and by gRPC: who may, what enters, and what becomes of it.

use amber_sdk::Credentials;
use amber_sdk::v1::{
    ApproveReviewItemRequest, CreatePostRequest, DeletePostRequest, EditReviewItemRequest, ErrorReason,
    ListReviewAuditRequest, ListReviewItemsRequest, Platform, PostOrigin, RejectReviewItemRequest, ReviewItem,
    ReviewReason, ReviewState, SentimentLabel, UpdatePostRequest, VerificationStatus,
};
use amber_server::sandbox::{Fault, Sandbox};
use amber_tests::{Backend, FakeXApi, TestClock, TestServer};
use futures::TryStreamExt;
use reqwest::Method;
use serde_json::{Value, json};
use tonic::Code;

use crate::stage::{Stage, on_both_databases, succeeded};
use crate::wire::{Answer, reason_of};

on_both_databases! {
    a_post_by_hand_is_reviewed_as_ever,
    a_doubtful_post_of_x_waits_and_its_tone_can_be_given,
    a_bad_record_waits_and_is_discarded_with_its_item,
    a_post_that_was_deleted_by_hand_stays_deleted_when_x_tells_it_again,
}

/// A server and tokens of two roles.
struct Desk {
    server: TestServer,
    admin: String,
    reviewer: String,
}

impl Desk {
    async fn on(backend: Backend) -> Option<Self> {
        Some(Self::at(TestServer::on(backend).await?.start().await).await)
    }

    async fn at(server: TestServer) -> Self {
        let (admin, reviewer) = (server.token("admin").await, server.token("reviewer").await);
        Self { server, admin, reviewer }
    }

    async fn ask(&self, who: &str, method: Method, path: &str, body: Value) -> Answer {
        let request = self.server.http.request(method, self.server.url(path));
        let request = if who.is_empty() { request } else { request.bearer_auth(who) };
        Answer::to(if body.is_null() { request } else { request.json(&body) }).await
    }

    /// A good answer as the admin.
    async fn done(&self, method: Method, path: &str, body: Value) -> Value {
        let answer = self.ask(&self.admin, method, path, body).await;
        assert!(answer.status < 300, "{path}: {answer:?}");
        answer.json()
    }

    /// The items that the reviewer sees.
    async fn queue(&self, query: &str) -> Vec<Value> {
        let answer = self.ask(&self.reviewer, Method::GET, &format!("/api/review{query}"), Value::Null).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json().as_array().expect("a plain list").clone()
    }

    async fn leader(&self) -> String {
        let created = self.done(Method::POST, "/api/leaders", json!({ "name": "Review Leader" })).await;
        created["id"].as_str().expect("an id").to_owned()
    }
}

async fn a_post_by_hand_is_reviewed_as_ever(backend: Backend) {
    let Some(desk) = Desk::on(backend).await else { return };
    let leader = desk.leader().await;
    let body = json!({
        "leaderId": leader, "content": "one", "timestamp": "2025-02-01T05:30:00+05:30", "platform": "MySpace",
        "requiresReview": true, "reviewNotes": "n1", "metrics": { "likes": 1, "comments": 2, "shares": 3 },
    });
    let post = desk.done(Method::POST, "/api/posts", body).await;
    let told = ["content", "platform", "timestamp", "sentiment", "verificationStatus"].map(|field| &post[field]);
    assert_eq!(told, ["one", "MySpace", "2025-02-01T00:00:00Z", "Neutral", "Needs Review"]);
    assert_eq!([1, 2, 3], ["likes", "comments", "shares"].map(|count| post["metrics"][count].as_i64().unwrap()));
    let quiet = json!({ "leaderId": leader, "content": "two" });
    let quiet = desk.done(Method::POST, "/api/posts", quiet).await;
    assert_eq!((&quiet["platform"], &quiet["metrics"]["likes"]), (&json!("News"), &json!(0)));

    let item = desk.queue("").await.remove(0);
    assert_eq!((&item["post"], &item["postId"], &item["notes"]), (&post, &post["id"], &json!("n1")));
    let told = ["state", "reason", "reviewedBy", "reviewedAt", "record"].map(|field| item[field].clone());
    assert_eq!(told, [json!("pending"), json!("requested"), Value::Null, Value::Null, Value::Null]);

    let path = format!("/api/review/{}", item["id"].as_str().unwrap());
    let viewer = desk.server.token("viewer").await;
    for (method, route) in [(Method::POST, "/approve"), (Method::POST, "/reject"), (Method::PUT, "")] {
        for (who, status) in [("", 401), (viewer.as_str(), 403), (desk.server.api_key(), 403)] {
            let refused = desk.ask(who, method.clone(), &format!("{path}{route}"), json!({})).await;
            assert_eq!(refused.status, status, "{route} by {who}");
            refused.problem(route);
        }
    }
    let approved = desk.ask(&desk.reviewer, Method::POST, &format!("{path}/approve"), Value::Null).await.json();
    assert_eq!((&approved["state"], &approved["reviewedBy"]), (&json!("approved"), &json!("reviewer-1")));
    assert_eq!(approved["post"]["verificationStatus"], "Verified");
    assert_eq!(approved["notes"], "n1");
    assert!(desk.queue("").await.is_empty() && desk.queue("?state=rejected").await.is_empty());
    let rejected = desk.ask(&desk.admin, Method::POST, &format!("{path}/reject"), json!({ "notes": "not real" })).await;
    assert_eq!((&rejected.json()["state"], &rejected.json()["notes"]), (&json!("rejected"), &json!("not real")));
    let shown = desk.done(Method::GET, &format!("/api/posts/{}", post["id"].as_str().unwrap()), Value::Null).await;
    assert_eq!(shown["verificationStatus"], "Rejected", "it is shown with this mark");
    assert_eq!(desk.queue("?state=all").await.len(), 1);

    let lines = desk
        .done(Method::GET, &format!("/api/review/audit?itemId={}", item["id"].as_str().unwrap()), Value::Null)
        .await;
    let lines = lines["entries"].as_array().unwrap();
    let mut actions: Vec<_> =
        lines.iter().map(|line| (line["action"].as_str().unwrap(), line["actor"].as_str().unwrap())).collect();
    actions.sort_unstable();
    assert_eq!(actions, [("approve", "reviewer-1"), ("reject", "admin-1")]);
    for (path, error) in [("/api/review/nope/approve", "Review item not found"), ("/api/posts/nope", "Post not found")]
    {
        let method = if path.ends_with("approve") { Method::POST } else { Method::DELETE };
        let unknown = desk.ask(&desk.admin, method, path, Value::Null).await;
        assert_eq!((unknown.status, &unknown.problem(path)["error"]), (404, &json!(error)));
    }
    let deleted = format!("/api/posts/{}", post["id"].as_str().unwrap());
    assert_eq!(desk.done(Method::DELETE, &deleted, Value::Null).await, json!({ "success": true }));
    assert!(desk.queue("?state=all").await.is_empty(), "its items go with it");
}

async fn a_doubtful_post_of_x_waits_and_its_tone_can_be_given(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    let written = stage.write("ada", 3);
    stage.x.edit(written[1], "We are happy with the school and we hate the road.").unwrap();
    succeeded(&stage.run().await);
    let waiting: Vec<ReviewItem> = stage
        .amber
        .review_items(ListReviewItemsRequest { page_size: 1, ..Default::default() })
        .try_collect()
        .await
        .unwrap();
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    let (item, post) = (&waiting[0], waiting[0].post.as_ref().unwrap());
    assert_eq!(
        (item.reason(), post.text.as_str()),
        (ReviewReason::LowConfidence, "We are happy with the school and we hate the road.")
    );
    assert_eq!((post.origin(), post.verification()), (PostOrigin::Fetched, VerificationStatus::NeedsReview));

    let credentials = Credentials::admin_jwt(stage.server.token("reviewer").await);
    let reviewer = stage.server.sdk_as(credentials).await;
    let edit = EditReviewItemRequest {
        item_id: item.id.clone(),
        notes: Some("sarcasm".into()),
        sentiment: SentimentLabel::Negative.into(),
    };
    let edited = reviewer.reviews().edit_review_item(edit).await.unwrap().into_inner().item.unwrap();
    let tone = edited.post.as_ref().unwrap().sentiment.as_ref().unwrap();
    assert_eq!((tone.label(), tone.score, tone.model.as_str()), (SentimentLabel::Negative, None, "given"));
    assert_eq!((edited.notes.as_str(), edited.state()), ("sarcasm", ReviewState::Pending));
    succeeded(&stage.run().await);
    let approve = ApproveReviewItemRequest { item_id: item.id.clone(), notes: None };
    let approved = reviewer.reviews().approve_review_item(approve).await.unwrap().into_inner().item.unwrap();
    let post = approved.post.clone().unwrap();
    assert_eq!((approved.state(), approved.reviewer.as_str()), (ReviewState::Approved, "reviewer-1"));
    assert_eq!(post.sentiment.as_ref().unwrap().label(), SentimentLabel::Negative, "the next page leaves it");
    assert_eq!((post.verification(), post.verification_status.as_str()), (VerificationStatus::Verified, "Verified"));

    let lines = ListReviewAuditRequest { post_id: post.id.clone(), ..Default::default() };
    let lines = reviewer.reviews().list_review_audit(lines).await.unwrap().into_inner().entries;
    let mut actions: Vec<_> = lines.iter().map(|line| line.action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["approve", "edit"]);
    let change = UpdatePostRequest { post_id: post.id, text: Some("mine".into()), ..Default::default() };
    let refused = stage.amber.feed().update_post(change).await.unwrap_err();
    assert_eq!(reason_of(&refused, "a text of X"), (Code::FailedPrecondition, ErrorReason::PostNotEditable));
}

async fn a_bad_record_waits_and_is_discarded_with_its_item(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    stage.write("ada", 3);
    stage.x.fail_next(1, Fault::MalformedRecord);
    succeeded(&stage.run().await);
    let list = || async {
        let listed = stage.amber.reviews().list_review_items(ListReviewItemsRequest::default()).await;
        listed.unwrap().into_inner()
    };
    let page = list().await;
    assert_eq!((page.items.len(), page.pending_size), (1, 1));
    let item = page.items[0].clone();
    let record = item.record.as_ref().expect("it is no post");
    assert_eq!((item.reason(), item.post_id.as_str()), (ReviewReason::Quarantined, ""));
    let approve = ApproveReviewItemRequest { item_id: item.id.clone(), notes: None };
    let refused = stage.amber.reviews().approve_review_item(approve).await.unwrap_err();
    assert_eq!(reason_of(&refused, "no post"), (Code::FailedPrecondition, ErrorReason::RecordInvalid));
    let edit = EditReviewItemRequest { item_id: item.id.clone(), notes: None, sentiment: 1 };
    let refused = stage.amber.reviews().edit_review_item(edit).await.unwrap_err();
    assert_eq!(reason_of(&refused, "no tone"), (Code::InvalidArgument, ErrorReason::FieldInvalid));
    let reject = RejectReviewItemRequest { item_id: item.id.clone(), notes: Some("broken".into()) };
    let rejected = stage.amber.reviews().reject_review_item(reject).await.unwrap().into_inner().item.unwrap();
    assert_eq!(rejected.record.as_ref().unwrap().status(), amber_sdk::v1::QuarantineStatus::Discarded);
    assert_eq!(rejected.state(), ReviewState::Rejected);
    assert_eq!(list().await.pending_size, 0);
    assert!(!record.reason.is_empty());
}

async fn a_post_that_was_deleted_by_hand_stays_deleted_when_x_tells_it_again(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    let written = stage.write("ada", 3);
    succeeded(&stage.run().await);
    let gone = stage.stored().await.remove(1);
    stage.amber.feed().delete_post(DeletePostRequest { post_id: gone.id.clone() }).await.unwrap();
    stage.x.edit(written[1], "Said again.").unwrap();
    let again = succeeded(&stage.run().await);
    assert_eq!((again.inserted, again.updated), (0, 0), "{again:?}");
    let left = stage.stored().await;
    assert_eq!((left.len(), left.iter().any(|post| post.id == gone.id)), (2, false));
    let twice = stage.amber.feed().delete_post(DeletePostRequest { post_id: gone.id }).await.unwrap_err();
    assert_eq!(reason_of(&twice, "twice"), (Code::NotFound, ErrorReason::PostNotFound));
}

#[tokio::test]
async fn a_post_by_hand_is_told_by_grpc_like_any_other() {
    let server = TestServer::start().await;
    let desk = Desk::at(server).await;
    let amber = desk.server.sdk_as_admin().await;
    let request = CreatePostRequest {
        leader_id: desk.leader().await,
        platform: Platform::Other.into(),
        platform_name: "Gazette".into(),
        text: "We are happy with the school and we hate the road.".into(),
        ..Default::default()
    };
    let post = amber.feed().create_post(request.clone()).await.unwrap().into_inner().post.unwrap();
    assert_eq!(
        (post.platform(), post.platform_name.as_str(), post.origin()),
        (Platform::Other, "Gazette", PostOrigin::Manual)
    );
    assert_eq!((post.metrics.unwrap().likes, post.sentiment.clone().unwrap().model.as_str()), (None, "vader-3.3.2"));
    assert_eq!(desk.queue("").await[0]["reason"], "low_confidence", "a model was asked");
    let change = UpdatePostRequest {
        post_id: post.id.clone(),
        verification: VerificationStatus::Verified.into(),
        ..Default::default()
    };
    let changed = amber.feed().update_post(change).await.unwrap().into_inner().post.unwrap();
    assert_eq!(changed.verification(), VerificationStatus::Verified);
    assert!(desk.queue("").await.is_empty(), "a status by hand settles what waits");
    for (bad, field) in [
        (CreatePostRequest { platform: 99, ..request.clone() }, "platform"),
        (CreatePostRequest { platform: Platform::News.into(), ..request.clone() }, "platform"),
        (CreatePostRequest { sentiment: SentimentLabel::Unscored.into(), ..request.clone() }, "sentiment"),
        (CreatePostRequest { text: "क".repeat(25_001), ..request.clone() }, "text"),
        (CreatePostRequest { review_notes: "n".into(), ..request.clone() }, "review_notes"),
        (CreatePostRequest { external_id: "n".repeat(201), ..request.clone() }, "external_id"),
        (CreatePostRequest { permalink: "http://news.example".into(), ..request }, "permalink"),
    ] {
        let refused = amber.feed().create_post(bad).await.unwrap_err();
        assert_eq!(reason_of(&refused, field), (Code::InvalidArgument, ErrorReason::FieldInvalid));
        assert_eq!(amber_sdk::Refusal::field_violations(&refused)[0].field, field);
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_never_the_servers_fault() {
    let desk = Desk::on(Backend::Sqlite).await.expect("SQLite is always there");
    let leader = desk.leader().await;
    let post = |more: Value| {
        let mut body = json!({ "leaderId": leader, "content": "x" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (more, field) in [
        (json!({ "content": null }), "content"),
        (json!({ "content": "c".repeat(25_001) }), "content"),
        (json!({ "timestamp": "yesterday" }), "timestamp"),
        (json!({ "timestamp": "2200-01-01T00:00:00Z" }), "timestamp"),
        (json!({ "timestamp": "1969-12-01T00:00:00Z" }), "timestamp"),
        (json!({ "sentiment": "Bogus" }), "sentiment"),
        (json!({ "verificationStatus": "Maybe" }), "verificationStatus"),
        (json!({ "metrics": { "likes": "many" } }), "metrics.likes"),
        (json!({ "metrics": { "likes": -1 } }), "metrics"),
        (json!({ "metrics": [] }), "metrics"),
        (json!({ "metrics": { "externalId": "n".repeat(201) } }), "metrics.externalId"),
        (json!({ "platform": "" }), "platform"),
        (json!({ "requiresReview": 7 }), "requiresReview"),
        (json!({ "reviewNotes": "n".repeat(2_001), "requiresReview": true }), "reviewNotes"),
    ] {
        let refused = desk.ask(&desk.admin, Method::POST, "/api/posts", post(more)).await;
        assert_eq!((refused.status, &refused.problem(field)["fields"][0]["field"]), (400, &json!(field)));
    }
    let stored = desk.done(Method::POST, "/api/posts", post(json!({ "requiresReview": true }))).await;
    let path = format!("/api/posts/{}", stored["id"].as_str().unwrap());
    assert_eq!(desk.ask(&desk.admin, Method::PUT, &path, json!({ "content": null })).await.status, 400);
    let unchanged =
        desk.done(Method::PUT, &path, json!({ "platform": "X", "timestamp": "2020-01-01T00:00:00Z" })).await;
    assert_eq!(unchanged, stored, "what cannot be changed was always passed over");
    let item = format!("/api/review/{}", desk.queue("").await[0]["id"].as_str().unwrap());
    for body in [json!({ "notes": "n".repeat(2_001) }), json!({ "notes": 7 }), json!({ "notes": "\u{1}" })] {
        for (method, route) in [(Method::POST, "/approve"), (Method::POST, "/reject"), (Method::PUT, "")] {
            let refused = desk.ask(&desk.admin, method, &format!("{item}{route}"), body.clone()).await;
            assert_eq!(refused.status, 400, "{body} to {route}");
        }
    }
    for query in ["?state=odd", "?page_size=x", "?cursor=garbage"] {
        assert_eq!(
            desk.ask(&desk.reviewer, Method::GET, &format!("/api/review{query}"), Value::Null).await.status,
            400
        );
    }
    let paged = desk.ask(&desk.reviewer, Method::GET, "/api/review?page_size=1", Value::Null).await.json();
    assert_eq!((paged["items"].as_array().unwrap().len(), &paged["next_cursor"]), (1, &Value::Null));
}

#[tokio::test]
async fn the_start_page_and_the_ping_answer_as_before() {
    let desk = Desk::on(Backend::Sqlite).await.expect("SQLite is always there");
    let leader = desk.leader().await;
    let post = desk.done(Method::POST, "/api/posts", json!({ "leaderId": leader, "content": "x" })).await;
    let shown = desk.ask("", Method::GET, "/api/dashboard", Value::Null).await;
    assert_eq!((shown.status, &shown.json()["posts"]), (200, &json!([post])));
    assert_eq!(shown.json()["leaders"][0]["id"], json!(leader));
    let ping = desk.ask(&desk.reviewer, Method::GET, "/api/admin/ping", Value::Null).await;
    assert_eq!(ping.json(), json!({ "admin": "reviewer-1", "role": "reviewer", "status": "ok" }));
    for who in ["", "nope", desk.server.api_key()] {
        let refused = desk.ask(who, Method::GET, "/api/admin/ping", Value::Null).await;
        assert_eq!((refused.status, &refused.problem(who)["error"]), (401, &json!("unauthorized")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_posts_of_the_demo_some_wait_for_a_reviewer() {
    let clock = TestClock::new();
    let x = FakeXApi::peopled(clock.clone()).await;
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let server = builder.clock(clock).x(&x).hasty().start().await;
    let amber = server.sdk_as_admin().await;
    let stage = Stage { x, server, amber };
    for leader in Sandbox::demo_leaders() {
        stage.follow(leader.handle).await;
    }
    stage.run().await;
    let items = stage.amber.reviews().list_review_items(ListReviewItemsRequest::default()).await.unwrap().into_inner();
    let mut leaders: Vec<_> = items.items.iter().map(|item| &item.post.as_ref().unwrap().leader_id).collect();
    leaders.dedup();
    assert_eq!((items.items.len(), leaders.len()), (3, 3), "{items:?}");
    assert!(items.items.iter().all(|item| item.reason() == ReviewReason::LowConfidence), "{items:?}");
}
