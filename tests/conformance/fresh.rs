//! An empty database for one test, and a look into its tables that does not go through the store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use amber_server::domain::OsEntropy;
use amber_server::store::{Settings, Store};
use amber_tests::{Postgres, TestClock};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use tempfile::TempDir;
use tokio::time::timeout;

/// Every table of Amber.
pub(crate) const TABLES: [&str; 25] = [
    "leaders",
    "ingest_streams",
    "ingest_control",
    "ingest_runs",
    "ingest_tasks",
    "ingest_commits",
    "quarantine",
    "posts",
    "post_metrics",
    "review_items",
    "review_audit",
    "post_counts",
    "post_hashtags",
    "arrival_clock",
    "post_arrivals",
    "embed_tokens_used",
    "api_breakers",
    "api_budget",
    "api_calls",
    "api_reads",
    "dashboards",
    "api_clients",
    "embed_revocations",
    "embed_requests",
    "embed_audit",
];

/// A database with all tables and no rows.
pub(crate) struct Fresh {
    pub(crate) store: Store,
    pub(crate) clock: TestClock,
    pub(crate) raw: DatabaseConnection,
    _folder: Option<TempDir>,
}

/// Settings for a test. Many callers at once wait for a place for as long as a busy machine takes.
pub(crate) fn settings(url: &str) -> Settings {
    Settings { url: url.into(), max_connections: 8, acquire_timeout: Duration::from_secs(30), lease_ttl: None }
}

/// Opens the database at `url`.
pub(crate) async fn open(url: &str, clock: &TestClock) -> Store {
    let store = Store::connect(&settings(url), Arc::new(clock.clone()), Arc::new(OsEntropy)).await;
    store.expect("the database is there")
}

impl Fresh {
    /// A file of SQLite.
    pub(crate) async fn sqlite() -> Self {
        let folder = TempDir::new().expect("the folder for temporary files is writable");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("amber.db").display());
        Self::at(&url, Some(folder)).await
    }

    /// A database of PostgreSQL; None where it is not installed.
    pub(crate) async fn postgres() -> Option<Self> {
        let url = Postgres::shared()?.database().await;
        Some(Self::at(&url, None).await)
    }

    async fn at(url: &str, folder: Option<TempDir>) -> Self {
        let clock = TestClock::new();
        let store = open(url, &clock).await;
        store.migrate().await.expect("an empty database takes all tables");
        let raw = Database::connect(url).await.expect("the database is there");
        Self { store, clock, raw, _folder: folder }
    }

    /// The first column of a query, as text.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.raw.query_all_raw(Statement::from_string(self.raw.get_database_backend(), sql)).await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter().map(|row| row.try_get_by_index::<Option<String>>(0).unwrap().unwrap_or_default()).collect()
    }

    /// A count.
    pub(crate) async fn number(&self, sql: &str) -> u64 {
        let row = self.raw.query_one_raw(Statement::from_string(self.raw.get_database_backend(), sql)).await;
        let count: i64 = row.unwrap().expect("a count is one row").try_get_by_index(0).unwrap();
        u64::try_from(count).unwrap()
    }

    /// Changes rows behind the store's back and says how many.
    pub(crate) async fn change(&self, sql: &str) -> u64 {
        let changed = self.raw.execute_unprepared(sql).await;
        changed.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
    }

    /// Lets every lease run out, as if its worker had been frozen for longer than it lasts.
    pub(crate) async fn expire_leases(&self) {
        let expired = self.change("UPDATE ingest_streams SET lease_until = 1 WHERE lease_owner IS NOT NULL").await;
        assert!(expired > 0, "nothing was leased");
    }

    /// Waits until a statement of this database of PostgreSQL waits for another one.
    pub(crate) async fn somebody_waits_for_a_lock(&self) {
        let waits =
            "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        let wait = async { while self.number(waits).await == 0 {} };
        timeout(Duration::from_secs(6), wait).await.expect("nobody waits for a lock");
    }

    /// Every row of a table, as text, sorted.
    pub(crate) async fn rows(&self, table: &str) -> Vec<String> {
        let sql = if self.raw.get_database_backend() == DbBackend::Postgres {
            format!("SELECT CAST(t AS text) FROM {table} t")
        } else {
            let names = self.texts(&format!("SELECT name FROM pragma_table_info('{table}')")).await;
            let quoted: Vec<_> = names.iter().map(|name| format!("quote(\"{name}\")")).collect();
            format!("SELECT {} FROM {table}", quoted.join(" || '|' || "))
        };
        let mut rows = self.texts(&sql).await;
        rows.sort();
        rows
    }

    /// Every row of every table.
    pub(crate) async fn everything(&self) -> BTreeMap<&'static str, Vec<String>> {
        let mut tables = BTreeMap::new();
        for table in TABLES {
            tables.insert(table, self.rows(table).await);
        }
        tables
    }
}
