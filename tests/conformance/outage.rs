//! What a caller is told when the database is away, taken or broken.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use amber_server::domain::OsEntropy;
use amber_server::store::{Error, Leaders, Settings, Store, Vitals};
use amber_tests::{Postgres, TestClock};
use sea_orm::ConnectionTrait;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::fresh::{Fresh, open, settings};
use crate::sample::leader;

on_both_databases!(a_refused_statement_is_told_without_the_drivers_words, a_closed_store_is_unavailable);

async fn connect(settings: &Settings) -> Result<Store, Error> {
    Store::connect(settings, Arc::new(TestClock::new()), Arc::new(OsEntropy)).await
}

async fn a_refused_statement_is_told_without_the_drivers_words(fresh: Fresh) {
    fresh.raw.execute_unprepared("DROP TABLE post_counts").await.unwrap();
    let error = fresh.store.counts().await.unwrap_err();
    assert!(matches!(error, Error::Internal { .. }), "{error:?}");
    assert_eq!(error.to_string(), "the database refused a statement");
}

async fn a_closed_store_is_unavailable(fresh: Fresh) {
    fresh.store.ping().await.unwrap();
    fresh.store.close().await.unwrap();
    for error in [fresh.store.ping().await.unwrap_err(), Leaders::count(&fresh.store).await.unwrap_err()] {
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_dead_postgres_is_unavailable_within_the_time_limit() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgresql://amber:hunter2@127.0.0.1:{port}/amber");
    let settings = Settings { acquire_timeout: Duration::from_secs(1), ..settings(&url) };
    let start = Instant::now();
    let error = connect(&settings).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_millis(4_500), "{:?}", start.elapsed());
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert_eq!(error.to_string(), "the database is not available");
    assert!(!format!("{error:?} {settings:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_postgres_that_stops_is_unavailable() {
    let Some(postgres) = Postgres::start() else { return };
    let settings = settings(&postgres.database().await);
    let store = connect(&Settings { acquire_timeout: Duration::from_secs(5), ..settings }).await.unwrap();
    store.migrate().await.unwrap();
    leader(&store, "amber").await;
    drop(postgres);
    let start = Instant::now();
    let error = Leaders::count(&store).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert!(start.elapsed() < Duration::from_millis(9_500), "{:?}", start.elapsed());
}

#[tokio::test]
async fn two_replicas_may_migrate_at_once() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database().await;
    let (one, other) = (open(&url, &TestClock::new()).await, open(&url, &TestClock::new()).await);
    let (first, second) = tokio::join!(one.migrate(), other.migrate());
    first.unwrap();
    second.unwrap();
}

#[tokio::test]
async fn a_session_of_postgres_has_limits() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database().await;
    let store = open(&url, &TestClock::new()).await;
    store.migrate().await.unwrap();
    let blocker = sea_orm::Database::connect(&url).await.unwrap();
    let held = sea_orm::TransactionTrait::begin(&blocker).await.unwrap();
    held.execute_unprepared("LOCK TABLE leaders").await.unwrap();
    let error = Leaders::count(&store).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_second_store_on_one_file_is_refused_until_the_first_is_gone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("amber.db");
    let settings = settings(&format!("sqlite://{}?mode=rwc", path.display()));
    let first = connect(&settings).await.unwrap();
    let error = connect(&settings).await.unwrap_err();
    assert!(matches!(&error, Error::InUse { path: taken } if *taken == path), "{error:?}");
    drop(first);
    connect(&settings).await.unwrap();
}

#[tokio::test]
async fn a_database_in_memory_keeps_its_rows() {
    let store = open("sqlite::memory:", &TestClock::new()).await;
    store.migrate().await.unwrap();
    leader(&store, "amber").await;
    assert_eq!(store.clone().counts().await.unwrap().leaders, 1);
}
