//! Random bytes and random queries, a bounded number of them.

use amber_tests::Backend;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use reqwest::Method;

use super::{Asked, BODIES};
use crate::wire::Answer;

/// Bodies that are nearly right are the ones that reach far.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:e}")),
        "\\PC{0,40}".prop_map(|text| serde_json::json!(text).to_string()),
        any::<String>().prop_map(|text| serde_json::json!(text).to_string()),
        any::<Vec<String>>().prop_map(|texts| serde_json::json!(texts).to_string()),
        any::<std::collections::BTreeMap<String, String>>().prop_map(|map| serde_json::json!(map).to_string()),
    ];
    let name = prop::sample::select(vec![
        "name",
        "handles",
        "trackingTopics",
        "dashboardId",
        "allowedOrigins",
        "userId",
        "ttl",
        "adminId",
        "secret",
        "role",
        "backfill",
        "dryRun",
        "leaderIds",
    ]);
    let object = prop::collection::vec((name, value), 0..5).prop_map(|fields| {
        let fields: Vec<_> = fields.into_iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        format!("{{{}}}", fields.join(", ")).into_bytes()
    });
    prop_oneof![3 => object, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

fn query() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "page",
        "page_size",
        "cursor",
        "leaders",
        "source",
        "language",
        "sentiment",
        "since",
        "until",
        "text",
        "before",
        "limit",
        "other",
    ]);
    let value = prop_oneof!["[ -~]{0,20}", "(%[0-9A-F]{2}){0,8}", "-?[0-9]{1,25}", "[A-Za-z0-9_-]{34}"];
    prop::collection::vec((name, value), 0..4).prop_map(|pairs| {
        let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&").replace(['#', ' '], "%20")
    })
}

#[tokio::test]
async fn no_random_input_is_ever_the_servers_fault() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(asked) = Asked::on(backend).await else { continue };
        let mut runner = TestRunner::deterministic();
        for round in 0..500 {
            let path = BODIES[round % BODIES.len()];
            let bytes = body().new_tree(&mut runner).expect("a strategy without a filter").current();
            let answer = Answer::to(asked.post(path, bytes.clone())).await;
            let shown = String::from_utf8_lossy(&bytes).into_owned();
            // Ingestion is off on this server, which a right request to it is told.
            let is_off = answer.status == 503 && path == "/api/ingestion/trigger";
            assert!(answer.status < 500 || is_off, "{backend:?} {path} {shown:?}: {answer:?}");
            if answer.status >= 400 {
                answer.problem(&format!("{path} {shown:?}"));
            }
        }
        for _ in 0..500 {
            let query = query().new_tree(&mut runner).expect("a strategy without a filter").current();
            let answer = Answer::to(asked.request(Method::GET, &format!("/api/feed?{query}"))).await;
            assert!([200, 400].contains(&answer.status), "{backend:?} {query}: {answer:?}");
            if answer.status == 400 {
                answer.problem(&query);
            }
        }
    }
}
