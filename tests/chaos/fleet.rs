//! The processes of the program, what they stand on, and how they are asked for runs.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amber_tests::{Backend, FakeXApi, Flaky, Postgres, Program, http_client};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::dice::Dice;
use crate::tally::Tally;

const BOOTSTRAP: &str = "chaos-bootstrap-4f5d6s7a8q9w0e1r2t";
const JWT_SECRET: &str = "chaos-jwt-secret-zxcvbnm-lkjhgfds-qwertz";

/// How long a process may take to listen, while the database comes and goes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Freezes are longer than this, so that others take over.
pub(crate) const LEASE: Duration = Duration::from_secs(2);

/// Where a process is to be found, while it runs.
pub(crate) type Door = Arc<Mutex<Option<String>>>;

/// One process after the other.
pub(crate) struct Seat {
    variables: Vec<(&'static str, String)>,
    pub(crate) program: Option<Program>,
    pub(crate) door: Door,
    /// Stands before the database, for this process alone.
    pub(crate) line: Option<Arc<Flaky>>,
}

/// The database under all of them.
pub(crate) enum Ground {
    File(TempDir),
    Cluster { postgres: Postgres, url: String },
}

impl Ground {
    /// An empty database; None where PostgreSQL is not installed.
    pub(crate) async fn lay(backend: Backend) -> Option<Self> {
        if backend == Backend::Sqlite {
            return Some(Self::File(TempDir::new().unwrap()));
        }
        let postgres = Postgres::start()?;
        let url = postgres.database().await;
        Some(Self::Cluster { postgres, url })
    }

    /// The database without a proxy before it.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::File(folder) => format!("sqlite://{}?mode=rwc", folder.path().join("amber.db").display()),
            Self::Cluster { url, .. } => url.clone(),
        }
    }

    /// Ends a cluster as a power cut would, but for the files.
    pub(crate) fn crash(&self) {
        if let Self::Cluster { postgres, .. } = self {
            postgres.crash();
        }
    }

    /// Brings a cluster back.
    pub(crate) fn start_again(&self) {
        if let Self::Cluster { postgres, .. } = self {
            postgres.start_again();
        }
    }

    /// The seats of all processes that share this database.
    pub(crate) fn seats(&self, x: &FakeXApi) -> Vec<Seat> {
        let count = if matches!(self, Self::File(_)) { 1 } else { 3 };
        (0..count).map(|_| self.seat(x)).collect()
    }

    fn seat(&self, x: &FakeXApi) -> Seat {
        let (url, line) = match self {
            Self::File(_) => (self.url(), None),
            Self::Cluster { url, .. } => {
                let (user, rest) = url.split_once('@').unwrap();
                let (address, name) = rest.split_once('/').unwrap();
                let line = Flaky::in_front_of(address.parse::<SocketAddr>().unwrap());
                (format!("{user}@{}/{name}", line.address()), Some(Arc::new(line)))
            }
        };
        let variables = vec![
            ("DATABASE_URL", url),
            ("LISTEN_ADDR", "127.0.0.1:0".to_owned()),
            ("ADMIN_JWT_SECRET", JWT_SECRET.to_owned()),
            ("ADMIN_JWT_TTL", "86400".to_owned()),
            ("ADMIN_BOOTSTRAP_SECRET", BOOTSTRAP.to_owned()),
            ("RATE_LIMITING_ENABLED", "false".to_owned()),
            ("X_INGEST_ENABLED", "true".to_owned()),
            ("X_INGEST_CRON", "* * * * *".to_owned()),
            ("X_INGEST_LEASE_SECONDS", LEASE.as_secs().to_string()),
            ("X_INGEST_LIMIT", "25".to_owned()),
            ("X_BACKFILL_COUNT", "40".to_owned()),
            ("X_INGEST_OVERLAP_MINUTES", "1".to_owned()),
            ("X_API_BASE_URL", x.url()),
            ("X_API_BEARER", FakeXApi::bearer().to_owned()),
            ("RUST_LOG", "warn,amber_server::app=info,amber_server::ingestion=info".to_owned()),
        ];
        Seat { variables, program: None, door: Door::default(), line }
    }
}

impl Seat {
    /// Starts the program; while the database is away it is tried again, as an orchestrator would.
    pub(crate) async fn start(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let variables = self.variables.clone();
            let started = tokio::task::spawn_blocking(move || {
                Program::serve(variables.iter().map(|(name, value)| (*name, value.as_str())))
            });
            match started.await.unwrap() {
                Ok(program) => {
                    *self.door.lock().unwrap() = Some(program.url().to_owned());
                    self.program = Some(program);
                    return;
                }
                Err(said) => assert!(Instant::now() < deadline, "the program does not start: {said}"),
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// `kill -9`.
    pub(crate) async fn kill(&mut self) {
        *self.door.lock().unwrap() = None;
        let program = self.program.take();
        tokio::task::spawn_blocking(|| program.map(Program::kill)).await.unwrap();
    }
}

/// Buys an admin token, which all processes accept.
pub(crate) async fn admin_token(url: &str) -> String {
    amber_tests::admin_token(url, BOOTSTRAP, "admin").await
}

/// Follows everybody.
pub(crate) async fn follow(url: &str, token: &str, handles: &[String]) {
    let http = http_client();
    for handle in handles {
        let leader = json!({"name": handle, "handles": {"x": handle}});
        let added = http.post(format!("{url}/api/leaders")).bearer_auth(token).json(&leader).send().await.unwrap();
        assert!(added.status().is_success(), "{added:?}");
    }
}

/// Asks for runs for ever, at whichever door; nobody may be in, or asleep.
pub(crate) async fn ask_for_runs(doors: Vec<Door>, token: String, mut dice: Dice, tally: Arc<Tally>) {
    let http = http_client();
    loop {
        sleep(dice.millis(200..900)).await;
        let door = dice.one_of(&doors).lock().unwrap().clone();
        let backfill = dice.below(4) == 0;
        let Some(url) = door else { continue };
        let ask = http.post(format!("{url}/api/ingestion/trigger")).bearer_auth(&token);
        let asked = ask.timeout(Duration::from_millis(500)).json(&json!({ "backfill": backfill })).send().await;
        tally.triggers.add(usize::from(asked.is_ok_and(|answer| answer.status().is_success())));
    }
}
