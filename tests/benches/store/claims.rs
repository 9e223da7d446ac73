//! Tasks per second through their whole life: claimed under a lease and ended, by one worker and by several.

use std::time::{Duration, Instant};

use amber_server::domain::{Entropy, OsEntropy, RunCounters, RunTrigger};
use amber_server::store::{RunRequest, Runs, Store, TaskEnd, Want, Work, WorkerId};
use amber_tests::Postgres;
use tokio::task::JoinSet;

use crate::made_up::leader;
use crate::{Row, fresh};

const LEADERS: usize = 2_000;
/// Tasks that a worker takes at once.
const BATCH: u32 = 8;
/// 100,000 leaders every 15 minutes.
const NEEDED: f64 = 111.0;

pub(crate) async fn measure(postgres: &Postgres) -> Vec<Row> {
    let (store, _) = fresh(postgres).await;
    for n in 0..LEADERS {
        leader(&store, &format!("leader{n}")).await;
    }
    let mut rows = Vec::new();
    for workers in [1, 3] {
        let rate = rate(&store, workers).await;
        rows.push(Row {
            what: format!("tasks claimed and ended by {workers} workers, {BATCH} at once"),
            measured: format!("{rate:.0} per second"),
            goal: "111 (100,000 leaders every 15 minutes)",
            is_met: rate >= NEEDED,
        });
    }
    rows
}

/// Works off a run of all leaders.
async fn rate(store: &Store, workers: usize) -> f64 {
    let request = RunRequest { trigger: RunTrigger::Manual, backfill: false, dry_run: false, leaders: Vec::new() };
    store.open_run(&request).await.unwrap();
    let (started, mut work) = (Instant::now(), JoinSet::new());
    for _ in 0..workers {
        work.spawn(work_off(store.clone()));
    }
    let ended: u32 = work.join_all().await.iter().sum();
    assert_eq!(usize::try_from(ended), Ok(LEADERS));
    f64::from(ended) / started.elapsed().as_secs_f64()
}

async fn work_off(store: Store) -> u32 {
    let entropy: &dyn Entropy = &OsEntropy;
    let worker = WorkerId(entropy.uuid_v4());
    let want = Want { tasks: BATCH, everywhere: u32::MAX, ttl: Duration::from_mins(1) };
    let end = TaskEnd { error: None, dry_counters: RunCounters::default() };
    let mut ended = 0;
    loop {
        let claims = store.claim(worker, want).await.unwrap();
        if claims.is_empty() {
            return ended;
        }
        for claim in &claims {
            store.end_task(claim, &end).await.unwrap();
            ended += 1;
        }
    }
}
