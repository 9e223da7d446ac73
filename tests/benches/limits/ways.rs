//! Ways to ask Redis: in natural batches, by one call of the script for each question on one connection, and through a pool.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use amber_server::rate_limit::{Limiter, LocalLimiter, SharedLimiter};
use amber_tests::Redis;
use deadpool_redis::redis::aio::{ConnectionLike, MultiplexedConnection};
use deadpool_redis::redis::{Client, Script};
use deadpool_redis::{Config, Pool, Runtime};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cost::{Cost, spread};
use crate::{Row, caller, micros_per_call, plenty, settings};

/// Turns that every way gets; the first one warms up and is not counted.
const TURNS: usize = 7;
/// Calls in a turn, calls under way at a time, and callers.
const CALLS: usize = 20_000;
const IN_FLIGHT: usize = 50;
const CALLERS: usize = 10_000;

/// A way to ask.
#[derive(Clone)]
enum Way {
    Batches(Arc<SharedLimiter>),
    OneByOne(MultiplexedConnection, Arc<Script>),
    Pooled(Pool, Arc<Script>),
    Local(Arc<LocalLimiter>),
}

impl Way {
    async fn ask(&mut self, n: usize) -> bool {
        match self {
            Self::Batches(limiter) => limiter.check(&caller(n), &[plenty()]).await.unwrap().allowed,
            Self::OneByOne(connection, script) => invoke(script, connection, n).await,
            Self::Pooled(pool, script) => invoke(script, &mut pool.get().await.unwrap(), n).await,
            Self::Local(limiter) => limiter.take(&caller(n), &[plenty()])[0].allowed,
        }
    }
}

async fn invoke(script: &Script, connection: &mut impl ConnectionLike, n: usize) -> bool {
    let (policy, quota) = (plenty(), plenty().quota);
    let window = u64::try_from(quota.window.as_micros()).unwrap();
    let mut call = script.key(caller(n).to_string());
    call.arg(1).arg(policy.name.as_str()).arg(quota.permits.get()).arg(window).arg(quota.burst.get()).arg(policy.cost);
    let told: Vec<i64> = call.invoke_async(connection).await.unwrap();
    told[1] == 0
}

struct Subject {
    name: &'static str,
    way: Way,
    /// Processor time of a call in each turn, in microseconds.
    cost: Vec<f64>,
    took: Vec<Duration>,
}

pub(crate) async fn measure(redis: &Redis) -> Vec<Row> {
    let (limiter, transport) = SharedLimiter::new(settings(&redis.url(), Duration::from_secs(5)));
    let stop = CancellationToken::new();
    TaskTracker::new().spawn(transport.run(stop.clone()));
    let script = Arc::new(Script::new(include_str!("../../../server/src/rate_limit/gcra.lua")));
    let connection = Client::open(redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let pool = Config::from_url(redis.url()).create_pool(Some(Runtime::Tokio1)).unwrap();
    let subject = |name, way| Subject { name, way, cost: Vec::new(), took: Vec::new() };
    let mut subjects = [
        subject("natural batches", Way::Batches(Arc::new(limiter))),
        subject("one EVALSHA per call", Way::OneByOne(connection, Arc::clone(&script))),
        subject("deadpool per call", Way::Pooled(pool, script)),
        subject("in this process", Way::Local(Arc::default())),
    ];
    for turn in 0..TURNS {
        for subject in &mut subjects {
            let pids = [std::process::id(), redis.pid()];
            let before = pids.map(Cost::of);
            let took = run(&subject.way).await;
            if turn > 0 {
                subject.cost.push(micros_per_call(pids, &before, CALLS));
                subject.took.push(took);
            }
        }
    }
    stop.cancel();
    rows(&mut subjects)
}

async fn run(way: &Way) -> Duration {
    let (started, next) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let mut lanes = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (mut way, next) = (way.clone(), Arc::clone(&next));
        lanes.spawn(async move {
            loop {
                let n = next.fetch_add(1, Relaxed);
                if n >= CALLS {
                    return;
                }
                assert!(way.ask(n % CALLERS).await);
            }
        });
    }
    lanes.join_all().await;
    started.elapsed()
}

fn rows(subjects: &mut [Subject; 4]) -> Vec<Row> {
    let numbers = subjects.each_mut().map(|subject| {
        subject.took.sort_unstable();
        let took = subject.took[subject.took.len() / 2];
        let (rate, cost) =
            (f64::from(u32::try_from(CALLS).unwrap()) / took.as_secs_f64(), spread(subject.cost.clone()).0);
        println!("{}: {rate:.0} decisions a second, {cost:.1} us of processor time each", subject.name);
        (rate, cost)
    });
    let [batches, one_by_one, pooled, local] = numbers;
    let row = |what: &str, ratio: f64, goal, is_met| Row {
        what: what.to_owned(),
        measured: format!("{ratio:.2}"),
        goal,
        is_met,
    };
    let (faster, cheaper) = (batches.0 / one_by_one.0, batches.1 / one_by_one.1);
    let than_pooled = batches.0 / pooled.0;
    vec![
        row("Decisions in natural batches to one EVALSHA per call, 50 in flight", faster, "1.3", faster >= 1.3),
        row("Their processor time, that of Redis included", cheaper, "0.8", cheaper <= 0.8),
        row(
            "Decisions in natural batches to a pool that gives each call a connection",
            than_pooled,
            "3",
            than_pooled >= 3.0,
        ),
        row("Decisions in this process to one EVALSHA per call", local.0 / one_by_one.0, "", true),
    ]
}
