//! Measures the store against the database's own COPY, and the feed at depth against the feed at the top: `just bench`.
//!
//! Both sides of each ratio run in turns on one PostgreSQL over its Unix socket, with `fsync` on, so that a busy machine
//! slows both. A gate that is missed fails the run; a goal is for a quiet machine.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a stopwatch reads the real clock")]

mod claims;
mod feed;
mod made_up;
mod pages;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use amber_server::domain::{OsEntropy, SystemClock};
use amber_server::store::{Settings, Store};
use amber_tests::Postgres;

/// One measured number.
struct Row {
    what: String,
    measured: String,
    goal: &'static str,
    is_met: bool,
}

const SETTINGS: &[&str] =
    &["fsync=on", "full_page_writes=on", "shared_buffers=256MB", "shared_preload_libraries=pg_stat_statements"];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let Some(postgres) = Postgres::start_with(SETTINGS) else { return ExitCode::FAILURE };
    let mut rows = feed::measure(&postgres).await;
    rows.extend(claims::measure(&postgres).await);
    rows.extend(pages::measure(&postgres).await);
    if cfg!(debug_assertions) {
        println!("This is no release build: the ratios to COPY say little.\n");
    }
    println!("| what | measured | goal |\n|---|---|---|");
    for Row { what, measured, goal, .. } in &rows {
        println!("| {what} | {measured} | {goal} |");
    }
    if rows.iter().all(|row| row.is_met) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A new database with all tables, and its address.
async fn fresh(postgres: &Postgres) -> (Store, String) {
    let url = postgres.by_socket(&postgres.database().await);
    let settings = Settings {
        url: url.as_str().into(),
        max_connections: 4,
        acquire_timeout: Duration::from_secs(5),
        lease_ttl: None,
    };
    let store = Store::connect(&settings, Arc::new(SystemClock), Arc::new(OsEntropy)).await.unwrap();
    store.migrate().await.unwrap();
    (store, url)
}
