//! The program as it is started with every log line on, and all that it leaves behind.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use amber_tests::FakeXApi;
use tempfile::TempDir;

use super::{API_KEY, BOOTSTRAP, COLLECTOR_KEY, JWT_SECRET, REDIS_PASSWORD, SIGNING_KEY};
use crate::help::program;

/// The program with every log line on; it is killed when the test fails.
pub(super) struct Amber {
    child: Child,
    said: mpsc::Receiver<String>,
    address: String,
    folder: TempDir,
}

impl Amber {
    /// On this database, or on SQLite in its own folder; with a Redis at this port, and a collector of traces.
    pub(super) fn start(x: &FakeXApi, database: Option<String>, redis: u16, collector: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let file = || format!("sqlite://{}?mode=rwc", folder.path().join("amber.db").display());
        let database = database.unwrap_or_else(file);
        let redis = format!("redis://:{REDIS_PASSWORD}@127.0.0.1:{redis}");
        let headers = format!("x-collector-key={COLLECTOR_KEY}");
        let mut command = Command::new(program());
        command.arg("serve").env_clear().current_dir(folder.path()).envs([
            ("RUST_LOG", "trace"),
            ("LISTEN_ADDR", "127.0.0.1:0"),
            ("DATABASE_URL", &database),
            ("REDIS_URL", &redis),
            ("ADMIN_JWT_SECRET", JWT_SECRET),
            ("ADMIN_API_KEY", API_KEY),
            ("ADMIN_BOOTSTRAP_SECRET", BOOTSTRAP),
            ("EMBED_ENABLED", "true"),
            ("EMBED_SIGNING_KEY", SIGNING_KEY),
            ("EMBED_ALLOWED_ORIGINS", "https://partner.example"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector),
            ("OTEL_EXPORTER_OTLP_HEADERS", &headers),
            ("X_API_BEARER", FakeXApi::bearer()),
            ("X_API_BASE_URL", &x.url()),
        ]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it can be started");
        let err = BufReader::new(child.stderr.take().expect("it is piped"));
        let (say, said) = mpsc::channel();
        std::thread::spawn(move || err.lines().map_while(Result::ok).try_for_each(|line| say.send(line)));
        let mut amber = Self { child, said, address: String::new(), folder };
        let line = amber.wait_for("Amber listens on ");
        let address = line.split("Amber listens on ").nth(1).and_then(|rest| rest.split('"').next());
        address.expect("an address").trim_end_matches('.').clone_into(&mut amber.address);
        amber
    }

    fn wait_for(&mut self, words: &str) -> String {
        loop {
            let line = self.said.recv_timeout(Duration::from_secs(30)).expect("it says so in time");
            if line.contains(words) {
                return line;
            }
        }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Ends it in an orderly way and tells what it said and left in its folder.
    pub(super) fn end(mut self) -> (String, Vec<u8>) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("there is a shell").success());
        let mut left = Vec::new();
        // The file is read before the database is tidied up as well, so that nothing is hidden by that.
        let mut log: Vec<String> = self.said.iter().collect();
        self.child.wait().expect("it is our child");
        let mut out = String::new();
        self.child.stdout.take().expect("it is piped").read_to_string(&mut out).expect("it speaks UTF-8");
        log.push(out);
        for entry in self.folder.path().read_dir().expect("the folder is there") {
            left.extend(std::fs::read(entry.expect("an entry").path()).expect("a file"));
        }
        (log.join("\n"), left)
    }
}

impl Drop for Amber {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
