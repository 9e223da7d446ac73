//! Server processes on one Redis admit together what the limits allow, to the call; and while Redis is away no more than each by
//! itself.

use std::sync::Arc;
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

    /// Calls of one caller to all processes, with so many under way at any time, until `done`. The last one that was admitted was
    /// admitted between the two times, which count from the start.
    async fn hammer(&self, in_flight: usize, caller: &str, done: impl Future<Output = ()>) -> (Told, [Duration; 2]) {
        let (before, stop) = (self.alone().await, tokio_util::sync::CancellationToken::new());
        let started = Instant::now();
        let mut lanes = JoinSet::new();
        for lane in 0..in_flight {
            let (http, stop, caller) = (self.http.clone(), stop.clone(), caller.to_owned());
            let url = self.programs[lane % self.programs.len()].url().to_owned();
            lanes.spawn(async move {
                let mut told = (Told::default(), [Duration::ZERO; 2]);
                while !stop.is_cancelled() {
                    let sent = started.elapsed();
                    if Self::call(&http, &url, &caller).await {
                        told.0.admitted += 1;
                        told.1 = [sent, started.elapsed()];
                    } else {
                        told.0.refused += 1;
                    }
                }
                told
            });
        }
        done.await;
        stop.cancel();
        let lanes = lanes.join_all().await;
        let admitted = lanes.iter().map(|(told, _)| told.admitted).sum();
        let refused = lanes.iter().map(|(told, _)| told.refused).sum();
        let last = [0, 1].map(|end| lanes.iter().map(|(_, last)| last[end]).max().unwrap());
        (Told { admitted, refused, alone: self.alone().await - before }, last)
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
    let (told, [least, most]) = fleet.hammer(50, "10.0.0.1", sleep(Duration::from_secs(3))).await;
    let (admitted, alone) = (f64::from(told.admitted), f64::from(told.alone));
    let what = format!("{told:?} in {most:?}, of {} to {}", allowed(least), allowed(most));
    assert!(admitted - alone <= allowed(most) * 1.005, "{what}");
    assert!(admitted + alone >= allowed(least) * 0.99, "{what}");
    assert!(told.refused > 0, "{what}: nobody asked for more");

    let mut outage = Duration::ZERO;
    let come_and_go = async {
        sleep(Duration::from_millis(700)).await;
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
