//! Runs: asked for, joined, counted, cancelled, and over exactly once.

use std::time::Duration;

use amber_server::domain::{
    Clock, LeaderId, LeaderState, NewLeader, Run, RunCounters, RunId, RunStatus, RunTrigger, UserId,
};
use amber_server::store::{Claim, Ingest, Leaders, Ledger, MAX_OPEN_RUNS, Opened, RunRequest, Runs, TaskEnd, Work};
use tokio::task::JoinSet;

use crate::fresh::Fresh;
use crate::sample::{commit, end, leader, number, open, page, post, read, rejected, request, want, worker};

on_both_databases!(
    a_run_counts_its_pages,
    a_dry_run_brings_its_own_counts,
    runs_are_listed_newest_first,
    a_run_has_a_task_for_each_leader_on_x,
    a_run_without_leaders_is_over_at_once,
    of_many_equal_requests_one_opens_a_run,
    the_number_of_open_runs_is_bounded,
    the_last_two_tasks_end_their_run_once,
    the_status_tells_how_many_leaders_were_read,
    a_cancelled_run_ends_with_its_last_page,
    a_cancelled_task_is_not_given_back,
    a_cancelled_run_of_a_dead_worker_ends,
    all_open_runs_fail_at_once,
    waiting_tasks_fail_without_those_under_way,
    a_run_ends_when_its_last_leader_is_deleted,
    old_runs_are_forgotten_but_for_the_newest_and_those_that_something_needs,
);

async fn leaders(fresh: &Fresh, count: usize) -> Vec<LeaderId> {
    let mut ids = Vec::new();
    for n in 0..count {
        ids.push(leader(&fresh.store, &format!("leader{n}")).await.id);
    }
    ids
}

async fn claim(fresh: &Fresh, tasks: u32) -> Vec<Claim> {
    let claims = fresh.store.claim(worker(), want(tasks)).await.unwrap();
    assert_eq!(claims.len(), tasks as usize);
    claims
}

async fn run(fresh: &Fresh, id: RunId) -> Run {
    fresh.store.run(id).await.unwrap().unwrap()
}

async fn a_run_counts_its_pages(fresh: Fresh) {
    let mut reading = read(&fresh.store, leader(&fresh.store, "amber").await.id).await;
    let begun = run(&fresh, reading.claim.run).await;
    assert_eq!((begun.status, begun.leaders_total), (RunStatus::Running, 1));
    let mut expected = RunCounters::default();
    for _ in 0..2 {
        let posts = vec![post(number(0), "a"), post(number(0), "a"), post(number(1), "b")];
        let committed = fresh.store.commit_page(page(&reading, posts, vec![rejected(1)])).await.unwrap();
        assert!(!committed.cancel_requested);
        reading.stream.version = committed.version;
        expected.add(committed.counters);
    }
    assert_eq!((expected.fetched, expected.inserted, expected.unchanged), (8, 2, 2));
    let under_way = run(&fresh, begun.id).await;
    assert_eq!(under_way, Run { counters: expected, seq: begun.seq + 2, ..begun.clone() });

    fresh.clock.advance(Duration::from_secs(3));
    let dry_counters = RunCounters { fetched: 99, inserted: 99, ..RunCounters::default() };
    let told = TaskEnd { dry_counters, ..end(None) };
    let ended = fresh.store.end_task(&reading.claim, &told).await.unwrap().expect("it was the last task");
    let (status, ended_at) = (RunStatus::Succeeded, Some(fresh.clock.now()));
    assert_eq!(ended, Run { status, ended_at, counters: expected, leaders_done: 1, seq: ended.seq, ..begun });
    assert!(ended.seq > under_way.seq);
    assert_eq!(fresh.store.last_run().await.unwrap(), Some(ended));
}

async fn a_dry_run_brings_its_own_counts(fresh: Fresh) {
    leaders(&fresh, 2).await;
    let dry = RunRequest { dry_run: true, ..request(RunTrigger::Manual, &[]) };
    open(&fresh.store, &dry).await;
    let dry_counters = RunCounters { fetched: 3, inserted: 3, pages: 1, ..RunCounters::default() };
    let mut ended = None;
    for claim in claim(&fresh, 2).await {
        ended = fresh.store.end_task(&claim, &TaskEnd { dry_counters, ..end(None) }).await.unwrap();
    }
    let expected = RunCounters { fetched: 6, inserted: 6, pages: 2, ..RunCounters::default() };
    assert_eq!(ended.unwrap().counters, expected);
}

async fn runs_are_listed_newest_first(fresh: Fresh) {
    let ids = leaders(&fresh, 5).await;
    let mut expected = Vec::new();
    for id in ids {
        expected.insert(0, open(&fresh.store, &request(RunTrigger::Manual, &[id])).await);
        fresh.clock.advance(Duration::from_millis(1));
    }
    let first = fresh.store.runs(None, 3).await.unwrap();
    let rest = fresh.store.runs(first.last().map(|run| run.id), 3).await.unwrap();
    assert_eq!([first, rest].concat(), expected);
}

async fn a_run_has_a_task_for_each_leader_on_x(fresh: Fresh) {
    let ids = leaders(&fresh, 3).await;
    let elsewhere = NewLeader {
        name: "elsewhere".into(),
        handles: [("facebook".into(), "page".into())].into(),
        ..NewLeader::default()
    };
    let elsewhere = fresh.store.create(elsewhere).await.unwrap().id;
    let all = open(&fresh.store, &request(RunTrigger::Manual, &[])).await;
    assert_eq!((all.status, all.leaders_total, all.seq), (RunStatus::Queued, 3, 1));
    let some = open(&fresh.store, &request(RunTrigger::Manual, &[ids[0], elsewhere])).await;
    assert_eq!(some.leaders_total, 1);

    let [lost, known] = [ids[1], ids[2]].map(|id| fresh.store.get(id));
    let (lost, known) = (lost.await.unwrap().unwrap(), known.await.unwrap().unwrap());
    fresh.store.set_state(&lost, LeaderState::Suspended).await.unwrap();
    fresh.store.set_account(&known, UserId(1), None, LeaderState::Active).await.unwrap();
    let total = async |trigger, backfill| {
        let run = open(&fresh.store, &RunRequest { backfill, ..request(trigger, &[]) }).await;
        fresh.store.cancel_run(run.id).await.unwrap();
        run.leaders_total
    };
    assert_eq!(total(RunTrigger::Schedule, true).await, 2, "a lost account is not asked for at every tick");
    assert_eq!(total(RunTrigger::Manual, true).await, 3);
    fresh.clock.advance(Duration::from_hours(24));
    assert_eq!(total(RunTrigger::Schedule, true).await, 3, "it is asked for once a day");
}

async fn a_run_without_leaders_is_over_at_once(fresh: Fresh) {
    let run = open(&fresh.store, &request(RunTrigger::Manual, &[])).await;
    assert_eq!((run.status, run.ended_at), (RunStatus::Succeeded, Some(fresh.clock.now())));
    open(&fresh.store, &request(RunTrigger::Manual, &[])).await;
}

async fn of_many_equal_requests_one_opens_a_run(fresh: Fresh) {
    let ids = leaders(&fresh, 2).await;
    let mut callers = JoinSet::new();
    for _ in 0..8 {
        let (store, request) = (fresh.store.clone(), request(RunTrigger::Manual, &ids));
        callers.spawn(async move { store.open_run(&request).await.unwrap() });
    }
    let (mut new, mut joined) = (Vec::new(), Vec::new());
    for opened in callers.join_all().await {
        match opened {
            Opened::New(run) => new.push(run),
            Opened::Joined(run) => joined.push(run),
            Opened::Full { open } => panic!("{open} runs are open"),
        }
    }
    assert_eq!((new.len(), joined.len()), (1, 7));
    assert!(joined.iter().all(|run| *run == new[0]));

    let same = request(RunTrigger::Manual, &ids);
    for other in [
        RunRequest { backfill: true, ..same.clone() },
        RunRequest { dry_run: true, ..same.clone() },
        request(RunTrigger::Manual, &ids[..1]),
        request(RunTrigger::Manual, &[]),
    ] {
        open(&fresh.store, &other).await;
    }
    claim(&fresh, 1).await;
    fresh.store.cancel_run(new[0].id).await.unwrap();
    open(&fresh.store, &same).await;
}

async fn the_number_of_open_runs_is_bounded(fresh: Fresh) {
    let ids = leaders(&fresh, 20).await;
    let mut callers = JoinSet::new();
    for id in ids {
        let store = fresh.store.clone();
        callers.spawn(async move { store.open_run(&request(RunTrigger::Refresh, &[id])).await.unwrap() });
    }
    let opened = callers.join_all().await;
    let new = opened.iter().filter(|opened| matches!(opened, Opened::New(_))).count();
    let full = opened.iter().filter(|opened| matches!(opened, Opened::Full { open: MAX_OPEN_RUNS })).count();
    assert_eq!((new as u64, full), (MAX_OPEN_RUNS, 4));
    assert_eq!(fresh.number("SELECT COUNT(*) FROM ingest_runs").await, MAX_OPEN_RUNS, "a refusal leaves nothing");

    let ended = claim(&fresh, 1).await.remove(0);
    fresh.store.end_task(&ended, &end(None)).await.unwrap().expect("it was the only task");
    open(&fresh.store, &request(RunTrigger::Refresh, &[ended.lease.leader])).await;
}

async fn the_last_two_tasks_end_their_run_once(fresh: Fresh) {
    leaders(&fresh, 2).await;
    for round in 0..20 {
        let begun = open(&fresh.store, &request(RunTrigger::Manual, &[])).await;
        let mut workers = JoinSet::new();
        for claim in claim(&fresh, 2).await {
            let store = fresh.store.clone();
            workers.spawn(async move { store.end_task(&claim, &end(None)).await.unwrap() });
        }
        let closed: Vec<_> = workers.join_all().await.into_iter().flatten().collect();
        assert_eq!(closed.len(), 1, "round {round}");
        assert_eq!((closed[0].id, closed[0].leaders_done), (begun.id, 2), "round {round}");
        // Queued, running, two leaders, over.
        assert_eq!(closed[0].seq, 5, "round {round}");
    }
}

async fn the_status_tells_how_many_leaders_were_read(fresh: Fresh) {
    leaders(&fresh, 2).await;
    for (errors, status, first) in [
        ([None, None], RunStatus::Succeeded, None),
        ([Some("protected"), None], RunStatus::Partial, Some("protected")),
        ([None, Some("gone")], RunStatus::Partial, Some("gone")),
        ([Some("first"), Some("second")], RunStatus::Failed, Some("first")),
    ] {
        let id = open(&fresh.store, &request(RunTrigger::Manual, &[])).await.id;
        for (claim, error) in claim(&fresh, 2).await.iter().zip(errors) {
            assert_eq!(run(&fresh, id).await.status, RunStatus::Running);
            fresh.store.end_task(claim, &end(error)).await.unwrap();
        }
        let ended = run(&fresh, id).await;
        assert_eq!((ended.status, ended.error.as_deref(), ended.leaders_done), (status, first, 2));
        assert_eq!(ended.leaders_failed as usize, errors.iter().flatten().count());
    }
}

async fn a_cancelled_run_ends_with_its_last_page(fresh: Fresh) {
    let nobody = fresh.store.cancel_run(RunId("00000000-0000-4000-8000-000000000000".parse().unwrap())).await;
    assert_eq!(nobody.unwrap(), None);

    leaders(&fresh, 3).await;
    let id = open(&fresh.store, &request(RunTrigger::Manual, &[])).await.id;
    let claim = claim(&fresh, 1).await.remove(0);
    let cancelled = fresh.store.cancel_run(id).await.unwrap().unwrap();
    assert!(cancelled.cancel_requested && cancelled.status == RunStatus::Running, "{cancelled:?}");
    assert_eq!(fresh.number("SELECT COUNT(*) FROM ingest_tasks").await, 1, "what waits is dropped at once");
    assert_eq!(fresh.store.claim(worker(), want(9)).await.unwrap(), []);

    let platform = amber_server::domain::Platform::X;
    let stream = fresh.store.stream(&claim.lease, platform, amber_server::store::StreamKind::Posts).await.unwrap();
    let reading = crate::sample::Reading { claim, stream };
    let committed = fresh.store.commit_page(page(&reading, vec![post(number(0), "a")], Vec::new())).await.unwrap();
    assert!(committed.cancel_requested);
    let ended = fresh.store.end_task(&reading.claim, &end(Some("it was cancelled"))).await.unwrap().unwrap();
    assert_eq!((ended.status, ended.counters.inserted, ended.leaders_done), (RunStatus::Cancelled, 1, 1));
    assert_eq!(fresh.store.cancel_run(id).await.unwrap(), Some(ended), "what is over stays as it is");
}

async fn a_cancelled_task_is_not_given_back(fresh: Fresh) {
    leaders(&fresh, 1).await;
    let id = open(&fresh.store, &request(RunTrigger::Manual, &[])).await.id;
    let claim = claim(&fresh, 1).await.remove(0);
    fresh.store.cancel_run(id).await.unwrap();
    fresh.store.return_task(&claim, None).await.unwrap();
    let ended = run(&fresh, id).await;
    assert_eq!((ended.status, ended.leaders_done), (RunStatus::Cancelled, 0));
}

async fn a_cancelled_run_of_a_dead_worker_ends(fresh: Fresh) {
    leaders(&fresh, 1).await;
    let id = open(&fresh.store, &request(RunTrigger::Manual, &[])).await.id;
    claim(&fresh, 1).await;
    assert_eq!(fresh.store.cancel_run(id).await.unwrap().unwrap().status, RunStatus::Running);
    fresh.expire_leases().await;
    assert_eq!(fresh.store.claim(worker(), want(1)).await.unwrap(), []);
    assert_eq!(run(&fresh, id).await.status, RunStatus::Cancelled);
}

async fn all_open_runs_fail_at_once(fresh: Fresh) {
    let ids = leaders(&fresh, 3).await;
    let all = open(&fresh.store, &request(RunTrigger::Manual, &[])).await.id;
    let claims = claim(&fresh, 2).await;
    fresh.store.end_task(&claims[0], &end(None)).await.unwrap();
    let one = open(&fresh.store, &request(RunTrigger::Refresh, &ids[..1])).await.id;

    assert_eq!(fresh.store.fail_open_runs("the credential is dead").await.unwrap().len(), 2);
    let (all, one) = (run(&fresh, all).await, run(&fresh, one).await);
    assert_eq!((all.status, all.leaders_done, all.leaders_failed), (RunStatus::Partial, 3, 2));
    assert_eq!((one.status, one.leaders_done, one.leaders_failed), (RunStatus::Failed, 1, 1));
    assert!([&all, &one].iter().all(|run| run.error.as_deref() == Some("the credential is dead")));

    // The worker whose task was ended over its head keeps its page, is told, and gives back its lease.
    let platform = amber_server::domain::Platform::X;
    let kind = amber_server::store::StreamKind::Posts;
    let stream = fresh.store.stream(&claims[1].lease, platform, kind).await.unwrap();
    let reading = crate::sample::Reading { claim: claims[1].clone(), stream };
    assert!(fresh.store.commit_page(page(&reading, vec![], vec![])).await.unwrap().cancel_requested);
    assert_eq!(fresh.store.end_task(&claims[1], &end(None)).await.unwrap(), None);
    assert_eq!(fresh.number("SELECT COUNT(*) FROM ingest_streams WHERE lease_until <> 0").await, 0);
    let after = run(&fresh, all.id).await;
    assert_eq!((after.status, after.leaders_done), (all.status, all.leaders_done));
    assert_eq!(fresh.store.fail_open_runs("again").await.unwrap(), []);
}

async fn waiting_tasks_fail_without_those_under_way(fresh: Fresh) {
    leaders(&fresh, 3).await;
    let id = open(&fresh.store, &request(RunTrigger::Manual, &[])).await.id;
    let claim = claim(&fresh, 1).await.remove(0);
    fresh.store.fail_waiting_tasks(id, "X is away").await.unwrap();
    let under_way = run(&fresh, id).await;
    assert_eq!((under_way.status, under_way.leaders_done, under_way.leaders_failed), (RunStatus::Running, 2, 2));
    let ended = fresh.store.end_task(&claim, &end(Some("too"))).await.unwrap().unwrap();
    assert_eq!((ended.status, ended.error.as_deref()), (RunStatus::Failed, Some("X is away")));
    fresh.store.fail_waiting_tasks(id, "later").await.unwrap();
    assert_eq!(run(&fresh, id).await, ended);
}

async fn a_run_ends_when_its_last_leader_is_deleted(fresh: Fresh) {
    let ids = leaders(&fresh, 2).await;
    let id = open(&fresh.store, &request(RunTrigger::Manual, &[])).await.id;
    let claim = claim(&fresh, 1).await.remove(0);
    fresh.store.end_task(&claim, &end(None)).await.unwrap();
    let other = ids.into_iter().find(|leader| *leader != claim.lease.leader).unwrap();
    fresh.store.delete(other).await.unwrap();
    assert_eq!(run(&fresh, id).await.status, RunStatus::Running);
    assert_eq!(fresh.store.claim(worker(), want(1)).await.unwrap(), []);
    let ended = run(&fresh, id).await;
    assert_eq!((ended.status, ended.leaders_total, ended.leaders_done), (RunStatus::Succeeded, 2, 1));
}

async fn old_runs_are_forgotten_but_for_the_newest_and_those_that_something_needs(fresh: Fresh) {
    let ids = leaders(&fresh, 3).await;
    let begin = async |leader| {
        fresh.clock.advance(Duration::from_millis(1));
        read(&fresh.store, leader).await
    };
    let over =
        async |claim: &Claim| fresh.store.end_task(claim, &end(None)).await.unwrap().expect("it is the last task");
    let plain = begin(ids[0]).await.claim;
    over(&plain).await;
    let mut written = begin(ids[0]).await;
    commit(&fresh.store, &mut written, vec![post(number(0), "a")]).await.unwrap();
    over(&written.claim).await;
    fresh.clock.advance(Duration::from_millis(1));
    let waiting = open(&fresh.store, &request(RunTrigger::Manual, &ids[1..2])).await.id;
    let late = begin(ids[2]).await.claim;
    let newest = begin(ids[0]).await.claim;
    let newest = over(&newest).await;
    fresh.clock.advance(Duration::from_hours(1));
    let limit = fresh.clock.now();
    over(&late).await;

    let kept = async || -> Vec<RunId> {
        fresh.store.runs(None, 10).await.unwrap().into_iter().rev().map(|run| run.id).collect()
    };
    assert_eq!(fresh.store.purge_runs(limit).await.unwrap(), 1);
    assert_eq!(kept().await, [written.claim.run, waiting, late.run, newest.id]);
    assert_eq!(fresh.number("SELECT COUNT(*) FROM ingest_commits WHERE run_id IS NOT NULL").await, 1);
    assert_eq!(fresh.store.claim(worker(), want(9)).await.unwrap().len(), 1, "the open run goes on");
    assert_eq!(fresh.store.purge_runs(limit).await.unwrap(), 0);

    fresh.store.purge_ledger(limit).await.unwrap();
    assert_eq!(fresh.store.purge_runs(limit).await.unwrap(), 1);
    assert_eq!(kept().await, [waiting, late.run, newest.id]);
    assert_eq!(fresh.store.last_run().await.unwrap(), Some(newest));
    assert_eq!(fresh.number("SELECT COUNT(*) FROM posts").await, 1);
}
