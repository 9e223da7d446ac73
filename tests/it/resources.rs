//! What the metrics tell of queues, connections, the runtime and the process.

use std::time::Duration;

use amber_tests::TestServer;
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::wire::Answer;

/// The number behind this name and its labels; None when there is no such line.
pub(crate) async fn measured(server: &TestServer, name: &str) -> Option<f64> {
    value(&metrics(server).await, name)
}

async fn metrics(server: &TestServer) -> String {
    Answer::to(server.http.get(server.url("/metrics"))).await.text()
}

fn value(metrics: &str, name: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// Waits until it is shown so; what is only looked at now and then is a few seconds late.
async fn becomes(server: &TestServer, name: &str, wanted: f64) {
    let come = async {
        while measured(server, name).await != Some(wanted) {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(20), come).await.unwrap_or_else(|_| panic!("{name} never becomes {wanted}"));
}

#[tokio::test]
async fn what_waits_and_what_is_in_use_is_shown() {
    let server = TestServer::start().await;
    let admin = server.token("admin").await;
    let post = |path: &str| server.http.post(server.url(path)).bearer_auth(&admin);
    let leader = Answer::to(post("/api/leaders").json(&json!({ "name": "Asha" }))).await.json();
    let text = json!({ "leaderId": leader["id"], "content": "A day", "requiresReview": true });
    becomes(&server, "amber_review_items_waiting", 0.0).await;
    for _ in 0..2 {
        assert_eq!(Answer::to(post("/api/posts").json(&text)).await.status, 201);
    }
    becomes(&server, "amber_review_items_waiting", 2.0).await;
    becomes(&server, "amber_ingestion_tasks_open", 0.0).await;
    becomes(&server, "amber_embed_audit_lines_waiting", 0.0).await;

    // In one answer, because what is used in one may be idle in the next.
    let told = metrics(&server).await;
    let number = |name: &str| value(&told, name).unwrap_or_else(|| panic!("no {name}"));
    assert!(number("amber_connections") >= 1.0, "this one");
    let used = number("amber_store_connections{state=\"used\"}");
    let idle = number("amber_store_connections{state=\"idle\"}");
    let most = number("amber_store_connections_max");
    assert!(used + idle >= 1.0 && used + idle <= most, "{used} {idle} {most}");
    assert!(number("amber_runtime_workers") >= 1.0);
    assert!(number("amber_runtime_tasks") >= 3.0, "there is a listener, at least");
    assert!(number("process_resident_memory_bytes") > f64::from(1 << 20));
    let (open, most) = (number("process_open_fds"), number("process_max_fds"));
    assert!(open > 3.0 && open < most, "{open} {most}");
}
