//! Opens the database.

use std::ffi::OsString;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sea_orm::sqlx;
use sea_orm::sqlx::sqlite::SqliteJournalMode;
use sea_orm::{ConnectOptions, Database, DatabaseConnection, SqliteTransactionMode, TransactionOptions};
use secrecy::ExposeSecret;

use super::bounded::{Limits, Pool, Transaction, drop_dead};
use super::settings::Target;
use super::{Error, Settings};
use crate::domain::{Clock, Entropy};

/// How long a statement of SQLite waits for another writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Pages that each connection to SQLite keeps, as a negative number of KiB: the system caches the file for all of them.
const CACHE: &str = "-1024";

/// Limits of a PostgreSQL session, so that a worker that freezes inside a transaction cannot block the others.
const POSTGRES_LIMITS: [(&str, &str); 2] = [("statement_timeout", "10s"), ("lock_timeout", "5s")];

/// How long is waited for the answer to a statement of PostgreSQL: longer than PostgreSQL lets it run.
const ANSWER: Duration = Duration::from_secs(12);

/// How PostgreSQL finds out that the other end of a connection is gone, so that it lets go of what that had locked.
const POSTGRES_KEEPALIVE: [(&str, &str); 4] = [
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "30s"),
];

/// How long a PostgreSQL session may stand still inside a transaction of a process that has no leases.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(10);

/// The database. Clones share its connections.
#[derive(Clone)]
pub struct Store {
    pub(super) db: Pool,
    /// Where lines are added that nobody changes. An SQLite file has a connection for it, which remembers the ends of the
    /// tables and indexes; else it is `db`.
    pub(super) appender: Pool,
    pub(super) target: Target,
    pub(super) entropy: Arc<dyn Entropy>,
    clock: Arc<dyn Clock>,
    acquire_timeout: Duration,
    _lock: Option<Arc<File>>,
}

/// How many connections to the database there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Those that somebody uses.
    pub used: u32,
    /// Those that wait for somebody.
    pub idle: u32,
    /// The most that there may be.
    pub max: u32,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database. Its tables are made by [`Store::migrate`].
    ///
    /// # Errors
    /// [`Error::BadUrl`] for a URL that names no database, [`Error::InUse`] when another process has the SQLite file,
    /// [`Error::Unavailable`] when the database does not answer in time.
    pub async fn connect(settings: &Settings, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self, Error> {
        let target = settings.target()?;
        let lock = match &target {
            Target::File { path, .. } => Some(Arc::new(lock(path)?)),
            Target::Memory | Target::Postgres(_) => None,
        };
        let options = match target.clone() {
            Target::Memory => memory(settings.acquire_timeout),
            Target::File { path, create } => file(path, create, settings.max_connections, settings.acquire_timeout),
            Target::Postgres(url) => {
                let url = url.expose_secret();
                let mut options = options(url, settings.max_connections, settings.acquire_timeout);
                let idle = settings.lease_ttl.map_or(IDLE_IN_TRANSACTION, |ttl| ttl / 2);
                let idle = format!("{}ms", idle.as_millis().max(1));
                options.map_sqlx_postgres_opts(move |postgres| {
                    let limited = postgres.options(POSTGRES_LIMITS).options(POSTGRES_KEEPALIVE);
                    limited.options([("idle_in_transaction_session_timeout", &idle)])
                });
                options.test_before_acquire(false).map_sqlx_postgres_pool_opts(drop_dead);
                options
            }
        };
        let limits = match &target {
            Target::Postgres(_) => Some(Limits { acquire: settings.acquire_timeout, statement: ANSWER }),
            Target::Memory | Target::File { .. } => None,
        };
        let db = Pool::new(Database::connect(options).await?, limits);
        let db = if matches!(target, Target::File { .. }) { db.in_turns(BUSY_TIMEOUT) } else { db };
        let appender = match &target {
            Target::File { path, .. } => {
                let one = file(path.clone(), false, 1, settings.acquire_timeout);
                Pool::new(Database::connect(one).await?, limits)
            }
            Target::Memory | Target::Postgres(_) => db.clone(),
        };
        Ok(Self { db, appender, target, entropy, clock, acquire_timeout: settings.acquire_timeout, _lock: lock })
    }

    /// Closes all connections. Later calls find the database unavailable.
    ///
    /// # Errors
    /// When a connection cannot be closed.
    pub async fn close(&self) -> Result<(), Error> {
        self.appender.inner().close_by_ref().await?;
        Ok(self.db.inner().close_by_ref().await?)
    }

    /// How many connections there are.
    #[must_use]
    pub fn connections(&self) -> Connections {
        match self.target {
            Target::Postgres(_) => connections(self.db.inner().get_postgres_connection_pool()),
            Target::Memory | Target::File { .. } => connections(self.db.inner().get_sqlite_connection_pool()),
        }
    }

    /// Begins a transaction that writes. On SQLite it takes the writer's place at once, since a transaction that begins
    /// by reading cannot wait for it later.
    pub(super) async fn begin(&self) -> Result<Transaction, Error> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.db.begin(options).await?)
    }

    /// The present instant with the precision of the database.
    pub(super) fn now(&self) -> Timestamp {
        let micros = self.clock.now().as_microsecond();
        Timestamp::from_microsecond(micros).expect("fewer digits of a valid instant are a valid instant")
    }

    /// A single connection to PostgreSQL without limits of time: for migrations. PostgreSQL ends it when this process is gone.
    pub(super) async fn unlimited(&self, url: &str) -> Result<DatabaseConnection, Error> {
        let mut options = options(url, 1, self.acquire_timeout);
        options.map_sqlx_postgres_opts(|postgres| postgres.options(POSTGRES_KEEPALIVE));
        Ok(Database::connect(options).await?)
    }
}

fn connections<D: sqlx::Database>(pool: &sqlx::Pool<D>) -> Connections {
    let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
    Connections { used: pool.size().saturating_sub(idle), idle, max: pool.options().get_max_connections() }
}

fn options(url: &str, connections: u32, acquire_timeout: Duration) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections.max(1)).connect_timeout(acquire_timeout).acquire_timeout(acquire_timeout);
    options.sqlx_logging(false);
    options
}

/// A file does not go away as a server does, so its connections are not asked for a sign of life before each use.
fn file(path: PathBuf, create: bool, connections: u32, acquire_timeout: Duration) -> ConnectOptions {
    let mut options = options("sqlite://", connections, acquire_timeout);
    options.test_before_acquire(false);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .filename(&path)
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("cache_size", CACHE)
            .foreign_keys(true)
    });
    options
}

/// The one connection is the database: it must never be closed for being old or idle.
fn memory(acquire_timeout: Duration) -> ConnectOptions {
    let mut options = options("sqlite::memory:", 1, acquire_timeout);
    options.min_connections(1).idle_timeout(None).max_lifetime(None);
    options.map_sqlx_sqlite_opts(|sqlite| sqlite.foreign_keys(true));
    options
}

/// Claims an SQLite file for this process: a second one would run the same schedule on the same posts.
fn lock(database: &Path) -> Result<File, Error> {
    let mut name = OsString::from(database);
    name.push(".lock");
    let opened = OpenOptions::new().create(true).write(true).truncate(false).open(name);
    let file = opened.map_err(|source| Error::Unavailable { source: source.into() })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { path: database.to_owned() }),
        Err(TryLockError::Error(source)) => Err(Error::Unavailable { source: source.into() }),
    }
}
