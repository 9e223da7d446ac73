//! Tasks and leases: each leader is read by one worker at a time, and by another one when that worker is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amber_server::domain::{Clock, LeaderId, RunStatus, RunTrigger};
use amber_server::store::{Claim, Error, Lease, Runs, Store, Want, Work, WorkerId};
use sea_orm::DbBackend;
use tokio::task::JoinSet;

use crate::fresh::Fresh;
use crate::sample::{end, leader, open, request, want, worker};

on_both_databases!(
    of_eight_workers_one_reads_each_leader,
    a_refresh_comes_first_and_then_the_oldest_run,
    a_lease_that_ran_out_is_taken_over,
    a_heartbeat_keeps_what_has_not_run_out,
    all_workers_share_one_bound,
    a_task_comes_back_when_its_time_has_come,
    a_worker_that_leaves_gives_everything_back,
    one_process_takes_back_what_a_dead_one_left,
);

async fn leaders(fresh: &Fresh, count: usize) -> Vec<LeaderId> {
    let mut ids = Vec::new();
    for n in 0..count {
        ids.push(leader(&fresh.store, &format!("leader{n}")).await.id);
    }
    ids
}

/// The workers of a race and what they saw.
#[derive(Debug, Default)]
struct Race {
    taken: Vec<LeaderId>,
    under_way: BTreeSet<LeaderId>,
    most: usize,
    closed: Vec<RunStatus>,
}

/// Works until nothing is left, three tasks at a time.
async fn work(store: Store, everywhere: u32, race: Arc<Mutex<Race>>) {
    let me = worker();
    let want = Want { tasks: 3, everywhere, ..want(3) };
    loop {
        let claims = store.claim(me, want).await.unwrap();
        if claims.is_empty() && store.last_run().await.unwrap().unwrap().status.is_over() {
            return;
        }
        {
            let mut race = race.lock().unwrap();
            for claim in &claims {
                race.taken.push(claim.lease.leader);
                assert!(race.under_way.insert(claim.lease.leader), "{claim:?} is under way already");
            }
            race.most = race.most.max(race.under_way.len());
        }
        tokio::task::yield_now().await;
        for claim in claims {
            race.lock().unwrap().under_way.remove(&claim.lease.leader);
            let closed = store.end_task(&claim, &end(None)).await.unwrap();
            race.lock().unwrap().closed.extend(closed.map(|run| run.status));
        }
    }
}

async fn of_eight_workers_one_reads_each_leader(fresh: Fresh) {
    const EVERYWHERE: u32 = 10;
    let ids = leaders(&fresh, 200).await;
    open(&fresh.store, &request(RunTrigger::Manual, &[])).await;
    let race = Arc::new(Mutex::new(Race::default()));
    let mut workers = JoinSet::new();
    for _ in 0..8 {
        workers.spawn(work(fresh.store.clone(), EVERYWHERE, Arc::clone(&race)));
    }
    let mut watched = Vec::new();
    while !fresh.store.last_run().await.unwrap().unwrap().status.is_over() {
        watched.push(fresh.number("SELECT COUNT(DISTINCT leader_id) FROM ingest_streams WHERE lease_until > 0").await);
    }
    workers.join_all().await;

    let race = std::mem::take(&mut *race.lock().unwrap());
    assert_eq!(race.taken.len(), 200);
    assert_eq!(race.taken.iter().collect::<BTreeSet<_>>(), ids.iter().collect());
    assert_eq!(race.closed, [RunStatus::Succeeded]);
    assert!((4..=EVERYWHERE as usize).contains(&race.most), "{} at once", race.most);
    assert!(watched.iter().all(|leased| *leased <= u64::from(EVERYWHERE)), "{watched:?}");
    assert_eq!(fresh.store.last_run().await.unwrap().unwrap().leaders_done, 200);
}

async fn a_refresh_comes_first_and_then_the_oldest_run(fresh: Fresh) {
    let ids = leaders(&fresh, 3).await;
    let mut runs = Vec::new();
    for (trigger, leaders) in
        [(RunTrigger::Manual, &ids[..]), (RunTrigger::Manual, &ids[..2]), (RunTrigger::Refresh, &ids[2..])]
    {
        runs.push(open(&fresh.store, &request(trigger, leaders)).await.id);
        fresh.clock.advance(Duration::from_millis(1));
    }
    let first = fresh.store.claim(worker(), want(1)).await.unwrap().remove(0);
    assert_eq!((first.run, first.lease.leader, first.lease.epoch), (runs[2], ids[2], 1));
    let next = fresh.store.claim(worker(), want(10)).await.unwrap();
    let taken: BTreeMap<_, _> = next.iter().map(|claim| (claim.lease.leader, claim.run)).collect();
    assert_eq!(taken, [(ids[0], runs[0]), (ids[1], runs[0])].into(), "one task of a leader at a time");

    fresh.store.end_task(&first, &end(None)).await.unwrap().expect("the refresh is over");
    fresh.store.end_task(&next[0], &end(None)).await.unwrap();
    let last = fresh.store.claim(worker(), want(10)).await.unwrap();
    let taken: Vec<_> = last.iter().map(|claim| (claim.run, claim.lease.leader, claim.lease.epoch)).collect();
    assert_eq!(taken, [(runs[0], ids[2], 2), (runs[1], next[0].lease.leader, 2)]);
    assert!(last.iter().all(|claim| !claim.taken_over));
}

async fn one(fresh: &Fresh, worker: WorkerId) -> Claim {
    fresh.store.claim(worker, want(1)).await.unwrap().remove(0)
}

async fn a_lease_that_ran_out_is_taken_over(fresh: Fresh) {
    leaders(&fresh, 1).await;
    open(&fresh.store, &request(RunTrigger::Manual, &[])).await;
    let (frozen, other) = (worker(), worker());
    let before = one(&fresh, frozen).await;
    assert_eq!(fresh.store.claim(other, want(1)).await.unwrap(), [], "the lease still holds");
    fresh.expire_leases().await;
    let after = one(&fresh, other).await;
    let lease = Lease { worker: other, epoch: before.lease.epoch + 1, ..before.lease };
    assert_eq!(after, Claim { lease, taken_over: true, ..before.clone() });
    let leases = "SELECT COUNT(*) FROM (SELECT DISTINCT lease_owner, lease_epoch, lease_until FROM ingest_streams) l";
    assert_eq!(fresh.number(leases).await, 1, "all streams of a leader are leased together");

    let state = fresh.everything().await;
    assert_eq!(fresh.store.heartbeat(frozen, want(1).ttl).await.unwrap(), []);
    let ended = fresh.store.end_task(&before, &end(None)).await.unwrap_err();
    let returned = fresh.store.return_task(&before, None).await.unwrap_err();
    for error in [ended, returned] {
        assert!(matches!(error, Error::LeaseLost { leader } if leader == before.lease.leader), "{error:?}");
    }
    assert_eq!(fresh.store.release(frozen).await.unwrap(), 0);
    assert_eq!(fresh.everything().await, state);
    fresh.store.end_task(&after, &end(None)).await.unwrap().expect("it was the only task");
}

async fn a_heartbeat_keeps_what_has_not_run_out(fresh: Fresh) {
    let ids = leaders(&fresh, 3).await;
    open(&fresh.store, &request(RunTrigger::Manual, &[])).await;
    let me = worker();
    let short = Want { ttl: Duration::from_mins(1), ..want(3) };
    let mut held: Vec<_> = fresh.store.claim(me, short).await.unwrap().iter().map(|claim| claim.lease).collect();
    held.sort_unstable();
    let ends = "SELECT MIN(lease_until) FROM ingest_streams";
    let before = fresh.number(ends).await;
    assert_eq!(fresh.store.heartbeat(me, want(3).ttl).await.unwrap(), held);
    assert!(fresh.number(ends).await > before + 3_000_000_000, "the lease was not extended by an hour");

    fresh.change("UPDATE ingest_streams SET lease_until = 1 WHERE stream_key LIKE 'x:leader1%'").await;
    held.retain(|lease| lease.leader != ids[1]);
    assert_eq!(fresh.store.heartbeat(me, want(3).ttl).await.unwrap(), held, "its place may be taken");
}

async fn all_workers_share_one_bound(fresh: Fresh) {
    leaders(&fresh, 5).await;
    open(&fresh.store, &request(RunTrigger::Manual, &[])).await;
    let bounded = Want { everywhere: 2, ..want(5) };
    let (one, other) = (worker(), worker());
    let claims = fresh.store.claim(one, bounded).await.unwrap();
    assert_eq!(claims.len(), 2);
    assert_eq!(fresh.store.claim(other, bounded).await.unwrap(), []);
    fresh.store.end_task(&claims[0], &end(None)).await.unwrap();
    assert_eq!(fresh.store.claim(other, bounded).await.unwrap().len(), 1);
    fresh.expire_leases().await;
    let taken = fresh.store.claim(worker(), bounded).await.unwrap();
    assert_eq!(taken.len(), 2, "a lease that ran out takes no place");
}

async fn a_task_comes_back_when_its_time_has_come(fresh: Fresh) {
    leaders(&fresh, 1).await;
    let run = open(&fresh.store, &request(RunTrigger::Manual, &[])).await.id;
    let until = fresh.clock.now() + Duration::from_mins(15);
    let claim = one(&fresh, worker()).await;
    fresh.store.return_task(&claim, Some(until)).await.unwrap();
    fresh.clock.set(until - Duration::from_micros(1));
    assert_eq!(fresh.store.claim(worker(), want(1)).await.unwrap(), []);
    let waiting = fresh.store.run(run).await.unwrap().unwrap();
    assert_eq!((waiting.status, waiting.leaders_done), (RunStatus::Running, 0));

    fresh.clock.set(until);
    let again = one(&fresh, worker()).await;
    assert_eq!((again.lease.epoch, again.taken_over), (claim.lease.epoch + 1, false));
    fresh.store.return_task(&again, None).await.unwrap();
    one(&fresh, worker()).await;
}

async fn a_worker_that_leaves_gives_everything_back(fresh: Fresh) {
    leaders(&fresh, 3).await;
    open(&fresh.store, &request(RunTrigger::Manual, &[])).await;
    let (leaving, staying) = (worker(), worker());
    let left = fresh.store.claim(leaving, want(2)).await.unwrap();
    let kept = one(&fresh, staying).await;
    assert_eq!(fresh.store.release(leaving).await.unwrap(), 2);
    assert_eq!(fresh.store.heartbeat(leaving, want(1).ttl).await.unwrap(), []);
    assert_eq!(fresh.store.heartbeat(staying, want(1).ttl).await.unwrap(), [kept.lease]);
    let taken = fresh.store.claim(staying, want(9)).await.unwrap();
    let tokens = |claim: &Claim| (claim.lease.leader, claim.lease.epoch);
    let expected: BTreeMap<_, _> = left.iter().map(|claim| (claim.lease.leader, claim.lease.epoch + 1)).collect();
    assert_eq!(taken.iter().map(tokens).collect::<BTreeMap<_, _>>(), expected);
    assert!(taken.iter().all(|claim| !claim.taken_over));
}

async fn one_process_takes_back_what_a_dead_one_left(fresh: Fresh) {
    leaders(&fresh, 2).await;
    open(&fresh.store, &request(RunTrigger::Manual, &[])).await;
    assert_eq!(fresh.store.claim(worker(), want(2)).await.unwrap().len(), 2);
    // On PostgreSQL the worker may be another replica.
    let is_shared = fresh.raw.get_database_backend() == DbBackend::Postgres;
    let (orphans, free) = if is_shared { (0, 0) } else { (2, 2) };
    assert_eq!(fresh.store.release_orphans().await.unwrap(), orphans);
    assert_eq!(fresh.store.claim(worker(), want(2)).await.unwrap().len(), free);
}
