//! Where the database is and how it may be used.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::Error;

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
    /// How long a lease lasts without a heartbeat, where this process works off tasks: a session of PostgreSQL that
    /// stands still inside a transaction is ended after half of it.
    pub lease_ttl: Option<Duration>,
}

/// Which database the URL means.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// An SQLite database that goes with the process.
    Memory,
    /// An SQLite file.
    File {
        /// Where it is.
        path: PathBuf,
        /// Whether it may be made.
        create: bool,
    },
    /// A PostgreSQL server, as the driver wants its URL.
    Postgres(SecretString),
}

impl Settings {
    pub(super) fn target(&self) -> Result<Target, Error> {
        let url = self.url.expose_secret();
        let (scheme, rest) = url.split_once(':').ok_or(Error::BadUrl { reason: "it has no scheme" })?;
        // SQLAlchemy, whose URLs are common in deployments, names its driver after a plus sign.
        match scheme.split('+').next().unwrap_or(scheme) {
            "sqlite" => sqlite(rest),
            "postgres" | "postgresql" => Ok(Target::Postgres(format!("postgres:{rest}").into())),
            _ => Err(Error::BadUrl { reason: "its scheme is neither sqlite nor postgres" }),
        }
    }
}

fn sqlite(rest: &str) -> Result<Target, Error> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = path.strip_prefix("//").unwrap_or(path);
    if path == ":memory:" {
        return Ok(Target::Memory);
    }
    if path.is_empty() {
        return Err(Error::BadUrl { reason: "it names no file" });
    }
    let create = match query {
        "" | "mode=rwc" => true,
        "mode=rw" => false,
        _ => return Err(Error::BadUrl { reason: "SQLite knows mode=rwc and mode=rw only" }),
    };
    Ok(Target::File { path: PathBuf::from(path), create })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Target, Error> {
        let settings =
            Settings { url: url.into(), max_connections: 1, acquire_timeout: Duration::ZERO, lease_ttl: None };
        settings.target()
    }

    #[test]
    fn a_path_is_taken_as_it_stands() {
        for (url, expected, may_create) in [
            ("sqlite://amber.db?mode=rwc", "amber.db", true),
            ("sqlite:///var/lib/amber.db", "/var/lib/amber.db", true),
            ("sqlite:amber.db?mode=rw", "amber.db", false),
        ] {
            let Ok(Target::File { path, create }) = target(url) else { panic!("{url}") };
            assert_eq!((path, create), (PathBuf::from(expected), may_create), "{url}");
        }
        assert!(matches!(target("sqlite::memory:"), Ok(Target::Memory)));
        assert!(matches!(target("sqlite://:memory:"), Ok(Target::Memory)));
    }

    #[test]
    fn every_spelling_of_postgres_becomes_the_drivers() {
        for url in ["postgres://u:p@h/db", "postgresql://u:p@h/db", "postgresql+psycopg2://u:p@h/db"] {
            let Ok(Target::Postgres(driver)) = target(url) else { panic!("{url}") };
            assert_eq!(driver.expose_secret(), "postgres://u:p@h/db");
        }
    }

    #[test]
    fn a_refusal_does_not_repeat_the_url() {
        for url in ["mysql://u:hunter2@h/db", "hunter2", "sqlite://", "sqlite://hunter2?mode=ro"] {
            let error = target(url).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
