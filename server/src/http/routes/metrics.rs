//! `/api/metrics` in the old shapes, and `/metrics` for Prometheus.

use axum::Json;
use axum::extract;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{Caller, State};
use crate::http::problem::Problem;
use crate::telemetry::Snapshot;

/// The Prometheus text format.
const TEXT: [(HeaderName, &str); 1] = [(CONTENT_TYPE, "text/plain; version=0.0.4")];

pub(super) async fn prometheus(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
) -> Result<Response, Problem> {
    Ok((TEXT, state.use_cases.operations.prometheus_text(&caller)?).into_response())
}

/// JSON, or text for callers that name a text format of Prometheus.
pub(super) async fn old(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains("text/plain") || accept.contains("application/openmetrics-text") {
        return Ok((TEXT, state.use_cases.operations.old_prometheus_text(&caller)?).into_response());
    }
    Ok(Json(show(&state.use_cases.operations.metrics(&caller)?)).into_response())
}

fn show(snapshot: &Snapshot) -> Value {
    json!({
        "embed": {
            "token_requested": snapshot.embed_requested,
            "token_failed": snapshot.embed_failed,
            "token_validated": snapshot.embed_validated,
            "token_expired": snapshot.embed_expired,
            "token_invalid": snapshot.embed_invalid,
        },
        "ingest": {
            "ingestion_processed": snapshot.processed,
            "ingestion_failed": snapshot.failed,
            "ingestion_rate_limited": snapshot.rate_limited,
            "ingestion_skipped_duplicates": snapshot.skipped_duplicates,
            "embed_token_requested": snapshot.embed_requested,
            "embed_token_failed": snapshot.embed_failed + snapshot.embed_denied,
            "totalIngests": snapshot.total_ingests,
            "lastIngestMs": snapshot.last_ingest_ms,
            "lastError": snapshot.last_error,
        },
        "uptimeSeconds": snapshot.uptime.as_secs(),
    })
}
