//! A hundred at once with one token: one gets in, also when Redis dies among them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use amber_tests::Redis;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

use super::pair::{Door, Replica, pair};

/// How many try one token.
const CALLS: usize = 100;
/// Those who come when Redis is gone already.
const LATE: usize = 40;
/// How often a call that was told to come again does so.
const RETRIES: usize = 10;
/// Tokens that are fought for.
const ROUNDS: usize = 5;

/// How often which answer was given; `opened`, or the reason.
type Answers = BTreeMap<String, usize>;

fn one_of_a_hundred() -> Answers {
    [("opened".to_owned(), 1), ("TOKEN_REPLAYED".to_owned(), CALLS - 1)].into()
}

/// Lets everybody try, by turns at each replica and each door; the late ones wait until they may.
async fn race(
    replicas: &Arc<[Replica; 2]>,
    token: &str,
    done: &Arc<AtomicUsize>,
    go: &watch::Receiver<bool>,
) -> Answers {
    let mut tries = JoinSet::new();
    for n in 0..CALLS {
        let (replicas, token, done) = (Arc::clone(replicas), token.to_owned(), Arc::clone(done));
        let mut go = go.clone();
        tries.spawn(async move {
            if n >= CALLS - LATE {
                go.wait_for(|may| *may).await.expect("the test goes on");
            }
            let door = if n / 2 % 2 == 0 { Door::Rpc } else { Door::Frame };
            let mut outcome = replicas[n % 2].open(door, &token).await;
            // A busy machine may keep a call waiting for the database for too long; it is told to come again, and does.
            for _ in 0..RETRIES {
                if outcome.as_ref().err().is_none_or(|reason| reason != "REPLAY_STORE_UNAVAILABLE") {
                    break;
                }
                outcome = replicas[n % 2].open(door, &token).await;
            }
            done.fetch_add(1, Ordering::Relaxed);
            outcome
        });
    }
    let mut answers = Answers::new();
    for outcome in tries.join_all().await {
        let answer = outcome.err().unwrap_or_else(|| "opened".to_owned());
        *answers.entry(answer).or_default() += 1;
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_redeems_over_two_processes_one_wins() {
    let Some((programs, _redis)) = pair().await else { return };
    let replicas = Arc::new(Replica::of(&programs).await);
    let (_may, go) = watch::channel(true);
    for _ in 0..ROUNDS {
        let (token, _) = replicas[0].issue().await;
        assert_eq!(race(&replicas, &token, &Arc::default(), &go).await, one_of_a_hundred());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_redeems_one_wins_when_redis_dies_among_them() {
    let Some((programs, mut redis)) = pair().await else { return };
    let replicas = Arc::new(Replica::of(&programs).await);
    for _ in 0..ROUNDS {
        redis.restart();
        let (token, _) = replicas[0].issue().await;
        let (may, go) = watch::channel(false);
        let done = Arc::<AtomicUsize>::default();
        let killer = TaskTracker::new().spawn(kill_in_the_middle(redis, Arc::clone(&done), may));
        assert_eq!(race(&replicas, &token, &done, &go).await, one_of_a_hundred());
        let after;
        (redis, after) = killer.await.unwrap();
        assert!(after >= LATE, "{after} calls ended after Redis had");
    }
}

/// Ends Redis when a few have their answer, and tells how many still waited for theirs.
async fn kill_in_the_middle(mut redis: Redis, done: Arc<AtomicUsize>, may: watch::Sender<bool>) -> (Redis, usize) {
    while done.load(Ordering::Relaxed) < 10 {
        tokio::task::yield_now().await;
    }
    let redis = tokio::task::spawn_blocking(move || {
        redis.stop();
        redis
    });
    let redis = redis.await.expect("Redis ends");
    let after = CALLS - done.load(Ordering::Relaxed);
    may.send_replace(true);
    (redis, after)
}
