//! Measures what a token costs: the processor time per `IssueEmbedToken`, with authentication, limit, metrics and audit on,
//! against a bare tonic server that echoes an answer of the same size; and the JSON route against a bare axum one. Bare servers
//! that commit a line of the audit before they answer, and do nothing else of what Amber does, tell how much of it that is.
//!
//! All servers are processes of their own, asked in turns by the same client, so that a busy machine slows all of them.
//! The goal, at most twice the time of the bare server, is for a release build: `just bench`.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]

mod caller;
mod cost;
mod echo;
mod line;

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use amber_tests::{Postgres, Program};
use tempfile::TempDir;
use tokio::time::{Instant, sleep_until};

use caller::{Caller, Manner};
use cost::{Cost, spread};
use echo::Echo;

/// Rounds, in each of which every server gets a turn; the first one warms up and is not counted.
const ROUNDS: usize = 10;
/// Calls in a turn.
const CALLS: u32 = 2_000;
/// From the end of a turn to the next one of the same server: then the guard at its edge, which lets one address make 1,000
/// calls a second and has room for 2,000, lets a whole turn pass again.
const REST: Duration = Duration::from_secs(2);
const MOST: f64 = 2.0;

/// A server that is measured.
struct Subject {
    name: String,
    pid: u32,
    caller: Caller,
    /// Whether it is to meet the goal.
    is_amber: bool,
    /// Microseconds of processor time per call, for each round.
    micros: Vec<f64>,
    rested_at: Instant,
}

impl Subject {
    fn new(name: String, pid: u32, caller: Caller, is_amber: bool) -> Self {
        Self { name, pid, caller, is_amber, micros: Vec::new(), rested_at: Instant::now() + REST }
    }

    async fn bare(name: String, manner: Manner, echo: &Echo) -> Self {
        Self::new(name, echo.pid(), Caller::to(manner, echo.url()).await, false)
    }

    async fn turn(&mut self) {
        sleep_until(self.rested_at).await;
        let before = Cost::of(self.pid);
        self.caller.call(CALLS).await;
        self.rested_at = Instant::now() + REST;
        let took = Cost::of(self.pid).since(&before);
        self.micros.push(took.as_secs_f64() * 1e6 / f64::from(CALLS));
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    if let [kind, answer, database] = &env::args().skip(1).collect::<Vec<_>>()[..] {
        echo::serve(kind, answer, database).await;
        return ExitCode::SUCCESS;
    }
    let folder = TempDir::new().unwrap();
    let sqlite = |name: &str| format!("sqlite://{}?mode=rwc", folder.path().join(name).display());
    let mut sides = vec![Side { name: "SQLite", amber: serve(&sqlite("amber.db")), lines: sqlite("lines.db") }];
    match Postgres::shared() {
        Some(postgres) => sides.push(Side {
            name: "PostgreSQL",
            amber: serve(&postgres.database().await),
            lines: postgres.database().await,
        }),
        None => println!("PostgreSQL is not installed, so only SQLite is measured.\n"),
    }
    let mut is_met = true;
    println!(
        "| call | server | processor time per call | times the bare one (in each round) | goal |\n|---|---|---|---|---|"
    );
    for manner in [Manner::Rpc, Manner::Json] {
        is_met &= compare(manner, &sides).await;
    }
    if cfg!(debug_assertions) {
        println!("\nThis is no release build: the ratios say little.");
    }
    if is_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Amber with everything on, and limits that are never reached.
fn serve(database: &str) -> Program {
    let started = Program::serve([
        ("DATABASE_URL", database),
        ("LISTEN_ADDR", "127.0.0.1:0"),
        ("ADMIN_JWT_SECRET", "bench-jwt-secret-zxcvbnm-lkjhgfds-qwertz"),
        ("ADMIN_API_KEY", caller::API_KEY),
        ("EMBED_ENABLED", "true"),
        ("EMBED_SIGNING_KEY", "bench-signing-key-poiuytrewq-lkjhgfdsa-3"),
        ("EMBED_ALLOWED_ORIGINS", "https://partner.example"),
        ("EMBED_RATE_LIMIT_REQUESTS", "1000000"),
        ("REQUESTS_PER_MINUTE", "1000000"),
        ("RUST_LOG", "warn,amber_server::app=info"),
    ]);
    started.unwrap()
}

/// A database.
struct Side {
    name: &'static str,
    /// Amber on it.
    amber: Program,
    /// Another one of its kind, for the lines of a bare server.
    lines: String,
}

/// Measures one manner of calling in turns; false when a goal is missed.
async fn compare(manner: Manner, sides: &[Side]) -> bool {
    let answer = Caller::to(manner, sides[0].amber.url()).await.answer().await;
    let echo = Echo::start(manner, &answer, None);
    let mut subjects = vec![Subject::bare(manner.bare().to_owned(), manner, &echo).await];
    let mut writers = Vec::new();
    for Side { name, amber, lines } in sides {
        let writer = Echo::start(manner, &answer, Some(lines));
        subjects.push(Subject::bare(format!("{} with a line in {name}", manner.bare()), manner, &writer).await);
        let caller = Caller::to(manner, amber.url()).await;
        subjects.push(Subject::new(format!("Amber on {name}"), amber.pid(), caller, true));
        writers.push(writer);
    }
    for _ in 0..ROUNDS {
        for subject in &mut subjects {
            subject.turn().await;
        }
    }
    let bare = subjects[0].micros[1..].to_vec();
    let mut is_met = true;
    for Subject { name, micros, is_amber, .. } in &subjects {
        // A round is short, so that what else the machine does falls on all of its turns alike.
        let ratios = micros[1..].iter().zip(&bare).map(|(micros, bare)| micros / bare);
        let (ratio, least, greatest) = spread(ratios.collect());
        let (micros, ..) = spread(micros[1..].to_vec());
        println!(
            "| {} | {name} | {micros:.0} us | {ratio:.2} ({least:.2} to {greatest:.2}) | {} |",
            manner.name(),
            if *is_amber { MOST.to_string() } else { String::new() }
        );
        is_met &= !is_amber || ratio <= MOST;
    }
    is_met
}
