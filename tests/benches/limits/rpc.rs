//! What the limiter costs in the whole path of an RPC.

use std::time::Duration;

use amber_sdk::v1::ListLeadersRequest;
use amber_sdk::{Amber, Options, RetryPolicy};
use amber_tests::{Program, Redis};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::cost::{Cost, spread};
use crate::{Row, micros_per_call};

/// Turns that every server gets; the first one warms up and is not counted.
const TURNS: usize = 13;
/// Calls in a turn, and calls under way at a time.
const CALLS: usize = 1_500;
const AT_ONCE: usize = 50;
/// What each turn waits, so that the three of them take no more than the edge gives one address: 1,000 calls a second.
const PAUSE: Duration = Duration::from_millis(600);

struct Subject {
    name: &'static str,
    program: Program,
    amber: Amber,
    /// Processor time of a call in each turn, in microseconds.
    cost: Vec<f64>,
}

pub(crate) async fn measure(redis: &Redis) -> Vec<Row> {
    let folder = TempDir::new().unwrap();
    let mut subjects = Vec::new();
    for (name, redis, is_limited) in
        [("no limits", "", "false"), ("own limits", "", "true"), ("limits in Redis", &redis.url(), "true")]
    {
        let database = format!("sqlite://{}?mode=rwc", folder.path().join(name.replace(' ', "-")).display());
        let program = Program::serve([
            ("DATABASE_URL", database.as_str()),
            ("REDIS_URL", redis),
            ("RATE_LIMITING_ENABLED", is_limited),
            ("REQUESTS_PER_MINUTE", "1000000"),
            ("WINDOW_SECONDS", "1"),
            ("LISTEN_ADDR", "127.0.0.1:0"),
            ("ADMIN_JWT_SECRET", "bench-jwt-secret-zxcvbnm-lkjhgfds-qwertz"),
            ("RUST_LOG", "warn,amber_server::app=info"),
        ]);
        let program = program.unwrap();
        let amber = Amber::connect(Options::new(program.url()).retry(RetryPolicy::never())).await.unwrap();
        subjects.push(Subject { name, program, amber, cost: Vec::new() });
    }
    for turn in 0..TURNS {
        for subject in &mut subjects {
            tokio::time::sleep(PAUSE).await;
            let pids = [subject.program.pid(), redis.pid()];
            let before = pids.map(Cost::of);
            call(&subject.amber).await;
            if turn > 0 {
                subject.cost.push(micros_per_call(pids, &before, CALLS));
            }
        }
    }
    let costs: Vec<f64> = subjects.iter().map(|subject| spread(subject.cost.clone()).0).collect();
    for (subject, micros) in subjects.iter().zip(&costs) {
        println!("ListLeaders with {}: {micros:.1} us of processor time of the server and Redis", subject.name);
    }
    let row = |what: &str, ratio: f64| Row {
        what: format!("Processor time of an RPC with {what} to one without"),
        measured: format!("{ratio:.2}"),
        goal: "1.5",
        is_met: ratio <= 1.5,
    };
    vec![
        row("limits of the process", costs[1] / costs[0]),
        row("limits in Redis, its time included,", costs[2] / costs[0]),
    ]
}

async fn call(amber: &Amber) {
    let mut lanes = JoinSet::new();
    for _ in 0..AT_ONCE {
        let amber = amber.clone();
        lanes.spawn(async move {
            for _ in 0..CALLS / AT_ONCE {
                amber.leaders().list_leaders(ListLeadersRequest::default()).await.unwrap();
            }
        });
    }
    lanes.join_all().await;
}
