//! `/api/ingestion/quarantine`: list the records that are no valid posts, read them again, discard them.

use axum::Json;
use axum::extract::{self, RawQuery};
use serde_json::{Value, json};

use super::{Caller, State};
use crate::domain::Violation;
use crate::http::json::JsonFields;
use crate::http::paging::{self, Paging};
use crate::http::problem::Problem;
use crate::store::{QuarantineStatus, Quarantined};
use crate::usecase::{Quarantine, RecordQuery};

pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let mut wanted = RecordQuery::default();
    let paging = Paging::read(query.as_deref(), Quarantine::DEFAULT_PAGE_SIZE, |name, value| {
        match name {
            "leader" => wanted.leader = Some(value.to_owned()).filter(|id| !id.is_empty()),
            "status" => wanted.status = status(value)?,
            _ => {}
        }
        Ok(())
    })?;
    let page = state.use_cases.quarantine.list(&caller, &wanted, paging.size, &paging.cursor).await?;
    Ok(paging::page("records", &page.records, record, page.next))
}

pub(super) async fn replay(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    JsonFields(mut fields): JsonFields,
) -> Result<Json<Value>, Problem> {
    let (ids, leader) = (fields.texts("ids"), fields.strict_text("leaderId").unwrap_or_default());
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    let done = state.use_cases.quarantine.replay(&caller, &ids, &leader).await?;
    Ok(Json(json!({ "stored": done.stored, "refused": done.refused, "passed_over": done.passed_over })))
}

pub(super) async fn discard(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    JsonFields(mut fields): JsonFields,
) -> Result<Json<Value>, Problem> {
    let ids = fields.texts("ids");
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    let done = state.use_cases.quarantine.discard(&caller, &ids).await?;
    Ok(Json(json!({ "discarded": done.discarded, "passed_over": done.passed_over })))
}

/// Empty means all.
fn status(name: &str) -> Result<Option<QuarantineStatus>, Violation> {
    if name.is_empty() {
        return Ok(None);
    }
    let known = QuarantineStatus::parse(name);
    known.map(Some).ok_or_else(|| Violation::new("status", "status must be open, replayed or discarded"))
}

pub(super) fn record(record: &Quarantined) -> Value {
    json!({
        "id": record.id.to_string(),
        "leader_id": record.leader_id.to_string(),
        "platform": record.platform.as_str(),
        "status": record.status.as_str(),
        "reason": record.reason,
        "path": record.path,
        "raw": record.raw,
        "attempts": record.attempts,
        "first_seen_at": record.first_seen_at.to_string(),
        "last_seen_at": record.last_seen_at.to_string(),
        "closed_at": record.closed_at.map(|at| at.to_string()),
    })
}
