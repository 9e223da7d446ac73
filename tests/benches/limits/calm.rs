//! What callers notice when Redis goes, and what a refused caller that goes on costs Redis.

use std::sync::Arc;
use std::time::{Duration, Instant};

use amber_server::config::Build;
use amber_server::domain::{OsEntropy, SystemClock};
use amber_server::rate_limit::{FailOpen, LocalLimiter, Policy, SharedLimiter, Source};
use amber_server::telemetry::Metrics;
use amber_tests::{Flaky, Redis};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{Row, caller, plenty, policy, settings};

const IN_FLIGHT: usize = 50;
const TURNS: usize = 5;

pub(crate) async fn measure(redis: &Redis) -> Vec<Row> {
    let flaky = Flaky::in_front_of(([127, 0, 0, 1], redis.port()).into());
    let build = Build { version: "0".into(), commit: "0".into(), build_time: "0".into() };
    let metrics = Metrics::new(&build, Arc::new(SystemClock));
    let url = format!("redis://{}", flaky.address());
    let shared = SharedLimiter::new(settings(&url, Duration::from_millis(25)));
    let (limiter, mut worker) = FailOpen::new(shared, LocalLimiter::default(), metrics.clone(), Arc::new(OsEntropy));
    let (limiter, stop) = (Arc::new(limiter), CancellationToken::new());
    TaskTracker::new().spawn({
        let stop = stop.clone();
        async move { worker.run(stop).await }
    });
    until_redis_decides(&limiter).await;

    let mut added = i64::MIN;
    let (mut slowest, mut back) = (0, Duration::ZERO);
    for turn in 0..TURNS {
        let (healthy, _) = calls(&limiter, 20).await;
        if turn % 2 == 0 {
            flaky.cut().await;
        } else {
            flaky.stall().await;
        }
        let (_, slow) = calls(&limiter, 1).await;
        while !metrics.render().contains("amber_rate_limit_breaker_open 1") {
            calls(&limiter, 1).await;
        }
        let (calm, _) = calls(&limiter, 200).await;
        flaky.heal().await;
        let healed = until_redis_decides(&limiter).await;
        println!(
            "turn {turn}: p99 {healthy} us healthy, {calm} us without Redis, {slow} slow calls, back after {healed:?}"
        );
        added = added.max(calm - healthy);
        (slowest, back) = (slowest.max(slow), back.max(healed));
    }
    let commands = commands_of_refusals(&limiter, redis).await;
    stop.cancel();
    let row = |what: &str, measured: String, goal, is_met| Row { what: what.to_owned(), measured, goal, is_met };
    vec![
        row(
            "Calls that waited for 20 ms or longer when Redis went, of 50 under way",
            slowest.to_string(),
            "50",
            slowest <= 50,
        ),
        row(
            "What 99 of 100 calls took longer without Redis than with it",
            format!("{added} us"),
            "100 us",
            added <= 100,
        ),
        row(
            "Time until limits are shared again",
            format!("{} ms", back.as_millis()),
            "500 ms",
            back.as_millis() <= 500,
        ),
        row(
            "Commands of Redis per call of a refused caller that goes on",
            format!("{commands:.3}"),
            "0.05",
            commands <= 0.05,
        ),
    ]
}

async fn until_redis_decides(limiter: &FailOpen) -> Duration {
    let started = Instant::now();
    while limiter.check(&caller(0), &[plenty()]).await.source != Source::Redis {
        sleep(Duration::from_millis(1)).await;
    }
    started.elapsed()
}

/// So many calls in each lane: the time in microseconds that 99 of 100 took at most, and how many took 20 ms or longer.
async fn calls(limiter: &Arc<FailOpen>, each: usize) -> (i64, usize) {
    let mut lanes = JoinSet::new();
    for lane in 0..IN_FLIGHT {
        let limiter = Arc::clone(limiter);
        lanes.spawn(async move {
            let mut took = Vec::with_capacity(each);
            for _ in 0..each {
                let started = Instant::now();
                assert!(limiter.check(&caller(lane), &[plenty()]).await.decision.allowed);
                took.push(started.elapsed());
                tokio::task::yield_now().await;
            }
            took
        });
    }
    let mut took = lanes.join_all().await.concat();
    took.sort_unstable();
    let p99 = took[(took.len() - 1) * 99 / 100];
    (i64::try_from(p99.as_micros()).unwrap(), took.iter().filter(|took| **took >= Duration::from_millis(20)).count())
}

async fn commands_of_refusals(limiter: &FailOpen, redis: &Redis) -> f64 {
    const CALLS: u32 = 100_000;
    let (nobody, daily) = (caller(999_999), Policy { ..policy(1, Duration::from_hours(24)) });
    limiter.check(&nobody, &[daily]).await;
    let mut cli = redis.cli();
    let commands =
        "EVAL \"return tonumber(string.match(redis.call('INFO', 'stats'), 'total_commands_processed:(%d+)'))\" 0";
    let before = cli.number(commands);
    for _ in 0..CALLS {
        assert!(!limiter.check(&nobody, &[daily]).await.decision.allowed);
    }
    (cli.number(commands) - before) / f64::from(CALLS)
}
