//! Where the database is and how it may be used.

use std::time::Duration;

use secrecy::SecretString;

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `sqlite://path?mode=rwc`, `sqlite:///path`, `sqlite::memory:`, `postgres://...`, `postgresql://...` or
    /// `postgresql+psycopg2://...`.
    pub url: SecretString,
    /// The most connections at a time; a database in memory always has one.
    pub max_connections: u32,
    /// How long a caller waits for a connection.
    pub acquire_timeout: Duration,
}
