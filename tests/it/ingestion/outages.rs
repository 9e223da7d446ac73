//! X refuses or fails: it is left in peace as long as it asks for, asked again when that helps, and nothing is lost.

use std::time::Duration;

use amber_sdk::v1::{CircuitBreakerState, RunStatus};
use amber_server::sandbox::Fault;
use amber_tests::Backend;
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use tokio::time::{sleep, timeout};

use crate::stage::{PATIENCE, Stage, end_of, on_both_databases, run, succeeded};

on_both_databases! {
    x_is_not_asked_again_before_the_time_it_named,
    a_failure_that_passes_is_not_seen_outside,
    the_breaker_opens_after_five_failed_calls,
    a_run_that_fails_at_any_request_loses_nothing,
}

/// Lets every row of `table` be refused as by a PostgreSQL whose disk is full.
fn full_disk(table: &str) -> [String; 2] {
    let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
        $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END $$";
    [refuse.to_owned(), format!("CREATE TRIGGER full_disk BEFORE INSERT ON {table} EXECUTE FUNCTION refuse()")]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_stored_is_not_fetched_again_and_again() {
    for table in ["posts", "api_calls"] {
        let Some(stage) = Stage::on(Backend::Postgres).await else { return };
        stage.add("ada").await;
        succeeded(&stage.run().await);
        stage.write("ada", 3);
        let database = Database::connect(stage.server.database()).await.unwrap();
        for statement in full_disk(table) {
            database.execute_unprepared(&statement).await.unwrap();
        }
        let before = stage.requests();
        let run = stage.ask().await;
        sleep(Duration::from_secs(4)).await;
        let asked = stage.requests() - before;
        assert!(asked <= 5, "{asked} requests in four seconds, of which nothing could be stored");
        let row = Statement::from_string(DbBackend::Postgres, "SELECT MAX(lease_epoch) FROM ingest_streams");
        let claims: i64 = database.query_one_raw(row).await.unwrap().unwrap().try_get_by_index(0).unwrap();
        assert!((2..=6).contains(&claims), "{table}: {claims} claims, two of them at least for this run");

        database.execute_unprepared("DROP FUNCTION refuse CASCADE").await.unwrap();
        assert_eq!(succeeded(&end_of(&stage.amber, &run).await).inserted, 3);
        stage.assert_complete(&["ada"]).await;
    }
}

/// Every attempt of one call.
const ATTEMPTS: usize = 7;

fn broken() -> Fault {
    Fault::Status(503, "{}".to_owned())
}

async fn x_is_not_asked_again_before_the_time_it_named(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    succeeded(&stage.run().await);
    stage.write("ada", 3);
    let before = stage.requests();
    let wait = Duration::from_mins(10);
    stage.x.fail_next(1, Fault::RateLimited { retry_after: Some(wait), reset: None });
    let waiting = stage.ask().await;
    let told = async {
        loop {
            if let Some(until) = stage.status().await.rate_limited_until {
                return until.seconds;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let until = timeout(PATIENCE, told).await.expect("the rest is told");
    let asked = stage.requests();
    assert_eq!(asked - before, 1, "a refusal is not retried");
    let now = amber_server::domain::Clock::now(&stage.server.clock).as_second();
    assert!((599..=603).contains(&(until - now)), "{}", until - now);
    assert_eq!(stage.metrics().await.ingestion_rate_limited, i64::try_from(asked - before).unwrap());
    for _ in 0..3 {
        stage.advance(Duration::from_mins(3));
        assert_eq!(stage.ask().await, waiting, "the run is still open, and an equal one is that one");
        sleep(Duration::from_millis(1_200)).await;
        assert!(matches!(run(&stage.amber, &waiting).await.status(), RunStatus::Running | RunStatus::Pending));
    }
    assert_eq!(stage.requests(), asked, "X hears nothing before the time");
    assert_eq!(stage.status().await.circuit_breaker.unwrap().consecutive_failures, 0, "a refusal is no outage");

    stage.advance(Duration::from_mins(2));
    assert_eq!(succeeded(&end_of(&stage.amber, &waiting).await).inserted, 3);
    assert_eq!(stage.status().await.rate_limited_until, None);
    stage.assert_complete(&["ada"]).await;
}

async fn a_failure_that_passes_is_not_seen_outside(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    stage.write("ada", 4);
    let faults = [broken(), Fault::Reset, Fault::BrokenJson, Fault::Html, Fault::EmptyBody];
    for fault in &faults {
        stage.x.fail_next(1, fault.clone());
    }
    assert_eq!(succeeded(&stage.run().await).inserted, 4);
    assert_eq!(stage.requests(), faults.len() + 2, "each failure costs one request more");
    let breaker = stage.status().await.circuit_breaker.unwrap();
    assert_eq!((breaker.state(), breaker.consecutive_failures), (CircuitBreakerState::Closed, 0));
    stage.assert_complete(&["ada"]).await;
}

async fn the_breaker_opens_after_five_failed_calls(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    for n in 0..9 {
        stage.add(&format!("leader{n}")).await;
    }
    succeeded(&stage.run().await);
    let before = stage.requests();
    stage.x.fail_next(1_000, broken());
    assert_eq!(stage.run().await.status(), RunStatus::Failed);
    let asked = stage.requests() - before;
    // Four leaders are read at once: three more calls can be under way when the fifth fails.
    assert!((5 * ATTEMPTS..=8 * ATTEMPTS).contains(&asked), "{asked}");
    let breaker = stage.status().await.circuit_breaker.unwrap();
    assert_eq!(breaker.state(), CircuitBreakerState::Open);
    let open_for = breaker.open_for.expect("the rest is told").seconds;
    assert!((270..=300).contains(&open_for), "{open_for}");

    let refused = stage.run().await;
    assert_eq!(refused.status(), RunStatus::Failed);
    assert!(refused.error.contains("too often"), "{refused:?}");
    assert_eq!(stage.requests() - before, asked, "an open breaker lets nothing through");
    let health: serde_json::Value =
        stage.server.http.get(stage.server.url("/api/health")).send().await.unwrap().json().await.unwrap();
    assert_eq!(health["checks"]["ingestion_scheduler"]["circuit_breaker_state"], "open", "{health}");
    assert_eq!(health["status"], "ok", "an outage of X is not one of Amber");
}

async fn a_run_that_fails_at_any_request_loses_nothing(backend: Backend) {
    let Some(mut stage) = Stage::with(backend, |builder| builder.env("X_INGEST_LIMIT", "100")).await else { return };
    let mut folder = None;
    stage.add("ada").await;
    stage.write("ada", 8);
    succeeded(&stage.run().await);
    // A round makes a head request and four or so in the gap; each round fails one request later than the last one.
    for fine in 0..5 {
        stage.advance(Duration::from_hours(2));
        stage.write("ada", 9);
        for _ in 0..fine {
            stage.x.fail_next(1, Fault::ShortPageWithToken);
        }
        stage.x.fail_next(ATTEMPTS, broken());
        let run = stage.run().await;
        assert_ne!(run.status(), RunStatus::Succeeded, "{fine}: {run:?}");
        // The next process on the same data, without what this one remembers.
        let twin = stage.server.twin();
        folder = stage.server.stop().await.or(folder);
        let server = twin.start().await;
        let amber = server.sdk_as_admin().await;
        stage = Stage { server, amber, ..stage };
        if fine % 2 == 1 {
            stage.run_dry().await;
            stage.assert_complete(&["ada"]).await;
        }
    }
    stage.run_dry().await;
    stage.assert_complete(&["ada"]).await;
    drop(folder);
}
