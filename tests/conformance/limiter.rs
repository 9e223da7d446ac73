//! One suite for the limiter in this process and the one in Redis.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use amber_server::domain::{PolicyName, Quota};
use amber_server::rate_limit::{Decision, Identity, Limiter, LocalLimiter, Policy, Settings, SharedLimiter};
use amber_server::redis::Place;
use amber_tests::Redis;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use PolicyName::{Anonymous, LeaderRefresh};

/// A limiter of its own for a test, with what it needs to live.
struct Bench {
    limiter: Arc<dyn Limiter>,
    _stop: tokio_util::sync::DropGuard,
    _redis: Option<Redis>,
}

/// The Redis at this URL, and the longest that a decision may take.
pub(crate) fn settings(url: &str, budget: Duration) -> Settings {
    Settings { place: Place::new(&url.parse().unwrap()).unwrap(), budget }
}

/// A limiter on this Redis that works until the guard is dropped.
pub(crate) fn on(redis: &Redis) -> (SharedLimiter, tokio_util::sync::DropGuard) {
    amber_server::app::install_crypto();
    // No test of this suite is about being late.
    let (limiter, transport) = SharedLimiter::new(settings(&redis.url(), Duration::from_secs(5)));
    let stop = CancellationToken::new();
    TaskTracker::new().spawn(transport.run(stop.clone()));
    (limiter, stop.drop_guard())
}

impl Bench {
    fn local() -> Self {
        let limiter = Arc::new(LocalLimiter::default());
        Self { limiter, _stop: CancellationToken::new().drop_guard(), _redis: None }
    }

    fn shared() -> Option<Self> {
        let redis = Redis::start()?;
        let (limiter, stop) = on(&redis);
        Some(Self { limiter: Arc::new(limiter), _stop: stop, _redis: Some(redis) })
    }

    async fn ask(&self, caller: &str, policies: &[Policy]) -> Decision {
        self.limiter.check(&identity(caller), policies).await.unwrap()
    }

    async fn passes(&self, caller: &str, policy: Policy) -> bool {
        self.ask(caller, &[policy]).await.allowed
    }
}

macro_rules! on_both_limiters {
    ($($name:ident),+ $(,)?) => {
        mod in_this_process {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::Bench::local()).await;
            })+
        }
        mod in_redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let Some(bench) = super::Bench::shared() else { return };
                super::$name(bench).await;
            })+
        }
    };
}

on_both_limiters!(
    a_burst_passes_and_the_next_call_waits,
    who_waits_as_told_passes,
    callers_and_policies_have_buckets_of_their_own,
    several_policies_are_charged_together_or_not_at_all,
    a_look_takes_nothing,
    what_costs_more_than_the_bucket_holds_never_passes,
    a_raised_and_a_lowered_limit_hold_at_once,
    a_reset_gives_everything_back,
    a_hot_caller_gets_its_burst_and_no_more_however_many_call_at_once,
);

pub(crate) fn identity(name: &str) -> Identity {
    format!("user:{name}").parse().unwrap()
}

pub(crate) fn policy(name: PolicyName, permits: u32, window: Duration) -> Policy {
    let permits = NonZeroU32::new(permits).unwrap();
    Policy { name, quota: Quota { permits, window, burst: permits }, cost: 1 }
}

/// Nothing comes back of it while a test runs.
fn slow(permits: u32) -> Policy {
    policy(Anonymous, permits, Duration::from_hours(24))
}

async fn a_burst_passes_and_the_next_call_waits(bench: Bench) {
    for remaining in [2, 1, 0] {
        let told = bench.ask("asha", &[slow(3)]).await;
        assert_eq!((told.allowed, told.limit, told.remaining, told.retry_after), (true, 3, remaining, Duration::ZERO));
    }
    let told = bench.ask("asha", &[slow(3)]).await;
    assert_eq!((told.allowed, told.remaining, told.policy), (false, 0, Anonymous));
    let hours = |told: Duration| told.as_secs_f64() / 3_600.0;
    assert!((7.99..=8.0).contains(&hours(told.retry_after)), "{told:?}");
    assert!((23.99..=24.0).contains(&hours(told.reset_after)), "{told:?}");
}

async fn who_waits_as_told_passes(bench: Bench) {
    let policy = policy(Anonymous, 4, Duration::from_secs(4));
    assert!(bench.passes("asha", Policy { cost: 4, ..policy }).await);
    for _ in 0..2 {
        // A busy machine may let a second pass, and a permit come back, before it asks.
        let told = loop {
            let told = bench.ask("asha", &[policy]).await;
            if !told.allowed {
                break told;
            }
        };
        assert!(told.retry_after <= Duration::from_secs(1), "{told:?}");
        sleep(told.retry_after + Duration::from_millis(1)).await;
        assert!(bench.passes("asha", policy).await);
    }
}

async fn callers_and_policies_have_buckets_of_their_own(bench: Bench) {
    assert!(bench.passes("asha", slow(1)).await && !bench.passes("asha", slow(1)).await);
    assert!(bench.passes("ben", slow(1)).await);
    assert!(bench.passes("asha", Policy { name: LeaderRefresh, ..slow(1) }).await);
}

async fn several_policies_are_charged_together_or_not_at_all(bench: Bench) {
    let both = [slow(2), Policy { name: LeaderRefresh, ..slow(5) }];
    for _ in 0..2 {
        assert!(bench.ask("asha", &both).await.allowed);
    }
    for _ in 0..10 {
        let told = bench.ask("asha", &both).await;
        assert_eq!((told.allowed, told.policy), (false, Anonymous));
    }
    let told = bench.ask("asha", &both[1..]).await;
    assert_eq!((told.allowed, told.remaining), (true, 2), "refused calls took nothing from the other bucket");
}

async fn a_look_takes_nothing(bench: Bench) {
    let look = Policy { cost: 0, ..slow(2) };
    for left in [2, 1, 0] {
        for _ in 0..3 {
            let told = bench.ask("asha", &[look]).await;
            assert_eq!((told.allowed, told.remaining), (true, left));
        }
        bench.passes("asha", slow(2)).await;
    }
}

async fn what_costs_more_than_the_bucket_holds_never_passes(bench: Bench) {
    for cost in [4, u32::MAX] {
        let told = bench.ask("asha", &[Policy { cost, ..slow(3) }]).await;
        assert_eq!((told.allowed, told.retry_after), (false, Duration::MAX));
    }
    assert_eq!(bench.ask("asha", &[Policy { cost: 3, ..slow(3) }]).await.remaining, 0);
}

async fn a_raised_and_a_lowered_limit_hold_at_once(bench: Bench) {
    assert!(bench.passes("asha", Policy { cost: 10, ..slow(10) }).await);
    assert!(!bench.passes("asha", slow(10)).await);
    // What was taken counts as the time in which it comes back: a day. At the lower limit nobody waits longer than its bucket
    // takes to fill.
    let lower = policy(Anonymous, 4, Duration::from_millis(200));
    assert!(!bench.passes("asha", lower).await);
    sleep(Duration::from_millis(60)).await;
    assert!(bench.passes("asha", lower).await);
    sleep(Duration::from_millis(210)).await;
    assert_eq!(bench.ask("asha", &[slow(20)]).await.remaining, 19);
}

async fn a_reset_gives_everything_back(bench: Bench) {
    assert!(bench.passes("asha", slow(1)).await && !bench.passes("asha", slow(1)).await);
    assert_eq!(bench.limiter.reset(&identity("asha")).await, Ok(true));
    assert_eq!(bench.limiter.reset(&identity("asha")).await, Ok(false));
    assert!(bench.passes("asha", slow(1)).await);
}

async fn a_hot_caller_gets_its_burst_and_no_more_however_many_call_at_once(bench: Bench) {
    for in_flight in [10, 50, 200] {
        let caller = format!("hot-{in_flight}");
        let mut calls = JoinSet::new();
        for _ in 0..in_flight {
            let (limiter, caller) = (Arc::clone(&bench.limiter), identity(&caller));
            calls.spawn(async move {
                let mut admitted = 0;
                for _ in 0..400 / in_flight.min(40) {
                    admitted += u32::from(limiter.check(&caller, &[slow(100)]).await.unwrap().allowed);
                }
                admitted
            });
        }
        assert_eq!(calls.join_all().await.iter().sum::<u32>(), 100, "{in_flight} in flight");
    }
}
