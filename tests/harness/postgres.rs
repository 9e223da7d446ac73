//! A disposable PostgreSQL cluster from the installed programs, with a fresh database for each test.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, Database};

use crate::guarded::{Guarded, Server, free_port, new_home};
use crate::tools::{folder_with, program_folders, report_missing, setting};

/// Names a disposable cluster that already runs, such as `postgres://amber@127.0.0.1:5432`. It is set by `tests/run`,
/// because a runner that gives each test its own process would otherwise start one cluster for each test.
const OUTER_CLUSTER: &str = "AMBER_TEST_POSTGRES_URL";

/// How often a start is tried: between choosing a port and listening on it, somebody else may take it.
const ATTEMPTS: usize = 3;

/// A running cluster.
#[derive(Debug)]
pub struct Postgres {
    /// Scheme, user, host and port, without a database.
    url: String,
    _server: Option<Guarded>,
}

impl Postgres {
    /// The cluster that all tests of this process share, or `None` where PostgreSQL is not installed.
    ///
    /// # Panics
    /// When PostgreSQL is installed but does not start, or is missing where `AMBER_REQUIRE_TOOLS` is 1.
    #[must_use]
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| match setting(OUTER_CLUSTER) {
            Some(url) => Some(Self { url: url.trim_end_matches('/').to_owned(), _server: None }),
            None => Self::start(),
        });
        shared.as_ref()
    }

    /// A cluster of one's own, for a test that stops it, or `None` where PostgreSQL is not installed.
    ///
    /// # Panics
    /// When PostgreSQL is installed but does not start, or is missing where `AMBER_REQUIRE_TOOLS` is 1.
    #[must_use]
    pub fn start() -> Option<Self> {
        let Some(programs) = folder_with(&["initdb", "postgres"], &program_folders()) else {
            report_missing("PostgreSQL", "install the package `postgresql`, or set AMBER_TEST_POSTGRES_URL");
            return None;
        };
        let mut said = String::new();
        for _ in 0..ATTEMPTS {
            match Self::try_start(&programs) {
                Ok(postgres) => return Some(postgres),
                Err(reason) => said = reason,
            }
        }
        panic!("PostgreSQL did not start: {said}");
    }

    fn try_start(programs: &Path) -> Result<Self, String> {
        let home = new_home("postgres");
        let data = home.join("data");
        // PostgreSQL refuses to run as root.
        let as_owner = as_owner_of_server(&home);
        let program = |name: &str| {
            let path = programs.join(name).display().to_string();
            as_owner.iter().cloned().chain([path]).collect::<Vec<_>>()
        };

        let init = program("initdb");
        let options = ["--username=amber", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"];
        let output = Command::new(&init[0]).args(&init[1..]).args(options).arg(&data).current_dir(&home).output();
        let output = output.map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }

        let port = free_port();
        let mut command = program("postgres");
        command.extend(["-D".to_owned(), data.display().to_string(), "-p".to_owned(), port.to_string()]);
        for setting in SETTINGS {
            command.extend(["-c".to_owned(), (*setting).to_owned()]);
        }
        // INT is the fast shutdown, which does not wait for clients.
        let server = Server { command: &command, ready: "ready to accept connections", stop_signal: "INT" };
        let server = Guarded::start(&home, &server)?;
        Ok(Self { url: format!("postgres://amber@127.0.0.1:{port}"), _server: Some(server) })
    }

    /// The address of the cluster, without a database.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Creates an empty database and returns its URL. It goes with the cluster.
    ///
    /// # Panics
    /// When the cluster does not answer.
    pub async fn database(&self) -> String {
        static CREATED: AtomicU32 = AtomicU32::new(0);
        let name = format!("amber_{}_{}", std::process::id(), CREATED.fetch_add(1, Ordering::Relaxed));
        let postgres = Database::connect(format!("{}/postgres", self.url)).await;
        let postgres = postgres.expect("the cluster accepts connections");
        postgres.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("the name is new");
        postgres.close().await.expect("an idle connection closes");
        format!("{}/{name}", self.url)
    }
}

/// Loopback only, and nothing that guards against a power cut.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
];

/// What must stand before a command so that it may run on `home`: nothing, or for root the change to user `postgres`,
/// which then owns `home`. `setpriv` becomes the command, so that signals reach it, which `su` and `runuser` do not.
fn as_owner_of_server(home: &Path) -> Vec<String> {
    let is_root = fs::metadata(home).is_ok_and(|metadata| metadata.uid() == 0);
    if !is_root {
        return Vec::new();
    }
    let given = Command::new("chown").arg("postgres").arg(home).status();
    assert!(given.is_ok_and(|status| status.success()), "the user postgres exists where PostgreSQL is installed");
    ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"].map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn each_test_gets_its_own_empty_database() {
        let Some(postgres) = Postgres::shared() else { return };
        let (one, other) = (postgres.database().await, postgres.database().await);
        assert_ne!(one, other);

        let one = Database::connect(one).await.unwrap();
        let other = Database::connect(other).await.unwrap();
        one.execute_unprepared("CREATE TABLE leader (id int)").await.unwrap();
        one.execute_unprepared("SELECT * FROM leader").await.unwrap();
        let error = other.execute_unprepared("SELECT * FROM leader").await.unwrap_err();
        assert!(error.to_string().contains("does not exist"), "{error}");
    }

    #[test]
    fn a_cluster_of_ones_own_stops_with_its_owner() {
        let Some(postgres) = Postgres::start() else { return };
        let address = postgres.url().rsplit('@').next().unwrap().to_owned();
        assert!(TcpStream::connect(&address).is_ok());

        drop(postgres);
        assert_eq!(TcpStream::connect(&address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
}
