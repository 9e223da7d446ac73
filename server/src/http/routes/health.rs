//! `/api/health`, `/livez`, `/readyz`.

use axum::Json;
use axum::extract;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::State;
use crate::domain::Background;
use crate::health::{Check, Report, TaskCheck};
use crate::store::Counts;

/// The process answers; nothing else is asked, so that a sick database does not restart healthy processes.
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// Calls can be served.
pub(super) async fn ready(extract::State(state): extract::State<State>) -> (StatusCode, &'static str) {
    if state.use_cases.operations.is_ready().await {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
    }
}

pub(super) async fn report(extract::State(state): extract::State<State>) -> (StatusCode, Json<Value>) {
    let report = state.use_cases.operations.health().await;
    let status = if report.serves() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(show(&report)))
}

fn show(report: &Report) -> Value {
    let totals = json!({
        "totalIngests": report.totals.total_ingests,
        "lastIngestMs": u64::try_from(report.totals.last_ingest.as_millis()).unwrap_or(u64::MAX),
    });
    json!({
        "status": if report.is_ok() { "ok" } else { "degraded" },
        "timestamp": report.at.to_string(),
        "checks": {
            "database": database(&report.database, report.counts.as_ref()),
            "redis": redis(&report.redis),
            "ingestion_scheduler": {
                "status": if report.ingestion.running { "ok" } else { "stopped" },
                "enabled": report.ingestion.enabled,
                "circuit_breaker_state": report.ingestion.breaker.as_str(),
            },
            "background_tasks": tasks(&report.tasks),
        },
        "stats": totals,
        "metrics": totals,
        "build": {
            "version": report.build.version,
            "commit": report.build.commit,
            "buildTime": report.build.build_time,
        },
    })
}

/// What was never counted in time is null.
fn database(check: &Check<()>, counts: Option<&Counts>) -> Value {
    match check {
        Check::Ok((), _) => json!({
            "status": "ok",
            "stats": {
                "leaders": counts.map(|counts| counts.leaders),
                "posts": counts.map(|counts| counts.posts),
                "reviewItems": counts.map(|counts| counts.review_items),
                "latestPostTimestamp": counts.and_then(|counts| counts.latest_post_at).map(|at| at.to_string()),
            },
        }),
        Check::Failed(reason) => json!({ "status": "error", "error": reason }),
        Check::Disabled => json!({ "status": "disabled" }),
    }
}

fn tasks(check: &TaskCheck) -> Value {
    json!({
        "status": if check.down.is_empty() { "ok" } else { "error" },
        "down": check.down.iter().copied().map(Background::as_str).collect::<Vec<_>>(),
        "restarts": check.restarts,
    })
}

fn redis(check: &Check<()>) -> Value {
    match check {
        Check::Ok((), _) => json!({ "status": "ok" }),
        Check::Failed(reason) => json!({ "status": "unavailable", "error": reason }),
        Check::Disabled => json!({ "status": "disabled" }),
    }
}
