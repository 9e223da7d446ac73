//! Redis fails in every way that it can: calls are decided all the same, few of them wait, and shared limits come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use amber_server::config::Build;
use amber_server::domain::{OsEntropy, PolicyName, SystemClock};
use amber_server::rate_limit::{FailOpen, Identity, LocalLimiter, Policy, Ruling, Settings, SharedLimiter, Source};
use amber_server::telemetry::Metrics;
use amber_tests::{Flaky, Redis};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::limit_script::Cli;
use crate::limiter::{identity, policy};

/// The longest that a decision is waited for.
const BUDGET: Duration = Duration::from_millis(50);
const IN_FLIGHT: u32 = 20;

struct Bench {
    limiter: Arc<FailOpen>,
    metrics: Metrics,
    flaky: Flaky,
    redis: Redis,
    _stop: DropGuard,
}

impl Bench {
    async fn start() -> Option<Self> {
        let redis = Redis::start()?;
        let flaky = Flaky::in_front_of(([127, 0, 0, 1], redis.port()).into());
        amber_server::app::install_crypto();
        let build = Build { version: "0".into(), commit: "0".into(), build_time: "0".into() };
        let metrics = Metrics::new(&build, Arc::new(SystemClock));
        let settings = Settings { url: format!("redis://{}", flaky.address()).into(), budget: BUDGET };
        let shared = SharedLimiter::new(&settings).unwrap();
        let (limiter, worker) = FailOpen::new(shared, LocalLimiter::default(), metrics.clone(), Arc::new(OsEntropy));
        let stop = CancellationToken::new();
        TaskTracker::new().spawn(worker.run(stop.clone()));
        let bench = Self { limiter: Arc::new(limiter), metrics, flaky, redis, _stop: stop.drop_guard() };
        bench.until_redis_decides().await;
        Some(bench)
    }

    /// A caller about whose first five calls Redis decided; on a busy machine it may be late for some callers.
    async fn caller_with_five_calls(&self, policy: Policy) -> Identity {
        for attempt in 0..50 {
            self.until_redis_decides().await;
            let caller = identity(&format!("asha-{attempt}"));
            let mut by_redis = 0;
            for _ in 0..5 {
                by_redis += u32::from(self.ask(&caller, policy).await.source == Source::Redis);
            }
            if by_redis == 5 {
                return caller;
            }
        }
        panic!("Redis is always late");
    }

    async fn ask(&self, caller: &Identity, policy: Policy) -> Ruling {
        self.limiter.check(caller, &[policy]).await
    }

    /// How long it takes until Redis decides.
    async fn until_redis_decides(&self) -> Duration {
        let started = Instant::now();
        while self.ask(&identity("anybody"), plenty()).await.source != Source::Redis {
            assert!(started.elapsed() < Duration::from_secs(10), "Redis did not come back");
            sleep(Duration::from_millis(5)).await;
        }
        started.elapsed()
    }

    fn timeouts(&self) -> u32 {
        self.metric("amber_rate_limit_fallbacks_total{reason=\"timeout\"}")
    }

    fn metric(&self, name: &str) -> u32 {
        let text = self.metrics.render();
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}: {text}"));
        line.trim().parse().unwrap()
    }

    fn cli(&self) -> Cli {
        Cli::to(&self.redis)
    }
}

fn plenty() -> Policy {
    policy(PolicyName::Anonymous, 1_000_000, Duration::from_secs(1))
}

fn daily(permits: u32) -> Policy {
    policy(PolicyName::Anonymous, permits, Duration::from_hours(24))
}

/// What can happen to Redis.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Refused,
    Stalled,
    Frozen,
    Slow,
    WrongPassword,
    Replica,
    Full,
}

impl Fault {
    const ALL: [Self; 7] =
        [Self::Refused, Self::Stalled, Self::Frozen, Self::Slow, Self::WrongPassword, Self::Replica, Self::Full];

    async fn begin(self, bench: &Bench) {
        match self {
            Self::Refused => bench.flaky.cut().await,
            Self::Stalled => bench.flaky.stall().await,
            Self::Frozen => bench.redis.freeze(),
            Self::Slow => bench.flaky.delay(Duration::from_millis(100)).await,
            Self::WrongPassword => {
                bench.cli().say("CONFIG SET requirepass hush");
                bench.flaky.cut().await;
                bench.flaky.heal().await;
            }
            Self::Replica => drop(bench.cli().say("REPLICAOF 127.0.0.1 1")),
            Self::Full => drop(bench.cli().say("CONFIG SET maxmemory 1")),
        }
    }

    async fn end(self, bench: &Bench) {
        match self {
            Self::Refused | Self::Stalled | Self::Slow => bench.flaky.heal().await,
            Self::Frozen => bench.redis.thaw(),
            Self::WrongPassword => {
                let mut cli = bench.cli();
                cli.say("AUTH hush");
                cli.say("CONFIG SET requirepass \"\"");
            }
            Self::Replica => drop(bench.cli().say("REPLICAOF NO ONE")),
            Self::Full => drop(bench.cli().say("CONFIG SET maxmemory 0")),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_and_few_wait_whatever_happens_to_redis() {
    let Some(bench) = Bench::start().await else { return };
    for fault in Fault::ALL {
        let (stop, decided, by_redis) =
            (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)), AtomicU32::new(0));
        let by_redis = Arc::new(by_redis);
        let mut callers = JoinSet::new();
        for n in 0..IN_FLIGHT {
            let (limiter, stop) = (Arc::clone(&bench.limiter), Arc::clone(&stop));
            let (decided, by_redis) = (Arc::clone(&decided), Arc::clone(&by_redis));
            callers.spawn(async move {
                while !stop.load(Relaxed) {
                    let ruling = limiter.check(&identity(&format!("caller-{n}")), &[plenty()]).await;
                    assert!(ruling.decision.allowed);
                    decided.fetch_add(1, Relaxed);
                    by_redis.fetch_add(u32::from(ruling.source == Source::Redis), Relaxed);
                    sleep(Duration::from_millis(2)).await;
                }
            });
        }
        sleep(Duration::from_millis(100)).await;
        bench.until_redis_decides().await;
        let timeouts = bench.timeouts();
        fault.begin(&bench).await;
        // Until the breaker is open.
        sleep(BUDGET * 3).await;
        let (slow, before) = (bench.timeouts() - timeouts, decided.load(Relaxed));
        by_redis.store(0, Relaxed);
        sleep(Duration::from_millis(600)).await;
        assert!(slow <= IN_FLIGHT, "{fault:?}: {slow} calls waited in vain");
        assert_eq!(bench.timeouts() - timeouts, slow, "{fault:?}: later calls waited too");
        assert_eq!(by_redis.load(Relaxed), 0, "{fault:?}: is no fault");
        assert!(decided.load(Relaxed) - before > IN_FLIGHT * 20, "{fault:?}: too few calls were decided");
        assert_eq!(bench.metric("amber_rate_limit_breaker_open"), 1, "{fault:?}");

        fault.end(&bench).await;
        let back = bench.until_redis_decides().await;
        assert!(back < Duration::from_millis(500), "{fault:?}: shared limits came back after {back:?}");
        assert_eq!(bench.metric("amber_rate_limit_breaker_open"), 0, "{fault:?}");
        stop.store(true, Relaxed);
        callers.join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_hands_out_no_second_burst() {
    let Some(bench) = Bench::start().await else { return };
    let caller = bench.caller_with_five_calls(daily(8)).await;
    bench.flaky.cut().await;
    let mut admitted = 0;
    for _ in 0..20 {
        let ruling = bench.ask(&caller, daily(8)).await;
        assert_eq!(ruling.source, Source::Local);
        admitted += u32::from(ruling.decision.allowed);
    }
    assert_eq!(admitted, 3, "five of eight were taken before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_caller_that_keeps_calling_costs_redis_almost_nothing() {
    let Some(bench) = Bench::start().await else { return };
    let caller = "ip:192.168.1.1".parse().unwrap();
    assert!(bench.ask(&caller, daily(1)).await.decision.allowed);
    let mut cli = bench.cli();
    cli.say("CONFIG RESETSTAT");
    for _ in 0..2_000 {
        assert!(!bench.ask(&caller, daily(1)).await.decision.allowed);
    }
    let calls = cli.number(
        "EVAL \"return tonumber(string.match(redis.call('INFO', 'commandstats'), 'cmdstat_hmget:calls=(%d+)'))\" 0",
    );
    assert!(calls <= 20.0, "{calls} calls of the script for 2,000 refusals");

    assert_eq!(cli.say("DEL \"rate_limit:ip:192.168.1.1\"").as_deref(), Some("1"));
    let started = Instant::now();
    while !bench.ask(&caller, daily(1)).await.decision.allowed {
        assert!(started.elapsed() < Duration::from_secs(2));
        sleep(Duration::from_millis(5)).await;
    }
    assert!(started.elapsed() <= Duration::from_millis(1_100), "seen after {:?}", started.elapsed());

    assert!(!bench.ask(&caller, daily(1)).await.decision.allowed);
    assert_eq!(bench.limiter.reset(&caller).await, Ok(true));
    assert!(bench.ask(&caller, daily(1)).await.decision.allowed, "a reset by an administrator is seen at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_not_there_at_the_start_is_used_once_it_is() {
    let Some(mut redis) = Redis::start() else { return };
    redis.stop();
    amber_server::app::install_crypto();
    let build = Build { version: "0".into(), commit: "0".into(), build_time: "0".into() };
    let metrics = Metrics::new(&build, Arc::new(SystemClock));
    let shared = SharedLimiter::new(&Settings { url: redis.url().into(), budget: BUDGET }).unwrap();
    let (limiter, worker) = FailOpen::new(shared, LocalLimiter::default(), metrics, Arc::new(OsEntropy));
    let stop = CancellationToken::new();
    let work = TaskTracker::new().spawn(worker.run(stop.clone()));
    for _ in 0..10 {
        let ruling = limiter.check(&identity("asha"), &[daily(100)]).await;
        assert_eq!((ruling.source, ruling.decision.allowed), (Source::Local, true));
    }
    assert!(limiter.reset(&identity("asha")).await.is_err(), "only this process forgot the caller");
    redis.restart();
    let started = Instant::now();
    while limiter.check(&identity("asha"), &[daily(100)]).await.source != Source::Redis {
        assert!(started.elapsed() < Duration::from_secs(1), "Redis is not used");
        sleep(Duration::from_millis(5)).await;
    }
    stop.cancel();
    work.await.unwrap();
    let after = limiter.check(&identity("asha"), &[daily(100)]).await;
    assert_eq!((after.source, after.decision.allowed), (Source::Local, true), "what still runs is decided about");
}
