//! The runbook holds: every command in it works, in its order, against the program itself.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use amber_server::domain::SystemClock;
use amber_server::sandbox::Fault;
use amber_tests::{FakeXApi, find_program, http_client};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use crate::help::program;

const SECRET: &str = "runbook-bootstrap-0123456789abcdef";

/// The lines of the fenced blocks in this language.
fn commands(language: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../RUNBOOK.md");
    let text = std::fs::read_to_string(path).expect("the runbook lies at the top");
    let mut found = String::new();
    let mut inside = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), inside) {
            (Some(_), Some(_)) => inside = None,
            (Some(opened), None) => inside = Some(opened),
            (None, Some(opened)) if opened == language => found = format!("{found}{line}\n"),
            (None, _) => {}
        }
    }
    found
}

/// Puts the value of this test behind the name, which the runbook must set.
fn with(script: &str, name: &str, value: &str) -> String {
    let is_set = |line: &&str| line.starts_with(&format!("{name}="));
    let line = script.lines().find(is_set).unwrap_or_else(|| panic!("the runbook sets no {name}"));
    script.replacen(line, &format!("{name}={value}"), 1)
}

/// The program as a server on a free port; it is killed when the test fails.
struct Server {
    child: Child,
    address: String,
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Server {
    fn start(x: &FakeXApi) -> Self {
        let folder = TempDir::new().expect("the folder for temporary files is writable");
        std::fs::write(folder.path().join("x-bearer"), FakeXApi::bearer()).expect("the folder is ours");
        let database = format!("sqlite://{}?mode=rwc", folder.path().join("amber.db").display());
        let variables = vec![
            ("DATABASE_URL", database),
            ("ADMIN_JWT_SECRET", "runbook-jwt-0123456789abcdefghijkl".to_owned()),
            ("ADMIN_BOOTSTRAP_SECRET", SECRET.to_owned()),
            ("EMBED_ENABLED", "true".to_owned()),
            ("EMBED_SIGNING_KEY", "runbook-signing-fedcba9876543210-key".to_owned()),
            ("EMBED_ALLOWED_ORIGINS", "https://partner.example".to_owned()),
            ("LISTEN_ADDR", "127.0.0.1:0".to_owned()),
            ("REQUESTS_PER_MINUTE", "100000".to_owned()),
            ("X_INGEST_ENABLED", "true".to_owned()),
            ("X_API_BEARER_FILE", folder.path().join("x-bearer").display().to_string()),
            ("X_API_BASE_URL", x.url()),
        ];
        let mut command = Command::new(program());
        command.arg("serve").current_dir(folder.path()).env_clear().envs(variables.clone()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program can be started");
        let mut log = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut said = String::new();
        while !said.contains("Amber listens on") {
            assert!(log.read_line(&mut said).expect("it speaks UTF-8") > 0, "it ended at once: {said}");
        }
        let (_, rest) = said.split_once("\"address\":\"").expect("the log names the address");
        let address = rest.split('"').next().expect("a first part").to_owned();
        // A pipe that nobody empties would stop it.
        spawn_blocking(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { child, address, folder, variables }
    }

    /// Follows somebody, and has a token issued.
    async fn follow(&self, handle: &str) {
        let (http, base) = (http_client(), format!("http://{}", self.address));
        let body = json!({ "adminId": "me", "secret": SECRET });
        let token = http.post(format!("{base}/api/admin/token")).json(&body).send().await.expect("an answer");
        let token: Value = token.json().await.expect("JSON");
        let token = token["token"].as_str().expect("a token");
        let leader = json!({ "name": handle, "handles": { "x": handle } });
        let added = http.post(format!("{base}/api/leaders")).bearer_auth(token).json(&leader);
        assert_eq!(added.send().await.expect("an answer").status(), 201);
        let issued = http.post(format!("{base}/api/embed/token")).bearer_auth(token);
        assert_eq!(issued.json(&json!({ "dashboardId": "main" })).send().await.expect("an answer").status(), 200);
    }

    fn posts(&self) -> String {
        format!("http://{}/api/feed", self.address)
    }

    /// Ends it as an operator does, and waits.
    fn stop(&mut self) {
        let line = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &line]).status().expect("there is a shell").success());
        assert!(self.child.wait().expect("it is our child").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a script that ends at the first command that fails.
fn run(shell: &Path, script: &str, folder: &Path, variables: &[(&'static str, String)]) -> Output {
    let path = std::env::join_paths(
        program()
            .parent()
            .map(Path::to_owned)
            .into_iter()
            .chain(std::env::split_paths(&amber_tests::setting("PATH").unwrap_or_default())),
    );
    let mut command = Command::new(shell);
    command.args(["-euxo", "pipefail", "-c", script]).current_dir(folder).envs(variables.to_vec());
    command.env("PATH", path.expect("no folder has a colon in its name")).output().expect("there is a shell")
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    out.into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_command_of_the_runbook_works() {
    let remedy = "tests/run installs it";
    let tools: Vec<Option<PathBuf>> =
        ["bash", "curl", "jq", "grpcurl"].iter().map(|tool| find_program(tool, remedy)).collect();
    let Some(Some(shell)) = tools.iter().all(Option::is_some).then(|| tools[0].clone()) else { return };
    let x = FakeXApi::start(SystemClock).await;
    x.add_user("Ada", "ada").expect("the name is free");
    for n in 0..5 {
        x.post("ada", format!("Number {n} of five.")).expect("the account exists");
    }
    x.fail_next(1, Fault::MalformedRecord);
    let mut server = Server::start(&x);
    server.follow("ada").await;

    let script = with(&commands("sh"), "AMBER", &format!("http://{}", server.address));
    let script = with(&with(&script, "HOST", &server.address), "SECRET", SECRET);
    let script = with(&with(&script, "BEARER_FILE", "x-bearer"), "NEW_BEARER", FakeXApi::bearer());
    let script = with(&script, "PID", &server.child.id().to_string());
    assert!(script.matches("curl ").count() > 15 && script.matches("grpcurl ").count() > 2, "{script}");
    let folder = server.folder.path().to_owned();
    let online = {
        let (shell, folder) = (shell.clone(), folder.clone());
        spawn_blocking(move || run(&shell, &script, &folder, &[])).await.expect("no panic")
    };
    let said = succeeded(&online);
    assert!(said.contains("RUN_STATUS_SUCCEEDED"), "the watched run came to its end: {said}");
    let feed: Value = http_client().get(server.posts()).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(feed["total"], 5, "read again, each is stored once, the record that was broken on the way too: {feed}");

    server.stop();
    let variables = server.variables.clone();
    let offline = commands("sh offline");
    let said = spawn_blocking(move || run(&shell, &offline, &folder, &variables)).await.expect("no panic");
    let said = succeeded(&said);
    assert!(said.contains("x:ada#backfill  {") && said.contains("will be read as a new timeline"), "{said}");
    assert!(said.contains("status       succeeded"), "{said}");
}
