//! Runs: their counters, their history, and those that a dead process left behind.

use std::time::Duration;

use amber_server::domain::{Clock, Entropy, OsEntropy, Run, RunCounters, RunId, RunStatus, RunTrigger};
use amber_server::store::{Error, Ingest, PageCommit};
use sea_orm::DbBackend;

use crate::fresh::Fresh;
use crate::sample::{number, page, post, rejected, stream};

on_both_databases!(
    a_run_counts_its_pages,
    a_dry_run_brings_its_own_counts,
    runs_are_listed_newest_first,
    a_run_of_a_dead_process_is_interrupted,
    a_run_starts_once,
);

fn begin(fresh: &Fresh, dry_run: bool) -> Run {
    let now = fresh.clock.now();
    let entropy: &dyn Entropy = &OsEntropy;
    Run {
        id: RunId(entropy.uuid_v7(now)),
        trigger: RunTrigger::Manual,
        status: RunStatus::Running,
        backfill: false,
        dry_run,
        started_at: now,
        ended_at: None,
        counters: RunCounters::default(),
        leaders_total: 2,
        leaders_done: 0,
        error: None,
    }
}

async fn a_run_counts_its_pages(fresh: Fresh) {
    let run = begin(&fresh, false);
    fresh.store.start_run(&run).await.unwrap();
    let mut stream = stream(&fresh.store).await;
    let mut expected = RunCounters::default();
    for _ in 0..2 {
        let posts = vec![post(number(0), "a"), post(number(0), "a"), post(number(1), "b")];
        let page = PageCommit { run: Some(run.id), ..page(&stream, posts, vec![rejected(1)]) };
        let committed = fresh.store.commit_page(page).await.unwrap();
        stream.version = committed.version;
        expected.add(committed.counters);
    }
    assert_eq!((expected.fetched, expected.inserted, expected.unchanged), (8, 2, 2));

    fresh.store.advance_run(run.id, 1).await.unwrap();
    let under_way = fresh.store.run(run.id).await.unwrap().unwrap();
    assert_eq!(under_way, Run { counters: expected, leaders_done: 1, ..run.clone() });

    fresh.clock.advance(Duration::from_secs(3));
    let ended = Run {
        status: RunStatus::Partial,
        ended_at: Some(fresh.clock.now()),
        leaders_done: 2,
        error: Some("one leader is protected".into()),
        ..run
    };
    fresh.store.finish_run(&ended).await.unwrap();
    assert_eq!(fresh.store.last_run().await.unwrap(), Some(Run { counters: expected, ..ended }));
    let totals = fresh.store.run_totals().await.unwrap();
    assert_eq!((totals.runs, totals.counters), (1, expected));
}

async fn a_dry_run_brings_its_own_counts(fresh: Fresh) {
    let mut run = begin(&fresh, true);
    fresh.store.start_run(&run).await.unwrap();
    run.status = RunStatus::Succeeded;
    run.ended_at = Some(fresh.clock.now());
    run.counters = RunCounters { fetched: 3, inserted: 3, pages: 1, ..RunCounters::default() };
    fresh.store.finish_run(&run).await.unwrap();
    assert_eq!(fresh.store.run(run.id).await.unwrap(), Some(run));
}

async fn runs_are_listed_newest_first(fresh: Fresh) {
    let mut expected = Vec::new();
    for _ in 0..5 {
        let run = begin(&fresh, false);
        fresh.store.start_run(&run).await.unwrap();
        expected.insert(0, run);
        fresh.clock.advance(Duration::from_millis(1));
    }
    let first = fresh.store.runs(None, 3).await.unwrap();
    let rest = fresh.store.runs(first.last().map(|run| run.id), 3).await.unwrap();
    assert_eq!([first, rest].concat(), expected);
}

async fn a_run_of_a_dead_process_is_interrupted(fresh: Fresh) {
    let old = begin(&fresh, false);
    fresh.store.start_run(&old).await.unwrap();
    let waiting = Run { status: RunStatus::Queued, ..begin(&fresh, false) };
    fresh.store.start_run(&waiting).await.unwrap();
    fresh.clock.advance(Duration::from_secs(3_601));
    let young = begin(&fresh, false);
    fresh.store.start_run(&young).await.unwrap();

    // On PostgreSQL the young one may belong to another replica.
    let is_shared = fresh.raw.get_database_backend() == DbBackend::Postgres;
    assert_eq!(fresh.store.interrupt_orphans().await.unwrap(), if is_shared { 2 } else { 3 });
    let status = async |id| fresh.store.run(id).await.unwrap().unwrap().status;
    assert_eq!([status(old.id).await, status(waiting.id).await], [RunStatus::Interrupted; 2]);
    assert_eq!(status(young.id).await, if is_shared { RunStatus::Running } else { RunStatus::Interrupted });
}

async fn a_run_starts_once(fresh: Fresh) {
    let run = begin(&fresh, false);
    fresh.store.start_run(&run).await.unwrap();
    let error = fresh.store.start_run(&run).await.unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
}
