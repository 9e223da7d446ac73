//! What the limiter leaves in Redis, what it makes of what others left there, and how exact it is among many clients.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use amber_server::domain::{PolicyName, Quota};
use amber_server::rate_limit::{Limiter, Policy, SharedLimiter};
use amber_tests::{Cli, Redis};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use PolicyName::{Anonymous, LeaderRefresh};

use crate::limiter::{identity, on, policy};

const KEY: &str = "rate_limit:user:asha";
const DAY: Duration = Duration::from_hours(24);
/// How long callers hammer, and how long at most until their buckets are used up.
const LEAST: Duration = Duration::from_secs(2);
const MOST: Duration = Duration::from_secs(30);

/// The time of Redis in microseconds.
fn now(cli: &mut Cli) -> f64 {
    cli.number("EVAL \"local t = redis.call('TIME') return t[1] .. string.format('%06d', t[2])\" 0")
}

struct Bench {
    limiter: SharedLimiter,
    cli: Cli,
    _stop: tokio_util::sync::DropGuard,
    _redis: Redis,
}

impl Bench {
    fn start() -> Option<Self> {
        let redis = Redis::start()?;
        let (limiter, stop) = on(&redis);
        Some(Self { limiter, cli: redis.cli(), _stop: stop, _redis: redis })
    }

    /// What the bucket of `asha` says.
    async fn ask(&self, policy: Policy) -> (bool, u32) {
        let told = self.limiter.check(&identity("asha"), &[policy]).await.unwrap();
        (told.allowed, told.remaining)
    }
}

fn daily(permits: u32) -> Policy {
    policy(Anonymous, permits, DAY)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_is_small_and_lives_as_long_as_it_is_not_full() {
    let Some(mut bench) = Bench::start() else { return };
    bench.ask(daily(24)).await;
    assert!((3_599_000.0..=3_600_002.0).contains(&bench.cli.number(&format!("PTTL {KEY}"))));
    assert!(bench.cli.number(&format!("MEMORY USAGE {KEY}")) <= 130.0);
    let tat = bench.cli.number(&format!("HGET {KEY} anonymous"));
    assert!((tat - now(&mut bench.cli) - 3_600e6).abs() < 1e6, "{tat} is when it is full, in microseconds");

    let short = Policy { name: LeaderRefresh, ..policy(LeaderRefresh, 10, Duration::from_secs(1)) };
    bench.ask(short).await;
    assert!(bench.cli.number(&format!("PTTL {KEY}")) > 3_590_000.0, "another policy never shortens its life");
    bench.ask(daily(24)).await;
    assert!(bench.cli.number(&format!("PTTL {KEY}")) > 7_190_000.0);
    bench.cli.say(&format!("PERSIST {KEY}"));
    bench.ask(daily(24)).await;
    assert!(bench.cli.number(&format!("PTTL {KEY}")) > 0.0, "a key that was made to stay goes again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_left_under_the_key_is_healed() {
    let Some(mut bench) = Bench::start() else { return };
    for garbage in ["nan", "-1", "1e400", "1.2.3", "inf", "0x10", "''", "-9999999999999999"] {
        bench.cli.say(&format!("HSET {KEY} anonymous {garbage}"));
        assert_eq!(bench.ask(daily(2)).await, (true, 1), "{garbage}");
        bench.cli.say(&format!("DEL {KEY}"));
    }
    for other in ["SET {} 1", "LPUSH {} 1", "SADD {} 1"] {
        bench.cli.say(&other.replace("{}", KEY));
        assert_eq!(bench.ask(daily(2)).await, (true, 1), "{other}");
        assert_eq!(bench.ask(daily(2)).await, (true, 0), "{other}");
        bench.cli.say(&format!("DEL {KEY}"));
    }
    bench.cli.say(&format!("HSET {KEY} tokens 0 last_update 1700000000.5"));
    assert_eq!(bench.ask(daily(2)).await, (true, 1), "a bucket of the old service");
    assert!(bench.cli.number(&format!("PTTL {KEY}")) > 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_in_the_far_future_holds_nobody_up_longer_than_an_empty_bucket() {
    let Some(mut bench) = Bench::start() else { return };
    let policy = policy(Anonymous, 5, Duration::from_secs(1));
    for future in ["9999999999999999", "99999999999999999999999999", &"9".repeat(400)] {
        bench.cli.say(&format!("HSET {KEY} anonymous {future}"));
        assert_eq!(bench.ask(policy).await, (false, 0), "{future}");
        sleep(Duration::from_millis(250)).await;
        assert!(bench.ask(policy).await.0, "{future}");
        bench.cli.say(&format!("DEL {KEY}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_of_a_microsecond_is_not_lost() {
    let Some(mut bench) = Bench::start() else { return };
    let burst = NonZeroU32::new(1_000_000).unwrap();
    let quota = Quota { permits: NonZeroU32::new(30_000).unwrap(), window: Duration::from_secs(1), burst };
    let policy = Policy { name: Anonymous, quota, cost: 900_000 };
    bench.ask(policy).await;
    let mut tat = async || {
        bench.ask(Policy { cost: 1, ..policy }).await;
        let text = bench.cli.say(&format!("HGET {KEY} anonymous")).unwrap();
        let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
        let part: u64 = format!("{part:0<3}").parse().unwrap();
        whole.parse::<u64>().unwrap() * 1_000 + part
    };
    let first = tat().await;
    for _ in 0..300 {
        tat().await;
    }
    let each = (tat().await - first) / 301;
    assert!((33_332..=33_333).contains(&each), "{each} ns for a permit of which there are 30,000 a second");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_the_key_as_ever_resets_the_caller() {
    let Some(mut bench) = Bench::start() else { return };
    let caller = "ip:192.168.1.1".parse().unwrap();
    let both = [daily(1), Policy { name: LeaderRefresh, ..daily(1) }];
    assert!(bench.limiter.check(&caller, &both).await.unwrap().allowed);
    assert!(!bench.limiter.check(&caller, &both).await.unwrap().allowed);
    assert_eq!(bench.cli.say("DEL \"rate_limit:ip:192.168.1.1\"").as_deref(), Some("1"));
    assert!(bench.limiter.check(&caller, &both).await.unwrap().allowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_script_is_loaded_again_when_redis_forgot_it() {
    let Some(mut bench) = Bench::start() else { return };
    for left in [1, 0] {
        assert_eq!(bench.ask(daily(2)).await, (true, left));
        bench.cli.say("SCRIPT FLUSH");
    }
    assert_eq!(bench.ask(daily(2)).await, (false, 0));
}

/// What became of the calls of one caller, and when since the start.
#[derive(Clone, Default)]
struct Met {
    admitted: u32,
    /// When the first call was answered.
    first: Duration,
    /// When the last call that was refused was made: by then the bucket was used up.
    refused: Duration,
}

/// Calls of `clients` limiters, each with its share of `in_flight`, for two seconds and until every caller was refused: the calls that
/// were admitted, and how many had to be at least and at most.
async fn hammer(redis: &Redis, clients: usize, in_flight: usize, callers: usize, policy: Policy) -> (f64, [f64; 2]) {
    let limiters: Vec<_> = (0..clients).map(|_| on(redis)).collect();
    for (limiter, _) in &limiters {
        limiter.check(&identity("somebody-else"), &[policy]).await.unwrap();
    }
    let started = Instant::now();
    let mut met = vec![Met::default(); callers];
    // A full bucket does not fill: it begins to with the first call.
    for (n, met) in met.iter_mut().enumerate() {
        assert!(limiters[0].0.check(&identity(&format!("hot-{n}")), &[policy]).await.unwrap().allowed);
        (met.admitted, met.first) = (1, started.elapsed());
    }
    let is_used_up: Arc<[AtomicBool]> = met.iter().map(|_| AtomicBool::new(false)).collect();
    let mut calls = JoinSet::new();
    for n in 0..in_flight {
        let (limiter, is_used_up) = (limiters[n % clients].0.clone(), Arc::clone(&is_used_up));
        calls.spawn(async move {
            let mut met = vec![Met::default(); is_used_up.len()];
            let goes_on = || is_used_up.iter().any(|is| !is.load(Relaxed));
            for turn in n.. {
                let sent = started.elapsed();
                if sent > MOST || (sent > LEAST && !goes_on()) {
                    break;
                }
                let caller = turn % met.len();
                if limiter.check(&identity(&format!("hot-{caller}")), &[policy]).await.unwrap().allowed {
                    met[caller].admitted += 1;
                } else {
                    met[caller].refused = sent;
                    is_used_up[caller].store(true, Relaxed);
                }
            }
            met
        });
    }
    for lane in calls.join_all().await {
        for (met, told) in met.iter_mut().zip(lane) {
            met.admitted += told.admitted;
            met.refused = met.refused.max(told.refused);
        }
    }
    let ended = started.elapsed();
    let Quota { permits, window, burst } = policy.quota;
    let rate = f64::from(permits.get()) / window.as_secs_f64();
    let allowed = |time: Duration| f64::from(burst.get()) + rate * time.as_secs_f64();
    assert!(met.iter().all(|met| met.refused > met.first), "a bucket is never used up");
    // A part of a permit may be left.
    let least = met.iter().map(|met| allowed(met.refused.saturating_sub(met.first)) - 1.0).sum();
    let most = met.iter().map(|_| allowed(ended)).sum();
    (met.iter().map(|met| f64::from(met.admitted)).sum(), [least, most])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_of_one_redis_admit_what_is_allowed_and_no_more() {
    let Some(redis) = Redis::start() else { return };
    let hot = Policy { quota: Quota { burst: NonZeroU32::new(1_000).unwrap(), ..daily(1).quota }, ..daily(1) };
    let hot = Policy {
        quota: Quota { permits: NonZeroU32::new(100).unwrap(), window: Duration::from_secs(1), ..hot.quota },
        ..hot
    };
    for (clients, in_flight, callers) in [(1, 10, 1), (2, 50, 1), (4, 200, 1), (4, 50, 5)] {
        redis.cli().say("FLUSHALL");
        let (admitted, [least, most]) = hammer(&redis, clients, in_flight, callers, hot).await;
        let told =
            format!("{admitted} of {least} to {most}: {clients} clients, {in_flight} in flight, {callers} callers");
        // The clocks here and there differ a little.
        assert!(admitted >= least * 0.995 && admitted <= most * 1.005, "{told}");
    }
    let mut cli = redis.cli();
    let immortal = cli.say(
        "EVAL \"local n = 0 for _, k in ipairs(redis.call('KEYS', '*')) do if redis.call('TTL', k) < 0 then n = n + 1 end end return n\" 0",
    );
    assert_eq!(immortal.as_deref(), Some("0"), "keys without an end");
}
