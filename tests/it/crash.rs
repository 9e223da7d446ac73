//! Processes that end in the middle of their work: what they leave is picked up without a loss.

use std::time::Duration;

use amber_sdk::v1::{RunStatus, TriggerIngestionRequest};
use amber_sdk::{Amber, Credentials, Options};
use amber_server::domain::SystemClock;
use amber_server::sandbox::Fault;
use amber_tests::{Backend, FakeXApi, Postgres, Program, admin_token};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::stage::{Stage, assert_complete, end_of, on_both_databases, run, succeeded};

on_both_databases! {
    a_process_killed_at_any_moment_loses_and_doubles_nothing,
    a_run_under_way_at_the_stop_goes_on_after_the_next_start,
}

const BOOTSTRAP: &str = "crash-test-bootstrap-4f5d6s7a8q9w0e1r";
const JWT_SECRET: &str = "crash-test-jwt-secret-zxcvbnm-lkjhgfds-1";

/// The program as a process of its own, with a client of it; it is killed, never stopped.
struct Process {
    program: Program,
    amber: Amber,
}

impl Process {
    /// Starts the program and waits until it listens.
    async fn start(database: &str, x: &FakeXApi) -> Self {
        let url = x.url();
        let program = Program::serve([
            ("DATABASE_URL", database),
            ("LISTEN_ADDR", "127.0.0.1:0"),
            ("ADMIN_JWT_SECRET", JWT_SECRET),
            ("ADMIN_BOOTSTRAP_SECRET", BOOTSTRAP),
            ("RATE_LIMITING_ENABLED", "false"),
            ("X_INGEST_LIMIT", "30"),
            ("X_INGEST_LEASE_SECONDS", "2"),
            ("X_BACKFILL_COUNT", "30"),
            ("X_INGEST_OVERLAP_MINUTES", "0"),
            ("X_API_BASE_URL", url.as_str()),
            ("X_API_BEARER", FakeXApi::bearer()),
            ("RUST_LOG", "warn,amber_server::app=info"),
        ])
        .expect("it listens");
        let token = admin_token(program.url(), BOOTSTRAP, "admin").await;
        let options = Options::new(program.url()).credentials(Credentials::admin_jwt(token));
        let amber = Amber::connect(options).await.expect("it listens");
        Self { program, amber }
    }

    async fn trigger(&self, backfill: bool) -> String {
        let request = TriggerIngestionRequest { backfill, ..Default::default() };
        self.amber.ingestion().trigger_ingestion(request).await.expect("runs are taken").into_inner().run_id
    }
}

/// How many processes are killed on each database.
const KILLS: usize = 12;

async fn a_process_killed_at_any_moment_loses_and_doubles_nothing(backend: Backend) {
    let folder = TempDir::new().expect("the folder for temporary files is writable");
    let database = match backend {
        Backend::Sqlite => format!("sqlite://{}?mode=rwc", folder.path().join("amber.db").display()),
        Backend::Postgres => {
            let Some(postgres) = Postgres::shared() else { return };
            postgres.database().await
        }
    };
    let x = FakeXApi::start(SystemClock).await;
    let handles = ["ada", "bob"];
    let post = |handle: &str, count: usize| {
        for n in 0..count {
            x.post(handle, format!("{handle} writes number {n}.")).unwrap();
        }
    };
    let first = Process::start(&database, &x).await;
    for handle in handles {
        x.add_user(handle, handle).unwrap();
        post(handle, 40);
        let handles = [("x".to_owned(), handle.to_owned())].into();
        let leader = amber_sdk::v1::CreateLeaderRequest { name: handle.to_owned(), handles, ..Default::default() };
        first.amber.leaders().create_leader(leader).await.expect("the leader is valid");
    }
    drop(first);
    let mut killed = Vec::new();
    for kill in 0..KILLS {
        let process = Process::start(&database, &x).await;
        for handle in handles {
            post(handle, 25);
        }
        // Answers of a few milliseconds and short pages stretch the run; each process gets further than the last.
        let before = x.requests().len();
        for _ in 0..8 {
            x.fail_next(1, Fault::Slow(Duration::from_millis(3)));
            x.fail_next(1, Fault::ShortPageWithToken);
        }
        let run_id = process.trigger(kill % 3 == 2).await;
        let gets_far = async {
            while x.requests().len() <= before + kill / 3 {
                sleep(Duration::from_micros(200)).await;
            }
        };
        // Of a run that an earlier process began, too little may be left.
        tokio::select! {
            () = gets_far => (),
            _ = end_of(&process.amber, &run_id) => (),
        }
        killed.push(run_id);
        // Every other one dies while it stores a page, not while it waits for one.
        sleep(Duration::from_millis(if kill % 2 == 0 { 0 } else { 5 })).await;
        process.program.kill();
    }
    let last = Process::start(&database, &x).await;
    for backfill in [false, true] {
        while succeeded(&end_of(&last.amber, &last.trigger(backfill).await).await).inserted > 0 {}
    }
    assert_complete(&x, &last.amber, &handles).await;
    for run_id in killed {
        succeeded(&end_of(&last.amber, &run_id).await);
    }
}

async fn a_run_under_way_at_the_stop_goes_on_after_the_next_start(backend: Backend) {
    let Some(stage) = Stage::with(backend, |builder| builder.env("X_INGEST_LIMIT", "50")).await else { return };
    stage.add("ada").await;
    stage.write("ada", 5);
    succeeded(&stage.run().await);
    stage.advance(Duration::from_hours(2));
    stage.write("ada", 12);
    let before = stage.requests();
    stage.x.fail_next(1, Fault::ShortPageWithToken);
    stage.x.fail_next(1, Fault::Slow(Duration::from_mins(5)));
    let request = TriggerIngestionRequest::default();
    let under_way = stage.amber.ingestion().trigger_ingestion(request).await.unwrap().into_inner().run_id;
    let hangs = async {
        while stage.requests() < before + 2 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), hangs).await.expect("the run goes as far as the slow answer");
    assert_eq!(run(&stage.amber, &under_way).await.status(), RunStatus::Running);
    let waits = TriggerIngestionRequest { backfill: true, ..Default::default() };
    let waiting = stage.amber.ingestion().trigger_ingestion(waits).await.unwrap().into_inner().run_id;
    assert_eq!(run(&stage.amber, &waiting).await.status(), RunStatus::Pending);

    let Stage { x, server, amber } = stage;
    drop(amber);
    let twin = server.twin();
    let stopped = timeout(Duration::from_secs(10), server.stop()).await;
    let _folder = stopped.expect("a stop does not wait for X");
    let server = twin.start().await;
    let amber = server.sdk_as_admin().await;
    let stage = Stage { x, server, amber };
    for run_id in [under_way, waiting] {
        succeeded(&end_of(&stage.amber, &run_id).await);
    }
    stage.run_dry().await;
    stage.assert_complete(&["ada"]).await;
}
