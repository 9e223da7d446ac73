//! What a run counted, as a table.

use amber_server::domain::Run;

use crate::cli::output::table;

/// The counts of a run that is over.
pub(super) fn of(run: &Run) -> String {
    let Run { counters, leaders_done, leaders_total, .. } = run;
    let mut rows = vec![
        ("run", run.id.to_string()),
        ("status", run.status.as_str().to_owned()),
        ("leaders", format!("{leaders_done} of {leaders_total}")),
        ("fetched", counters.fetched.to_string()),
        ("inserted", counters.inserted.to_string()),
        ("updated", counters.updated.to_string()),
        ("unchanged", counters.unchanged.to_string()),
        ("quarantined", counters.quarantined.to_string()),
        ("duplicates", counters.duplicates.to_string()),
        ("pages", counters.pages.to_string()),
    ];
    if run.dry_run {
        rows.push(("dry run", "nothing was stored; the counts tell what would have been".to_owned()));
    }
    if let Some(ended_at) = run.ended_at {
        let seconds = ended_at.duration_since(run.started_at).as_secs_f64();
        rows.push(("took", format!("{seconds:.1} s")));
    }
    table(&rows)
}

#[cfg(test)]
pub(super) mod tests {
    use amber_server::domain::{RunCounters, RunId, RunStatus, RunTrigger};
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    /// A run that is over.
    pub(in crate::cli::ingest) fn a_run() -> Run {
        Run {
            id: RunId(Uuid::nil()),
            trigger: RunTrigger::Manual,
            status: RunStatus::Partial,
            backfill: false,
            dry_run: false,
            tick: None,
            seq: 9,
            cancel_requested: false,
            started_at: Timestamp::UNIX_EPOCH,
            ended_at: Timestamp::from_millisecond(2_340).ok(),
            counters: RunCounters { fetched: 12, inserted: 7, unchanged: 5, pages: 2, ..RunCounters::default() },
            leaders_total: 3,
            leaders_done: 3,
            leaders_failed: 1,
            error: Some("Ada: X is not available".to_owned()),
        }
    }

    #[test]
    fn a_dry_run_says_that_nothing_was_stored() {
        let text = of(&Run { dry_run: true, ..a_run() });
        for row in
            ["status       partial\n", "leaders      3 of 3\n", "inserted     7\n", "dry run      nothing was", "2.3 s"]
        {
            assert!(text.contains(row), "{row:?} is missing in\n{text}");
        }
        assert!(!of(&a_run()).contains("dry run"));
    }
}
