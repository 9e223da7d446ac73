//! Limits on a Redis behind TLS, under a Sentinel, and on a cluster that changes.

use std::sync::Arc;
use std::time::Duration;

use amber_server::config::Redis as Named;
use amber_server::domain::PolicyName;
use amber_server::rate_limit::{Limiter, Policy, Settings, SharedLimiter, Source};
use amber_server::redis::{Place, Pool};
use amber_tests::{EncryptedRedis, RedisCluster, WatchedRedis};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::limit_outage::{BUDGET, Calm, Crowd, assert_prompt, plenty};
use crate::limiter::{identity, policy, settings};

/// Enough for whatever has to be connected first.
const PATIENCE: Duration = Duration::from_secs(10);

fn daily(permits: u32) -> Policy {
    policy(PolicyName::Anonymous, permits, Duration::from_hours(24))
}

fn limiter(settings: Settings) -> (Arc<SharedLimiter>, DropGuard) {
    amber_server::app::install_crypto();
    let (limiter, transport) = SharedLimiter::new(settings);
    let stop = CancellationToken::new();
    TaskTracker::new().spawn(transport.run(stop.clone()));
    (Arc::new(limiter), stop.drop_guard())
}

/// How many of so many calls are admitted, with a few at a time.
async fn admitted(limiter: &Arc<SharedLimiter>, caller: &str, calls: u32, policy: Policy) -> usize {
    let mut lanes = JoinSet::new();
    for _ in 0..calls {
        let (limiter, caller) = (Arc::clone(limiter), identity(caller));
        lanes.spawn(async move { limiter.check(&caller, &[policy]).await.unwrap().allowed });
    }
    lanes.join_all().await.into_iter().filter(|allowed| *allowed).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_is_reached_through_tls_and_only_when_somebody_vouches_for_it() {
    let Some(redis) = EncryptedRedis::start() else { return };
    amber_server::app::install_crypto();
    let place = |authorities| Place::new(&Named { authorities, ..redis.url().parse().unwrap() }).unwrap();
    let trusted = place(Some(redis.authority()));
    let (limiter, _stop) = limiter(Settings { place: trusted.clone(), budget: PATIENCE });
    assert_eq!(admitted(&limiter, "asha", 50, daily(20)).await, 20);
    assert_eq!(limiter.reset(&identity("asha")).await, Ok(true));

    Pool::new(trusted).ping(PATIENCE).await.unwrap();
    let stranger = EncryptedRedis::start().unwrap().authority();
    for authorities in [None, Some(stranger)] {
        Pool::new(place(authorities)).ping(PATIENCE).await.expect_err("nobody vouches for it");
    }
    let plain = redis.url().replace("rediss", "redis");
    Pool::new(Place::new(&plain.parse().unwrap()).unwrap()).ping(PATIENCE).await.expect_err("it speaks TLS alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failover_by_a_sentinel_the_new_primary_counts() {
    let Some(redis) = WatchedRedis::start() else { return };
    // Long enough that nobody is late on a busy machine.
    let calm = Calm::start(settings(&redis.url(), BUDGET * 18));
    calm.until_redis_decides().await;
    let crowd = Crowd::on(&calm);
    let [old, new] = redis.servers();
    old.freeze();
    calm.until_breaker_is(true).await;
    let mut cli = new.cli();
    cli.say_until("ROLE", "master");
    let back = calm.until_redis_decides().await;
    eprintln!("failover: shared limits are back after {back:?}");
    assert!(back < PATIENCE, "shared limits came back after {back:?}");
    assert_eq!(calm.ask(&identity("asha"), daily(3)).await.source, Source::Redis);
    assert_eq!(cli.say("EXISTS rate_limit:user:asha").as_deref(), Some("1"));
    // The old one believes for a moment that it is the primary still.
    old.thaw();
    cli.say_until("INFO replication", "state=online");
    let before = calm.fallbacks();
    sleep(Duration::from_millis(300)).await;
    assert_eq!(calm.ask(&identity("asha"), daily(3)).await.decision.remaining, 1);
    assert_eq!(calm.fallbacks(), before, "nobody noticed");
    crowd.go().await;

    let pool = Pool::new(Place::new(&redis.url().parse().unwrap()).unwrap());
    assert_eq!(pool.delete("rate_limit:user:asha", PATIENCE).await, Ok(true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_cluster_every_caller_gets_its_burst_and_no_more_while_its_slot_moves() {
    let Some(cluster) = RedisCluster::start() else { return };
    let (limiter, _stop) = limiter(settings(&cluster.url(), PATIENCE));
    let mut nodes = [0; 3];
    for n in 0..12 {
        let caller = format!("caller-{n}");
        nodes[cluster.place_of(&format!("rate_limit:user:{caller}"))] += 1;
        assert_eq!(admitted(&limiter, &caller, 30, daily(10)).await, 10);
    }
    assert!(nodes.iter().all(|callers| *callers > 0), "every node has some: {nodes:?}");
    assert_eq!(limiter.reset(&identity("caller-0")).await, Ok(true));

    // A slot that begins to move, moves, and has moved: ASK, then MOVED.
    let key = "rate_limit:user:asha";
    let to = (cluster.place_of(key) + 1) % 3;
    assert_eq!(admitted(&limiter, "asha", 10, daily(40)).await, 10);
    cluster.begin_move(key, to);
    assert_eq!(admitted(&limiter, "asha", 10, daily(40)).await, 10);
    cluster.move_key(key, to);
    assert_eq!(admitted(&limiter, "asha", 10, daily(40)).await, 10);
    cluster.end_move(key, to);
    assert_eq!(admitted(&limiter, "asha", 30, daily(40)).await, 10, "nothing was lost on the way");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_a_cluster_that_is_silent_holds_few_calls_up() {
    let Some(cluster) = RedisCluster::start() else { return };
    let calm = Calm::start(settings(&cluster.url(), BUDGET));
    calm.until_redis_decides().await;
    let crowd = Crowd::on(&calm);
    sleep(Duration::from_millis(200)).await;
    // Not the one that is asked in `until_redis_decides`.
    let silent = (cluster.place_of("rate_limit:user:anybody") + 1) % 3;
    cluster.nodes()[silent].freeze();
    calm.until_breaker_is(true).await;
    let mut waits = Vec::new();
    for n in 0..200 {
        let started = Instant::now();
        assert!(calm.ask(&identity(&format!("visitor-{n}")), plenty()).await.decision.allowed);
        waits.push(started.elapsed());
    }
    assert_prompt(waits, "a silent node");
    cluster.nodes()[silent].thaw();
    calm.until_breaker_is(false).await;
    crowd.go().await;
}
