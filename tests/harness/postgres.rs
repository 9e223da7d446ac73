//! A disposable PostgreSQL cluster from the installed programs, with a fresh database for each test.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use sea_orm::{ConnectionTrait, Database, DbBackend, DbErr, Statement};

use crate::guarded::{Guarded, KEEP, Server, new_home};
use crate::port::Port;
use crate::tools::{folder_with, program_folders, report_missing, setting};

/// Names a disposable cluster that already runs, such as `postgres://amber@127.0.0.1:5432`. It is set by `tests/run`,
/// because a runner that gives each test its own process would otherwise start one cluster for each test.
const OUTER_CLUSTER: &str = "AMBER_TEST_POSTGRES_URL";

/// A running cluster.
#[derive(Debug)]
pub struct Postgres {
    /// Scheme, user, host and port, without a database.
    url: String,
    /// None when somebody else runs it.
    own: Option<Own>,
}

/// A cluster that is ours to stop.
#[derive(Debug)]
struct Own {
    home: PathBuf,
    command: Vec<String>,
    /// None while it is stopped.
    server: Mutex<Option<Guarded>>,
    /// Keeps the port while the server is away.
    _port: Port,
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
            Some(url) => Some(Self { url: url.trim_end_matches('/').to_owned(), own: None }),
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
        Self::start_with(&[])
    }

    /// The same with further settings, such as `fsync=on`.
    ///
    /// # Panics
    /// When PostgreSQL is installed but does not start, or is missing where `AMBER_REQUIRE_TOOLS` is 1.
    #[must_use]
    pub fn start_with(settings: &[&str]) -> Option<Self> {
        let Some(programs) = folder_with(&["initdb", "postgres"], &program_folders()) else {
            report_missing("PostgreSQL", "install the package `postgresql`, or set AMBER_TEST_POSTGRES_URL");
            return None;
        };
        Some(Self::try_start(&programs, settings).unwrap_or_else(|said| panic!("PostgreSQL did not start: {said}")))
    }

    fn try_start(programs: &Path, settings: &[&str]) -> Result<Self, String> {
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

        let port = Port::claim();
        let number = port.number();
        let mut command = program("postgres");
        command.extend(["-D".to_owned(), data.display().to_string(), "-p".to_owned(), number.to_string()]);
        let socket = format!("unix_socket_directories={}", home.display());
        for setting in SETTINGS.iter().chain([&socket.as_str()]).chain(settings) {
            command.extend(["-c".to_owned(), (*setting).to_owned()]);
        }
        let server = Mutex::new(Some(run(&home, &command)?));
        let own = Some(Own { home, command, server, _port: port });
        Ok(Self { url: format!("postgres://amber@127.0.0.1:{number}"), own })
    }

    /// The same database through the cluster's Unix socket.
    ///
    /// # Panics
    /// When the cluster is not one's own.
    #[must_use]
    pub fn by_socket(&self, database: &str) -> String {
        let own = self.own.as_ref().expect("only the socket of an own cluster is known");
        let name = database.rsplit('/').next().unwrap_or_default();
        let port = self.url.rsplit(':').next().unwrap_or_default();
        format!("postgres://amber@localhost:{port}/{name}?host={}", own.home.display())
    }

    /// Ends the cluster as a crash would (immediate shutdown): every connection breaks, and what was not committed is
    /// gone. [`start_again`](Self::start_again) brings it back on the same port.
    ///
    /// # Panics
    /// When the cluster is not one's own.
    pub fn crash(&self) {
        let own = self.own.as_ref().expect("only an own cluster is stopped");
        let Some(server) = own.server().take() else { return };
        fs::write(own.home.join(KEEP), "").expect("the own folder is writable");
        server.signal("QUIT");
        drop(server);
    }

    /// Starts the cluster again after a [`crash`](Self::crash), with all that was committed.
    ///
    /// # Panics
    /// When it does not start, or is not one's own.
    pub fn start_again(&self) {
        let own = self.own.as_ref().expect("only an own cluster is stopped");
        let mut server = own.server();
        if server.is_some() {
            return;
        }
        fs::remove_file(own.home.join(KEEP)).expect("the file was written at the stop");
        let started = run(&own.home, &own.command);
        *server = Some(started.unwrap_or_else(|said| panic!("PostgreSQL did not start again: {said}")));
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

    /// Drops the databases whose test process has ended, so that a long run does not fill the disk.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub async fn sweep(&self) -> Result<(), DbErr> {
        let postgres = Database::connect(format!("{}/postgres", self.url)).await?;
        let names = "SELECT datname FROM pg_database WHERE datname LIKE 'amber\\_%'";
        for row in postgres.query_all_raw(Statement::from_string(DbBackend::Postgres, names)).await? {
            let name: String = row.try_get_by_index(0)?;
            if creator(&name).is_some_and(|pid| !is_alive(pid)) {
                // The server of a test that was ended may still hold a connection.
                postgres.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
            }
        }
        postgres.close().await
    }
}

/// The process that created a database, by its name.
fn creator(name: &str) -> Option<u32> {
    name.split('_').nth(1)?.parse().ok()
}

fn is_alive(pid: u32) -> bool {
    let asked = Command::new("kill").args(["-0", &pid.to_string()]).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

impl Own {
    fn server(&self) -> MutexGuard<'_, Option<Guarded>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if self.server().is_none() {
            // Nobody watches over the files of a cluster that is stopped.
            let _ = fs::remove_dir_all(&self.home);
        }
    }
}

/// Starts the server. INT is the fast shutdown, which does not wait for clients.
fn run(home: &Path, command: &[String]) -> Result<Guarded, String> {
    Guarded::start(home, &Server { command, ready: "ready to accept connections", stop_signal: "INT" })
}

/// This machine only, and nothing that guards against a power cut. What is committed survives a crash all the same.
const SETTINGS: &[&str] = &["listen_addresses=127.0.0.1", "max_connections=200", "fsync=off", "full_page_writes=off"];

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

    #[tokio::test]
    async fn databases_of_ended_processes_are_swept_away() {
        let Some(postgres) = Postgres::start() else { return };
        let mut ended = Command::new("true").spawn().unwrap();
        ended.wait().unwrap();
        let (own, left_over) = (postgres.database().await, format!("amber_{}_0", ended.id()));
        let cluster = Database::connect(format!("{}/postgres", postgres.url())).await.unwrap();
        cluster.execute_unprepared(&format!("CREATE DATABASE {left_over}")).await.unwrap();
        let held = Database::connect(format!("{}/{left_over}", postgres.url())).await.unwrap();

        postgres.sweep().await.unwrap();
        assert!(Database::connect(&own).await.is_ok(), "a database in use was dropped");
        assert!(held.ping().await.is_err(), "a connection holds what is dropped");
        let created_again = cluster.execute_unprepared(&format!("CREATE DATABASE {left_over}")).await;
        assert!(created_again.is_ok(), "the database was left: {created_again:?}");
    }

    #[tokio::test]
    async fn the_socket_leads_to_the_same_database() {
        let Some(postgres) = Postgres::start() else { return };
        let url = postgres.database().await;
        let over_tcp = Database::connect(&url).await.unwrap();
        over_tcp.execute_unprepared("CREATE TABLE here (id int)").await.unwrap();
        let by_socket = Database::connect(postgres.by_socket(&url)).await.unwrap();
        by_socket.execute_unprepared("SELECT * FROM here").await.unwrap();
    }

    #[tokio::test]
    async fn a_crash_breaks_connections_and_keeps_what_was_committed() {
        let Some(postgres) = Postgres::start() else { return };
        let url = postgres.database().await;
        let database = Database::connect(&url).await.unwrap();
        database.execute_unprepared("CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)").await.unwrap();
        postgres.crash();
        assert!(Database::connect(&url).await.is_err(), "a crashed cluster answers");

        postgres.start_again();
        let database = Database::connect(&url).await.unwrap();
        let kept = database.execute_unprepared("DELETE FROM kept").await.unwrap();
        assert_eq!(kept.rows_affected(), 1);
        let home = postgres.own.as_ref().unwrap().home.clone();
        drop(postgres);
        assert!(!home.exists(), "its files are still there");
    }

    #[test]
    fn a_cluster_that_nobody_starts_again_leaves_no_files() {
        let Some(postgres) = Postgres::start() else { return };
        let home = postgres.own.as_ref().unwrap().home.clone();
        postgres.crash();
        assert!(home.join("data").exists(), "a crash took the files along");
        drop(postgres);
        assert!(!home.exists(), "its files are still there");
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
