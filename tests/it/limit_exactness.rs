//! Server processes on one Redis admit together what the limits allow, to the call; and while Redis is away no more than each by
//! itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use amber_tests::{Program, Redis, http_client};
use reqwest::{Client, StatusCode};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// A path that does not exist: its call takes a permit like any other, and nothing else.
const PATH: &str = "/nowhere";
/// How often a run is repeated in which Redis was late for a call, which its process then decided by itself.
const ATTEMPTS: u32 = 5;

/// Processes that share a Redis and believe the address that this test writes.
struct Fleet {
    programs: Vec<Program>,
    http: Client,
    _folder: TempDir,
}

/// What became of calls.
#[derive(Debug, Default, Clone, Copy)]
struct Told {
    admitted: u32,
    refused: u32,
    /// Calls that a process decided without Redis.
    alone: u32,
}

/// What one of many who call at the same time met, and when since the start.
#[derive(Debug, Default)]
struct Lane {
    told: Told,
    /// When the first call that was admitted was answered, and the last one.
    first: Duration,
    last: Duration,
    /// When the last call that was refused was made.
    refused: Duration,
}

/// Waits until every process has refused some more calls: then the bucket is empty, and all of them know it.
async fn until_all_refuse(refusals: &[AtomicU32]) {
    let started = Instant::now();
    for refusals in refusals {
        let enough = refusals.load(Ordering::Relaxed) + 5;
        while refusals.load(Ordering::Relaxed) < enough {
            assert!(started.elapsed() < Duration::from_secs(30), "the bucket is never empty");
            sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Fleet {
    /// `burst` calls at once, and `rate` more per `window` in seconds.
    async fn start(size: usize, redis: &str, (burst, rate, window): (u32, u32, u32)) -> Self {
        let folder = TempDir::new().unwrap();
        let start = |n: usize| {
            let database = format!("sqlite://{}?mode=rwc", folder.path().join(format!("{n}.db")).display());
            let started = Program::serve([
                ("DATABASE_URL", database.as_str()),
                ("REDIS_URL", redis),
                // These tests are about numbers, and a busy machine may be slow to count.
                ("RATE_LIMIT_REDIS_TIMEOUT_MS", "1000"),
                ("LISTEN_ADDR", "127.0.0.1:0"),
                ("ADMIN_JWT_SECRET", "exact-jwt-secret-zxcvbnm-lkjhgfds-qwertz"),
                ("TRUSTED_PROXY_CIDRS", "127.0.0.0/8"),
                ("BURST_SIZE", &burst.to_string()),
                ("REQUESTS_PER_MINUTE", &rate.to_string()),
                ("WINDOW_SECONDS", &window.to_string()),
                ("RUST_LOG", "warn,amber_server::app=info"),
            ]);
            started.unwrap_or_else(|said| panic!("the program does not start: {said}"))
        };
        let fleet = Self { programs: (0..size).map(start).collect(), http: http_client(), _folder: folder };
        fleet.until_redis_decides().await;
        fleet
    }

    async fn call(http: &Client, url: &str, caller: &str) -> bool {
        let answer = http.get(format!("{url}{PATH}")).header("x-forwarded-for", caller).send().await;
        match answer.expect("no call fails").status() {
            StatusCode::NOT_FOUND => true,
            StatusCode::TOO_MANY_REQUESTS => false,
            other => panic!("{other} is neither admitted nor refused"),
        }
    }

    /// Calls that the processes decided by themselves so far.
    async fn alone(&self) -> u32 {
        let mut alone = 0;
        for program in &self.programs {
            let metrics = self.http.get(format!("{}/metrics", program.url())).send().await.unwrap();
            let text = metrics.text().await.unwrap();
            let lines = text.lines().filter(|line| line.starts_with("amber_rate_limit_fallbacks_total{"));
            alone += lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u32>().unwrap()).sum::<u32>();
        }
        alone
    }

    async fn until_redis_decides(&self) {
        for (n, program) in self.programs.iter().enumerate() {
            let started = Instant::now();
            loop {
                let before = self.alone().await;
                Self::call(&self.http, program.url(), &format!("203.0.113.{n}")).await;
                if self.alone().await == before {
                    break;
                }
                assert!(started.elapsed() < Duration::from_secs(20), "Redis does not decide");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }

    /// So many calls of each of these callers to the first `size` processes, with so many under way at any time.
    async fn storm(&self, size: usize, in_flight: usize, callers: &[String], each: u32) -> Told {
        let before = self.alone().await;
        let callers: Arc<[String]> = callers.into();
        let calls = callers.len() * usize::try_from(each).unwrap();
        let mut lanes = JoinSet::new();
        for lane in 0..in_flight {
            let (http, callers) = (self.http.clone(), Arc::clone(&callers));
            let url = self.programs[lane % size].url().to_owned();
            lanes.spawn(async move {
                let mut told = Told::default();
                for call in (lane..calls).step_by(in_flight) {
                    let is_admitted = Self::call(&http, &url, &callers[call % callers.len()]).await;
                    told.admitted += u32::from(is_admitted);
                    told.refused += u32::from(!is_admitted);
                }
                told
            });
        }
        let lanes = lanes.join_all().await;
        let (admitted, refused) =
            (lanes.iter().map(|told| told.admitted).sum(), lanes.iter().map(|told| told.refused).sum());
        Told { admitted, refused, alone: self.alone().await - before }
    }

    /// Calls of one caller to all processes, with so many under way at any time, until `done`, which is shown how many were
    /// refused by each process. For at least the first time that is answered, and at most the second one, the bucket was
    /// filling: from a call that was admitted to one that was refused, and from the start to the last one that was admitted.
    async fn hammer(
        &self,
        in_flight: usize,
        caller: &str,
        done: impl AsyncFnOnce(&[AtomicU32]),
    ) -> (Told, [Duration; 2]) {
        let (before, stop) = (self.alone().await, tokio_util::sync::CancellationToken::new());
        let refusals: Arc<[AtomicU32]> = self.programs.iter().map(|_| AtomicU32::new(0)).collect();
        let started = Instant::now();
        let mut lanes = JoinSet::new();
        for lane in 0..in_flight {
            let (http, stop, caller) = (self.http.clone(), stop.clone(), caller.to_owned());
            let (place, refusals) = (lane % self.programs.len(), Arc::clone(&refusals));
            let url = self.programs[place].url().to_owned();
            lanes.spawn(async move {
                let mut lane = Lane { first: Duration::MAX, ..Lane::default() };
                while !stop.is_cancelled() {
                    let sent = started.elapsed();
                    if Self::call(&http, &url, &caller).await {
                        lane.told.admitted += 1;
                        lane.last = started.elapsed();
                        lane.first = lane.first.min(lane.last);
                    } else {
                        lane.told.refused += 1;
                        lane.refused = sent;
                        refusals[place].fetch_add(1, Ordering::Relaxed);
                    }
                }
                lane
            });
        }
        done(&refusals).await;
        stop.cancel();
        let lanes = lanes.join_all().await;
        let admitted = lanes.iter().map(|lane| lane.told.admitted).sum();
        let refused = lanes.iter().map(|lane| lane.told.refused).sum();
        let first = lanes.iter().map(|lane| lane.first).min().unwrap();
        let least = lanes.iter().map(|lane| lane.refused).max().unwrap().saturating_sub(first);
        let most = lanes.iter().map(|lane| lane.last).max().unwrap();
        (Told { admitted, refused, alone: self.alone().await - before }, [least, most])
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_two_and_four_processes_admit_a_burst_to_the_call() {
    let Some(redis) = Redis::start() else { return };
    // Nothing comes back while the test runs.
    let fleet = Fleet::start(4, &redis.url(), (40, 1, 86_400)).await;
    let mut number = 0_u32;
    for (size, in_flight) in [(1, 10), (1, 50), (1, 200), (2, 10), (2, 50), (2, 200), (4, 10), (4, 50), (4, 200)] {
        for many in [1, 10] {
            let mut is_exact = false;
            for _ in 0..ATTEMPTS {
                number += 1;
                let callers: Vec<_> = (0..many).map(|n| format!("10.{}.{}.{n}", number / 256, number % 256)).collect();
                let each = if many == 1 { 200 } else { 50 };
                let told = fleet.storm(size, in_flight, &callers, each).await;
                let allowed = 40 * many;
                let what = format!("{told:?} of {allowed}: {size} processes, {in_flight} in flight, {many} callers");
                // A call that was decided without Redis may have been one too many, or one of Redis too few.
                assert!(told.admitted.abs_diff(allowed) <= told.alone, "{what}");
                assert_eq!(told.admitted + told.refused, each * many, "{what}");
                is_exact = told.alone == 0;
                if is_exact {
                    break;
                }
            }
            assert!(is_exact, "Redis was late in each of {ATTEMPTS} runs: {size} processes, {in_flight} in flight");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_back_is_shared_as_well_and_an_outage_gives_each_process_its_own() {
    let Some(mut redis) = Redis::start() else { return };
    let (burst, rate) = (200, 20);
    let fleet = Fleet::start(2, &redis.url(), (burst, rate, 1)).await;
    let allowed = |time: Duration| f64::from(burst) + f64::from(rate) * time.as_secs_f64();
    let while_refused = async |refusals: &[AtomicU32]| {
        sleep(Duration::from_secs(3)).await;
        until_all_refuse(refusals).await;
    };
    let (told, [least, most]) = fleet.hammer(50, "10.0.0.1", while_refused).await;
    let (admitted, alone) = (f64::from(told.admitted), f64::from(told.alone));
    let what = format!("{told:?} in {most:?}, of {} to {}", allowed(least), allowed(most));
    assert!(admitted - alone <= allowed(most) * 1.005, "{what}");
    assert!(admitted + alone + 1.0 >= allowed(least) * 0.995, "{what}");
    assert!(least > Duration::from_secs(2), "{what}: nobody asked for more");

    let mut outage = Duration::ZERO;
    let come_and_go = async |refusals: &[AtomicU32]| {
        until_all_refuse(refusals).await;
        let gone = Instant::now();
        redis.stop();
        sleep(Duration::from_millis(1_500)).await;
        redis.restart();
        fleet.until_redis_decides().await;
        outage = gone.elapsed();
        sleep(Duration::from_millis(700)).await;
    };
    let (told, [_, took]) = fleet.hammer(50, "10.0.0.2", come_and_go).await;
    // Redis lost what it knew, so it begins again with a full bucket.
    let most = allowed(took) + 2.0 * allowed(outage) + f64::from(burst);
    let what = format!("{told:?} in {took:?}, {outage:?} of it without Redis: at most {most}");
    assert!(f64::from(told.admitted) <= most * 1.005, "{what}");
    assert!(told.alone > 0 && told.refused > 0, "{what}");
    // The processes knew how much was taken before: the outage alone gave none of them a second burst.
    let warm = allowed(took) + 2.0 * f64::from(rate) * outage.as_secs_f64() + f64::from(burst);
    assert!(f64::from(told.admitted) <= warm * 1.05, "{what}, and {warm} with what they knew");
}
