//! What becomes of a server of which a task of the background panics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use amber_sdk::v1::{GetHealthRequest, HealthStatus, RunStatus};
use amber_server::app::{self, Core, Server, World};
use amber_server::config::{Config, MapEnv};
use amber_server::domain::{Background, Entropy, SystemClock};
use amber_server::sandbox::Fault;
use amber_tests::{Backend, Builder, Hasty};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::resources::measured;
use crate::stage::{PATIENCE, Stage};
use crate::wire::Answer;

/// The bytes from which a fraction between 0 and 1 is made.
const FRACTION: usize = 4;
const PANICS: &str = "amber_background_task_panics_total";

/// Chance that panics at the next fraction once it is set. The age of connections is such a fraction, so there is none.
#[derive(Debug, Clone, Default)]
struct Trap(Arc<AtomicBool>);

impl Trap {
    fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Entropy for Trap {
    fn fill(&self, bytes: &mut [u8]) {
        assert!(bytes.len() != FRACTION || !self.0.swap(false, Ordering::SeqCst), "hunter2 was in the way");
        Hasty.fill(bytes);
    }
}

async fn stage(set: impl FnOnce(Builder) -> Builder) -> (Stage, Trap) {
    let trap = Trap::default();
    let set = |builder: Builder| set(builder.entropy(trap.clone()).env("MAX_CONNECTION_AGE_SECONDS", "0"));
    let stage = Stage::with(Backend::Sqlite, set).await.expect("SQLite is always there");
    (stage, trap)
}

async fn health(stage: &Stage) -> (u16, Value) {
    let answer = Answer::to(stage.server.http.get(stage.server.url("/api/health"))).await;
    (answer.status, answer.json())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheduler_that_panics_is_told_counted_and_at_work_again() {
    let scheduled = |builder: Builder| builder.env("X_INGEST_ENABLED", "true").env("X_INGEST_INTERVAL_MINUTES", "30");
    let (stage, trap) = stage(scheduled).await;
    stage.runs_are(1).await;
    let (status, before) = health(&stage).await;
    assert_eq!((status, &before["status"]), (200, &json!("ok")));
    assert_eq!(before["checks"]["background_tasks"], json!({ "status": "ok", "down": [], "restarts": 0 }));

    // It draws how much later than due it looks, after each run that it opens.
    trap.set();
    stage.advance(Duration::from_mins(31));
    let restarted = async {
        loop {
            let (status, report) = health(&stage).await;
            assert_eq!(status, 200, "calls are served: {report}");
            let tasks = &report["checks"]["background_tasks"];
            if tasks["down"] == json!(["scheduler"]) {
                assert_eq!((&report["status"], &tasks["status"]), (&json!("degraded"), &json!("error")));
                assert_eq!(report["checks"]["ingestion_scheduler"]["status"], "stopped");
            }
            if tasks["restarts"] == 1 && report["checks"]["ingestion_scheduler"]["status"] == "ok" {
                return report;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    let report = timeout(PATIENCE, restarted).await.expect("it is started again");
    assert_eq!(report["status"], "ok");
    assert_eq!(measured(&stage.server, &format!("{PANICS}{{task=\"scheduler\"}}")).await, Some(1.0));
    let told = stage.amber.health().get_health(GetHealthRequest {}).await.unwrap().into_inner();
    assert_eq!((told.status(), told.background_tasks.unwrap().restarts), (HealthStatus::Ok, 1));

    stage.runs_are(2).await;
    stage.advance(Duration::from_mins(31));
    stage.runs_are(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_at_whom_the_reading_panics_keeps_it_from_no_other() {
    let (stage, trap) = stage(|builder| builder).await;
    for handle in ["ada", "bob", "cleo"] {
        stage.add(handle).await;
        stage.write(handle, 3);
    }
    // It draws how long to wait before the next try.
    trap.set();
    stage.x.fail_next(1, Fault::Status(503, "{}".to_owned()));
    let run = stage.run().await;
    assert_eq!(run.status(), RunStatus::Partial, "{run:?}");
    assert!(run.error.contains("a defect of Amber") && !run.error.contains("hunter2"), "{}", run.error);
    assert_eq!(measured(&stage.server, &format!("{PANICS}{{task=\"ingestion\"}}")).await, Some(1.0));
    assert_eq!(health(&stage).await.1["status"], "ok");

    stage.run().await;
    stage.assert_complete(&["ada", "bob", "cleo"]).await;
}

#[tokio::test]
async fn a_listener_that_panics_ends_the_server_with_an_error() {
    app::install_crypto();
    let trap = Trap::default();
    let env = MapEnv::default()
        .with("DATABASE_URL", "sqlite::memory:")
        .with("ADMIN_JWT_SECRET", "an-admin-secret-0123456789-abcdefgh")
        .with("SHUTDOWN_DEADLINE_SECONDS", "1");
    let config = Config::load(&env).expect("a valid configuration").config;
    let world = World { clock: Arc::new(SystemClock), entropy: Arc::new(trap.clone()) };
    let core = Core::build(&config, &world).await.expect("every part");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::start(&config, &world, core, listener, None).await.expect("a server");
    let address = server.address();
    let stop = CancellationToken::new();
    let call = async {
        trap.set();
        // It draws the age of the connection.
        let _held = TcpStream::connect(address).await.expect("the server listens");
        std::future::pending::<()>().await;
    };
    let outcome = tokio::select! {
        ended = timeout(PATIENCE, server.serve_until(&stop)) => ended.expect("the server ends"),
        () = call => unreachable!("it waits for ever"),
    };
    assert!(matches!(outcome, Err(app::Error::Panicked { task: Background::Listener })), "{outcome:?}");
}
