//! Measures how much memory `amber serve` takes to read 10, 1,000 and 10,000 leaders: `just bench`.
//!
//! The sandbox in this process plays X. The goal is that a thousand times the leaders take at most 1.5 times the memory.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use amber_sdk::v1::{GetRunRequest, Run, RunStatus, TriggerIngestionRequest};
use amber_sdk::{Amber, Credentials, Options};
use amber_server::domain::{NewLeader, OsEntropy, SystemClock};
use amber_server::sandbox::{Allowance, RateLimits};
use amber_server::store::{Leaders, Settings, Store};
use amber_tests::{FakeXApi, Program, admin_token};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

const LEADERS: [usize; 3] = [10, 1_000, 10_000];
const POSTS_EACH: usize = 8;
/// Runs that are made, so that what they keep would add up.
const RUNS: usize = 2;
/// A run that takes so long is given up.
const PATIENCE: Duration = Duration::from_mins(10);
const MOST: f64 = 1.5;
const BOOTSTRAP: &str = "bench-bootstrap-4f5d6s7a8q9w0e1r2t";
const JWT_SECRET: &str = "bench-jwt-secret-zxcvbnm-lkjhgfds-qwertz";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    println!(
        "| leaders | posts stored | took | resident before | after {RUNS} runs | most |\n|---|---|---|---|---|---|"
    );
    let mut most = Vec::new();
    for leaders in LEADERS {
        let taken = read(leaders).await;
        let Taken { posts, took, before, after, peak } = &taken;
        println!("| {leaders} | {posts} | {} s | {before} KiB | {after} KiB | {peak} KiB |", took.as_secs());
        most.push(taken.peak);
    }
    let ratio = f64::from(most[LEADERS.len() - 1]) / f64::from(most[0]);
    println!("\nTen thousand leaders take {ratio:.2} times the memory of ten; the goal is {MOST}.");
    if ratio <= MOST { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What the process took, in KiB where it is memory.
struct Taken {
    posts: i64,
    took: Duration,
    before: u32,
    after: u32,
    peak: u32,
}

async fn read(leaders: usize) -> Taken {
    let x = FakeXApi::with(SystemClock, |options| {
        let generous = Allowance { requests: 10_000_000, window: Duration::from_mins(15) };
        options.limits = RateLimits { users_by: generous, timeline: generous, posts: generous };
        options.tap = None;
    });
    let (x, folder) = (x.await, TempDir::new().unwrap());
    let database = format!("sqlite://{}?mode=rwc", folder.path().join("amber.db").display());
    people(&x, &database, leaders).await;

    let program = Program::serve([
        ("DATABASE_URL", database.as_str()),
        ("LISTEN_ADDR", "127.0.0.1:0"),
        ("ADMIN_JWT_SECRET", JWT_SECRET),
        ("ADMIN_BOOTSTRAP_SECRET", BOOTSTRAP),
        ("RATE_LIMITING_ENABLED", "false"),
        ("X_API_BASE_URL", &x.url()),
        ("X_API_BEARER", FakeXApi::bearer()),
        ("RUST_LOG", "warn,amber_server::app=info"),
    ]);
    let program = program.unwrap();
    let before = kib(&program, "VmRSS");
    let (amber, started) = (admin(program.url()).await, Instant::now());
    let mut posts = 0;
    for _ in 0..RUNS {
        posts += run(&amber, started + PATIENCE).await.counters.unwrap_or_default().inserted;
    }
    Taken { posts, took: started.elapsed(), before, after: kib(&program, "VmRSS"), peak: kib(&program, "VmHWM") }
}

/// People on X with a few posts each, whom the database follows.
async fn people(x: &FakeXApi, database: &str, leaders: usize) {
    let settings =
        Settings { url: database.into(), max_connections: 1, acquire_timeout: Duration::from_secs(5), lease_ttl: None };
    let store = Store::connect(&settings, Arc::new(SystemClock), Arc::new(OsEntropy)).await.unwrap();
    store.migrate().await.unwrap();
    for n in 0..leaders {
        let handle = format!("leader{n}");
        x.add_user(&handle, &handle).unwrap();
        for post in 0..POSTS_EACH {
            x.post(&handle, format!("{handle} writes number {post} about schools and roads.")).unwrap();
        }
        let handles = [("x".to_owned(), handle.clone())].into();
        store.create(NewLeader { name: handle, handles, ..NewLeader::default() }).await.unwrap();
    }
    store.close().await.unwrap();
}

async fn admin(url: &str) -> Amber {
    let token = admin_token(url, BOOTSTRAP, "admin").await;
    Amber::connect(Options::new(url).credentials(Credentials::admin_jwt(token))).await.unwrap()
}

async fn run(amber: &Amber, deadline: Instant) -> Run {
    let asked = amber.ingestion().trigger_ingestion(TriggerIngestionRequest::default()).await.unwrap();
    let run_id = asked.into_inner().run_id;
    loop {
        let request = GetRunRequest { run_id: run_id.clone() };
        let run = amber.ingestion().get_run(request).await.unwrap().into_inner().run.unwrap();
        match run.status() {
            RunStatus::Pending | RunStatus::Running => assert!(Instant::now() < deadline, "{run:?}"),
            RunStatus::Succeeded => return run,
            _ => panic!("{run:?}"),
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// A line of what Linux tells about the process, in KiB.
fn kib(program: &Program, name: &str) -> u32 {
    let status = fs::read_to_string(format!("/proc/{}/status", program.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
