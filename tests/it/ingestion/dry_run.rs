//! A dry run: it reads X, and writes nothing but its own record and what it asked of X.

use std::collections::BTreeMap;

use amber_sdk::v1::TriggerIngestionRequest;
use amber_server::sandbox::Fault;
use amber_tests::Backend;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

use crate::stage::{Stage, on_both_databases, succeeded};

on_both_databases! { a_dry_run_leaves_every_table_as_it_was }

/// The record of the run itself, and what X was asked and will bill.
const OF_THE_RUN: [&str; 5] = ["ingest_runs", "api_budget", "api_breakers", "api_calls", "api_reads"];

/// Who reads a leader is not how far it is read.
const OF_THE_LEASE: [&str; 3] = ["lease_owner", "lease_epoch", "lease_until"];

async fn a_dry_run_leaves_every_table_as_it_was(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    let written = stage.write("ada", 4);
    succeeded(&stage.run().await);
    stage.x.edit(written[1], "Now it is right.").unwrap();
    stage.write("ada", 3);
    // Nobody has looked him up so far.
    stage.add("bob").await;
    stage.write("bob", 3);
    stage.x.fail_next(1, Fault::MalformedRecord);

    let before = everything(&stage.server.database()).await;
    let request = TriggerIngestionRequest { dry_run: true, backfill: true, ..Default::default() };
    let counted = succeeded(&stage.run_as(request).await);
    // One edited post, six new ones, of which any may be the broken record, and three that are known already.
    assert_eq!((counted.inserted + counted.updated, counted.quarantined, counted.unchanged), (6, 1, 3), "{counted:?}");
    let after = everything(&stage.server.database()).await;
    for (table, rows) in &before {
        assert_eq!(rows, &after[table], "{table}");
    }
    assert!(before["posts"].len() == 4 && before["leaders"].len() == 2, "there was something to change");
}

/// Every row of every table, as text.
async fn everything(url: &str) -> BTreeMap<String, Vec<String>> {
    let database = Database::connect(url).await.unwrap();
    let tables = match database.get_database_backend() {
        DbBackend::Postgres => "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
        _ => "SELECT name FROM sqlite_master WHERE type = 'table'",
    };
    let mut all = BTreeMap::new();
    for table in texts(&database, tables).await {
        if !OF_THE_RUN.contains(&table.as_str()) {
            let rows = rows(&database, &table).await;
            all.insert(table, rows);
        }
    }
    database.close().await.unwrap();
    all
}

async fn rows(database: &DatabaseConnection, table: &str) -> Vec<String> {
    let columns = match database.get_database_backend() {
        DbBackend::Postgres => {
            format!("SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY 1")
        }
        _ => format!("SELECT name FROM pragma_table_info('{table}') ORDER BY 1"),
    };
    let columns = texts(database, &columns).await;
    let shown = columns.iter().filter(|column| !OF_THE_LEASE.contains(&column.as_str()));
    let shown: Vec<_> = match database.get_database_backend() {
        DbBackend::Postgres => shown.map(|column| format!("COALESCE(CAST(\"{column}\" AS text), 'NULL')")).collect(),
        _ => shown.map(|column| format!("quote(\"{column}\")")).collect(),
    };
    let mut rows = texts(database, &format!("SELECT {} FROM {table}", shown.join(" || '|' || "))).await;
    rows.sort();
    rows
}

/// The first column of a query.
async fn texts(database: &DatabaseConnection, sql: &str) -> Vec<String> {
    let rows = database.query_all_raw(Statement::from_string(database.get_database_backend(), sql)).await;
    let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}
