//! Measures the limiter: against other ways to ask Redis, in the whole path of an RPC, without Redis, and under ten million callers.
//!
//! What is compared runs in turns, so that a busy machine slows all of it, and processor time is what counts: that of this process,
//! of the server and of Redis together. The goals are for a release build: `just bench-limits`.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a stopwatch reads the real clock")]

mod calm;
#[path = "../issue/cost.rs"]
mod cost;
mod crowd;
mod rpc;
mod ways;

use std::num::NonZeroU32;
use std::process::ExitCode;
use std::time::Duration;

use amber_server::domain::{PolicyName, Quota};
use amber_server::rate_limit::{Identity, Policy, Settings};
use amber_server::redis::Place;
use amber_tests::Redis;

use crate::cost::Cost;

/// One measured number.
struct Row {
    what: String,
    measured: String,
    goal: &'static str,
    is_met: bool,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    amber_server::app::install_crypto();
    // First, so that what the others leave behind is not counted.
    let mut rows = crowd::measure();
    let Some(redis) = Redis::start() else { return ExitCode::FAILURE };
    rows.extend(ways::measure(&redis).await);
    rows.extend(rpc::measure(&redis).await);
    rows.extend(calm::measure(&redis).await);
    if cfg!(debug_assertions) {
        println!("This is no release build: the ratios say little.\n");
    }
    println!("| what | measured | goal |\n|---|---|---|");
    for Row { what, measured, goal, .. } in &rows {
        println!("| {what} | {measured} | {goal} |");
    }
    if rows.iter().all(|row| row.is_met) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What each of `calls` calls has cost the processes since then.
fn micros_per_call<const N: usize>(pids: [u32; N], before: &[Cost; N], calls: usize) -> f64 {
    let spent: Duration = pids.iter().zip(before).map(|(pid, before)| Cost::of(*pid).since(before)).sum();
    spent.as_secs_f64() * 1e6 / f64::from(u32::try_from(calls).unwrap())
}

/// A limit that nobody reaches.
fn plenty() -> Policy {
    policy(1_000_000, Duration::from_secs(1))
}

fn policy(permits: u32, window: Duration) -> Policy {
    let permits = NonZeroU32::new(permits).unwrap();
    Policy { name: PolicyName::Anonymous, quota: Quota { permits, window, burst: permits }, cost: 1 }
}

fn caller(n: usize) -> Identity {
    format!("user:caller-{n}").parse().unwrap()
}

fn settings(url: &str, budget: Duration) -> Settings {
    Settings { place: Place::new(&url.parse().unwrap()).unwrap(), budget }
}
