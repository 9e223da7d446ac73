//! The sandbox as its callers see it, through the router.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use tower::ServiceExt;

use super::*;

mod faults;
mod lookups;
mod load;
mod people;
mod served;
mod timelines;
mod tortures;
mod twists;
mod wordings;

const BEARER: &str = "sandbox-bearer";
/// 2026-01-15T12:00:00.250Z.
const NOON_MS: i64 = 1_768_478_400_250;

/// A clock that the test moves.
#[derive(Clone)]
struct Hands(Arc<AtomicI64>);

impl Hands {
    fn forward(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

fn options() -> (Options, Hands) {
    let hands = Hands(Arc::new(AtomicI64::new(NOON_MS)));
    let ms = Arc::clone(&hands.0);
    let now = Arc::new(move || Timestamp::from_millisecond(ms.load(Ordering::Relaxed)).unwrap());
    (Options::new(SecretString::from(BEARER), now), hands)
}

/// A sandbox with the one user `ada` (id answered) and a clock.
fn with_ada() -> (Sandbox, UserId, Hands) {
    let (options, hands) = options();
    let sandbox = Sandbox::empty(options);
    let ada = sandbox.add_user("Ada", "ada").unwrap();
    (sandbox, ada, hands)
}

/// Lets ada post `count` times, a minute apart.
fn post_many(sandbox: &Sandbox, hands: &Hands, count: usize) -> Vec<PostId> {
    let post = |n| {
        hands.forward(Duration::from_mins(1));
        sandbox.post("ada", format!("Post number {n}")).unwrap()
    };
    (0..count).map(post).collect()
}

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

async fn request(sandbox: &Sandbox, uri: &str, bearer: &str) -> axum::response::Response {
    let request = Request::get(uri).header("authorization", format!("Bearer {bearer}")).body(Body::empty()).unwrap();
    sandbox.router().oneshot(request).await.unwrap()
}

/// Status, headers and body, which need not be JSON nor come to its end.
async fn raw(sandbox: &Sandbox, uri: &str) -> (StatusCode, HeaderMap, Result<Vec<u8>, axum::Error>) {
    let (head, body) = request(sandbox, uri, BEARER).await.into_parts();
    (head.status, head.headers, body.collect().await.map(|body| body.to_bytes().to_vec()))
}

async fn get(sandbox: &Sandbox, uri: &str) -> Got {
    let (head, body) = request(sandbox, uri, BEARER).await.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Got { status: head.status, headers: head.headers, body: serde_json::from_slice(&bytes).unwrap() }
}

/// Follows the tokens of a timeline to its end; `query` must not be empty.
async fn pages(sandbox: &Sandbox, user: UserId, query: &str) -> Vec<Value> {
    let mut pages: Vec<Value> = Vec::new();
    let mut next = String::new();
    loop {
        let got = get(sandbox, &format!("/2/users/{user}/tweets?{query}{next}")).await;
        assert_eq!(got.status, StatusCode::OK, "{}", got.body);
        let token = got.body["meta"]["next_token"].as_str().map(str::to_owned);
        pages.push(got.body);
        match token {
            Some(token) => next = format!("&pagination_token={token}"),
            None => return pages,
        }
    }
}

fn ids(pages: &[Value]) -> Vec<String> {
    let data = pages.iter().filter_map(|page| page["data"].as_array()).flatten();
    data.map(|post| post["id"].as_str().unwrap().to_owned()).collect()
}

fn newest_first(posts: &[PostId]) -> Vec<String> {
    posts.iter().rev().map(ToString::to_string).collect()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}
