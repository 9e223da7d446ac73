//! How the routes show a run.

use serde_json::{Value, json};

use crate::domain::Run;

/// A run.
pub(super) fn run(run: &Run) -> Value {
    json!({
        "id": run.id.to_string(),
        "trigger": run.trigger.as_str(),
        "status": run.status.as_str(),
        "backfill": run.backfill,
        "dry_run": run.dry_run,
        "tick": run.tick.map(|at| at.to_string()),
        "seq": run.seq,
        "cancel_requested": run.cancel_requested,
        "started_at": run.started_at.to_string(),
        "ended_at": run.ended_at.map(|at| at.to_string()),
        "leaders_total": run.leaders_total,
        "leaders_done": run.leaders_done,
        "leaders_failed": run.leaders_failed,
        "fetched": run.counters.fetched,
        "inserted": run.counters.inserted,
        "updated": run.counters.updated,
        "unchanged": run.counters.unchanged,
        "quarantined": run.counters.quarantined,
        "duplicates": run.counters.duplicates,
        "error": run.error,
    })
}
