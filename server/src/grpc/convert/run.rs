//! Runs in the contract's words.

use amber_proto::v1;

use super::number::{count, small};
use super::time::timestamp;
use crate::domain::{Run, RunCounters, RunStatus, RunTrigger};
use crate::usecase::RunPage;

pub(in crate::grpc) fn run_page(page: RunPage) -> v1::ListRunsResponse {
    v1::ListRunsResponse { runs: page.runs.into_iter().map(run).collect(), next_page_token: page.next }
}

pub(in crate::grpc) fn run(run: Run) -> v1::Run {
    v1::Run {
        id: run.id.to_string(),
        trigger: trigger(run.trigger).into(),
        status: status(run.status).into(),
        backfill: run.backfill,
        dry_run: run.dry_run,
        start_time: Some(timestamp(run.started_at)),
        end_time: run.ended_at.map(timestamp),
        counters: Some(counters(run.counters)),
        leaders_total: small(run.leaders_total),
        leaders_done: small(run.leaders_done),
        error: run.error.unwrap_or_default(),
        seq: count(run.seq),
        tick: run.tick.map(timestamp),
        cancel_requested: run.cancel_requested,
        leaders_failed: small(run.leaders_failed),
    }
}

fn trigger(trigger: RunTrigger) -> v1::RunTrigger {
    match trigger {
        RunTrigger::Schedule => v1::RunTrigger::Schedule,
        RunTrigger::Manual => v1::RunTrigger::Manual,
        RunTrigger::Refresh => v1::RunTrigger::Refresh,
    }
}

fn status(status: RunStatus) -> v1::RunStatus {
    match status {
        RunStatus::Queued => v1::RunStatus::Pending,
        RunStatus::Running => v1::RunStatus::Running,
        RunStatus::Succeeded => v1::RunStatus::Succeeded,
        RunStatus::Partial => v1::RunStatus::Partial,
        RunStatus::Failed => v1::RunStatus::Failed,
        RunStatus::Cancelled => v1::RunStatus::Cancelled,
    }
}

fn counters(counters: RunCounters) -> v1::RunCounters {
    v1::RunCounters {
        fetched: count(counters.fetched),
        inserted: count(counters.inserted),
        updated: count(counters.updated),
        unchanged: count(counters.unchanged),
        quarantined: count(counters.quarantined),
        duplicates: count(counters.duplicates),
        pages: count(counters.pages),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::RunId;

    #[test]
    fn a_run_keeps_all_that_it_counted() {
        let id = RunId(uuid::Uuid::from_u128(7));
        let told = run(Run {
            id,
            trigger: RunTrigger::Refresh,
            status: RunStatus::Cancelled,
            backfill: true,
            dry_run: false,
            tick: Some(Timestamp::from_second(9).unwrap()),
            seq: 11,
            cancel_requested: true,
            started_at: Timestamp::from_second(10).unwrap(),
            ended_at: Some(Timestamp::from_second(20).unwrap()),
            counters: RunCounters {
                fetched: 15,
                inserted: 1,
                updated: 2,
                unchanged: 3,
                quarantined: 4,
                duplicates: 5,
                pages: 6,
            },
            leaders_total: 8,
            leaders_done: 7,
            leaders_failed: 3,
            error: None,
        });
        let expected = v1::Run {
            id: id.to_string(),
            trigger: v1::RunTrigger::Refresh.into(),
            status: v1::RunStatus::Cancelled.into(),
            backfill: true,
            dry_run: false,
            start_time: Some(prost_types::Timestamp { seconds: 10, nanos: 0 }),
            end_time: Some(prost_types::Timestamp { seconds: 20, nanos: 0 }),
            counters: Some(v1::RunCounters {
                fetched: 15,
                inserted: 1,
                updated: 2,
                unchanged: 3,
                quarantined: 4,
                duplicates: 5,
                pages: 6,
            }),
            leaders_total: 8,
            leaders_done: 7,
            error: String::new(),
            seq: 11,
            tick: Some(prost_types::Timestamp { seconds: 9, nanos: 0 }),
            cancel_requested: true,
            leaders_failed: 3,
        };
        assert_eq!(told, expected);
    }
}
