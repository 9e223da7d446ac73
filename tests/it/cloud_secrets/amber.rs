//! The program with what a test gives it, and everything that it says.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use amber_tests::{Cloud, Program, http_client, report_missing};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

/// How long something may take to be said.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a finished command said, and its exit code.
pub(super) struct Said {
    pub(super) code: Option<i32>,
    pub(super) text: String,
}

/// A running server. It is killed when it is dropped.
pub(super) struct Amber {
    child: Child,
    folder: TempDir,
}

/// Runs `amber config check` with the store and these variables.
pub(super) async fn check(cloud: &Cloud, variables: &[(&str, &str)]) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(cloud, variables, &folder);
    let running = tokio::task::spawn_blocking(move || command.args(["config", "check"]).output().unwrap());
    let output = running.await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    Said { code: output.status.code(), text: String::from_utf8(text).unwrap() }
}

/// Whether the program was built for this store; where it was not, the test is skipped in plain sight.
pub(super) async fn is_built(cloud: &Cloud) -> bool {
    let is_built = !check(cloud, &[]).await.text.contains("this program was built without");
    if !is_built {
        report_missing("amber with this store", "build with --features amber-server/aws,amber-server/gcp");
    }
    is_built
}

fn command(cloud: &Cloud, variables: &[(&str, &str)], folder: &TempDir) -> Command {
    let mut command = Command::new(Program::path());
    command.current_dir(folder.path()).env_clear().envs(cloud.variables());
    // No machine has anything to say about the tests.
    command.env("HOME", folder.path()).env("AWS_EC2_METADATA_DISABLED", "true");
    command.envs(variables.iter().copied());
    command
}

impl Amber {
    /// Starts `amber serve` with the store and these variables, and waits until it listens.
    pub(super) async fn serve(cloud: &Cloud, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = command(cloud, variables, &folder);
        let database = format!("sqlite://{}/amber.db?mode=rwc", folder.path().display());
        command.env("DATABASE_URL", database).env("LISTEN_ADDR", "127.0.0.1:0").arg("serve");
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let amber = Self { child, folder };
        amber.says("Amber listens on ").await;
        amber
    }

    /// All that it has said.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Waits until it says this.
    pub(super) async fn says(&self, words: &str) {
        let said = timeout(PATIENCE, async {
            while !self.log().contains(words) {
                sleep(Duration::from_millis(20)).await;
            }
        });
        assert!(said.await.is_ok(), "{words:?} was not said: {}", self.log());
    }

    /// SIGHUP.
    pub(super) fn hang_up(&self) {
        let sent = Command::new("kill").args(["-s", "HUP", &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Where it listens.
    fn url(&self) -> String {
        let log = self.log();
        let address = log.split_once("Amber listens on ").and_then(|(_, rest)| rest.split_once(".\""));
        format!("http://{}", address.expect("the sentence names the address").0)
    }

    /// Its metrics for Prometheus.
    pub(super) async fn metrics(&self) -> String {
        http_client().get(format!("{}/metrics", self.url())).send().await.unwrap().text().await.unwrap()
    }

    /// The status of an issue of an embed token, and the name of the key that signed it.
    pub(super) async fn issue(&self, key: &str) -> (StatusCode, String) {
        let call = http_client().post(format!("{}/api/embed/token", self.url())).bearer_auth(key);
        let answer = call.json(&json!({ "dashboardId": "main" })).send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        let head = body["token"].as_str().and_then(|token| token.split('.').next()).unwrap_or_default();
        let head: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).unwrap()).unwrap_or_default();
        (status, head["kid"].as_str().unwrap_or_default().to_owned())
    }
}

impl Drop for Amber {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
