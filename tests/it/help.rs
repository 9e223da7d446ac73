//! The command line: its help texts, exit codes and results.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use amber_server::domain::{NewLeader, OsEntropy, SystemClock};
use amber_server::sandbox::{Options, Sandbox};
use amber_server::store::{Leaders, Settings, Store};
use expect_test::expect_file;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::net::TcpListener;

mod keys;
mod signals;

const SIGNING_KEY: &str = "Pl0Ok9Ij8Uh7Yg6Tf5Rd4Es3Wa2Qz1Xm";
const JWT_SECRET: &str = "kT9v+Qm2Lr7Zx4Wc8Yb1Nd6Hf3Js5Pg0";
const BEARER: &str = "AAAAbearerOfX";

/// The program, which cargo builds beside the tests.
pub(crate) fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a running program has a path");
    let profile = test.ancestors().nth(2).expect("tests lie in target/<profile>/deps");
    let program = profile.join("amber");
    assert!(program.is_file(), "{} is missing: run `cargo build -p amber-server --bins` first", program.display());
    program
}

/// Runs `amber` in an empty folder with these variables alone.
struct Amber {
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Amber {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("the folder for temporary files is writable"), variables: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// With a database in a file of the folder.
    fn with_database() -> Self {
        let amber = Self::new();
        let url = amber.database();
        amber.with("DATABASE_URL", url)
    }

    fn database(&self) -> String {
        format!("sqlite://{}?mode=rwc", self.folder.path().join("amber.db").display())
    }

    fn run(&self, line: &str) -> Said {
        self.command(line).output().expect("the program can be started").into()
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(program());
        command.args(line.split_whitespace()).current_dir(self.folder.path());
        command.env_clear().envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// What a command said.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("amber speaks UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Said {
    /// Asserts the exit code, with everything that was said in the message.
    #[track_caller]
    fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }
}

/// The names below "Commands:" in a help text.
fn subcommands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| line.starts_with("  "));
    // Deeper lines go on with the text of the one above.
    let first_lines = listed.filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    first_lines.filter_map(|line| line.split_whitespace().next()).filter(|n| *n != "help").map(str::to_owned).collect()
}

#[test]
fn every_command_explains_itself_as_the_golden_files_say() {
    let amber = Amber::new();
    let mut pages = BTreeSet::new();
    let mut commands = vec![Vec::<String>::new()];
    while let Some(command) = commands.pop() {
        let help = amber.run(&format!("{} --help", command.join(" "))).with_code(0).out;
        let page = format!("{}.txt", [&["amber".to_owned()], command.as_slice()].concat().join("-"));
        expect_file![format!("../golden/help/{page}")].assert_eq(&help);
        pages.insert(page);
        commands.extend(subcommands(&help).into_iter().map(|name| [command.as_slice(), &[name]].concat()));
    }
    assert!(pages.contains("amber-ingest-run.txt"), "the lists of commands are not understood: {pages:?}");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/help");
    let files = golden.read_dir().expect("the golden files are there").map(|file| file.expect("it is readable"));
    let files: BTreeSet<_> = files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(files, pages, "a golden file without a command: delete it");
}

#[test]
fn an_unknown_command_is_a_mistake_of_the_command_line() {
    let said = Amber::new().run("serv").with_code(2);
    assert!(said.err.contains("'serve'"), "the nearest command is offered: {said:?}");
    Amber::new().run("migrate down --steps 0").with_code(2);
    Amber::new().run("token issue --dashboard a/b").with_code(2);
}

#[test]
fn every_mistake_of_the_configuration_is_told_at_once_without_any_secret() {
    let amber = Amber::new()
        .with("ADMIN_JWT_SECRET", "hush-too-short")
        .with("ADMIN_API_KEY", "hush hush hush hush hush hush hush")
        .with("EMBED_ENABLED", "true")
        .with("PORT", "seventy")
        .with("DATABASE_URL", "mysql://amber:hush@db/amber");
    for command in ["config check", "serve"] {
        let said = amber.run(command).with_code(64);
        assert_eq!(said.out, "");
        for name in
            ["ADMIN_JWT_SECRET", "ADMIN_API_KEY", "EMBED_SIGNING_KEY", "EMBED_ALLOWED_ORIGINS", "PORT", "DATABASE_URL"]
        {
            assert!(said.err.contains(&format!("\n  {name}: ")), "{name} is missing: {said:?}");
        }
        assert!(!said.err.contains("hush"), "{said:?}");
    }
}

#[test]
fn a_complete_configuration_is_summed_up_without_any_secret() {
    let amber = Amber::new().with("ADMIN_JWT_SECRET", JWT_SECRET).with("X_INGEST_LIMITS", "3");
    std::fs::write(amber.folder.path().join(".env"), "PORT=6001\n").unwrap();
    let said = amber.run("config check").with_code(0);
    assert!(said.out.starts_with("the configuration is complete\n") && said.out.contains(":6001\n"), "{said:?}");
    assert!(said.err.contains("warning: X_INGEST_LIMITS"), "{said:?}");
    assert!(!format!("{said:?}").contains(JWT_SECRET), "{said:?}");
}

#[test]
fn a_file_of_variables_that_cannot_be_read_is_a_mistake_of_the_configuration() {
    let amber = Amber::new();
    std::fs::write(amber.folder.path().join(".env.local"), "A='hush\n").unwrap();
    let said = amber.run("config check").with_code(64);
    assert!(said.err.contains(".env.local") && !said.err.contains("hush"), "{said:?}");
}

#[test]
fn the_explanations_of_the_configuration_need_no_configuration() {
    assert!(Amber::new().run("config reference").with_code(0).out.contains("| `ADMIN_JWT_SECRET` |"));
    assert!(Amber::new().run("config env-example").with_code(0).out.contains("\nADMIN_JWT_SECRET="));
}

fn embedding() -> Amber {
    Amber::new()
        .with("EMBED_ENABLED", "true")
        .with("EMBED_SIGNING_KEY", SIGNING_KEY)
        .with("EMBED_ALLOWED_ORIGINS", "https://partner.example,https://other.example")
        .with("PUBLIC_URL", "https://amber.example")
}

#[test]
fn a_token_is_alone_on_standard_output() {
    let amber = embedding();
    let said = amber.run("token issue --dashboard main --origin https://partner.example --ttl 30").with_code(0);
    let token = said.out.strip_suffix('\n').expect("the line is complete");
    let is_base64url = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    assert!(token.split('.').count() == 3 && token.split('.').all(is_base64url), "{said:?}");
    assert!(said.err.contains("https://amber.example/embed/v1/dashboards/main\n"), "{said:?}");
    assert!(said.err.contains("https://partner.example\n") && !said.err.contains("other"), "{said:?}");
    assert!(!said.err.contains(token), "{said:?}");
    let again = amber.run("token issue --dashboard main --origin https://partner.example --ttl 30").with_code(0);
    assert_ne!(said.out, again.out, "no two tokens are equal");
}

#[test]
fn a_token_for_an_unregistered_site_is_not_issued() {
    let said = embedding().run("token issue --dashboard main --origin https://evil.example").with_code(1);
    assert!(said.out.is_empty() && said.err.contains("EMBED_ALLOWED_ORIGINS"), "{said:?}");
    let said = embedding().with("EMBED_ENABLED", "false").run("token issue --dashboard main").with_code(64);
    assert!(said.out.is_empty() && said.err.contains("EMBED_ENABLED: is off"), "{said:?}");
}

#[test]
fn the_tables_go_up_and_down_step_by_step() {
    let amber = Amber::with_database();
    let status = || amber.run("migrate status").with_code(0).out;
    let count = |text: &str, word: &str| text.lines().filter(|line| line.starts_with(word)).count();
    let steps = count(&status(), "pending");
    assert!(steps > 1 && count(&status(), "applied") == 0, "{}", status());
    assert_eq!(count(&amber.run("migrate up").with_code(0).out, "applied"), steps);
    assert_eq!(count(&status(), "applied"), steps);
    assert!(amber.run("migrate up").with_code(0).out.contains("up to date already"));
    assert_eq!(count(&amber.run("migrate down").with_code(0).out, "took back"), 1);
    assert_eq!(count(&status(), "applied"), steps - 1);
    amber.run("migrate down --all").with_code(0);
    assert_eq!(count(&status(), "pending"), steps);
}

#[test]
fn a_database_that_is_not_there_is_told_by_the_exit_code_and_without_its_password() {
    let amber = Amber::new().with("DATABASE_URL", "postgres://amber:hush-hush@127.0.0.1:1/amber");
    let said = amber.run("migrate status").with_code(69);
    assert!(said.err.contains("not available") && !said.err.contains("hush"), "{said:?}");
}

#[test]
fn a_run_by_hand_asks_for_what_it_needs() {
    let said = Amber::with_database().run("ingest run").with_code(64);
    assert!(said.err.contains("X_API_BEARER") && !said.err.contains("ADMIN_"), "{said:?}");
    let said = Amber::with_database().with("X_API_BEARER", BEARER).run("ingest run").with_code(1);
    assert!(said.err.contains("amber migrate up"), "{said:?}");
}

/// Adds a leader with a handle on X, as a server would.
async fn follow(amber: &Amber, name: &str, handle: &str) {
    let settings = Settings {
        url: amber.database().into(),
        max_connections: 1,
        acquire_timeout: Duration::from_secs(5),
        lease_ttl: None,
    };
    let store = Store::connect(&settings, Arc::new(SystemClock), Arc::new(OsEntropy)).await;
    let store = store.expect("the database is free");
    let handles = [("x".to_owned(), handle.to_owned())].into();
    store.create(NewLeader { name: name.to_owned(), handles, tracking_topics: Vec::new() }).await.expect("it is valid");
    store.close().await.expect("nothing is under way");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_by_hand_stores_posts_once_and_counts_them() {
    #[expect(clippy::disallowed_methods, reason = "the program under test goes by the time of the machine too")]
    let sandbox = Sandbox::empty(Options::new(BEARER.into(), Arc::new(Timestamp::now)));
    sandbox.add_user("Ada", "ada").unwrap();
    for text in ["A good day", "A bad day", "A day"] {
        sandbox.post("ada", text).unwrap();
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let x_url = format!("http://{}", listener.local_addr().unwrap());
    let (_alive, over) = tokio::sync::oneshot::channel::<()>();
    let x = sandbox.serve(listener, async { drop(over.await) });
    let amber = Amber::with_database().with("X_API_BEARER", BEARER).with("X_API_BASE_URL", x_url);
    amber.run("migrate up").with_code(0);
    follow(&amber, "Ada", "ada").await;
    let lines =
        ["ingest run --dry-run", "ingest run", "ingest run", "checkpoint list", "checkpoint reset x:ada", "ingest run"];
    let runs = tokio::task::spawn_blocking(move || {
        amber.run("checkpoint reset x:nobody").with_code(1);
        amber.run("checkpoint reset nobody").with_code(2);
        lines.map(|line| amber.run(line))
    });
    let [dry, first, second, list, reset, anew] = tokio::select! {
        runs = runs => runs.unwrap().map(|said| said.with_code(0)),
        () = x => panic!("the double of X ended early"),
    };
    let count = |said: &Said, name: &str| {
        let row = said.out.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{said:?}"));
        row.trim().to_owned()
    };
    assert!(dry.out.contains("nothing was stored"), "{dry:?}");
    assert_eq!([&dry, &first, &second].map(|said| count(said, "inserted")), ["3", "3", "0"], "{first:?}");
    assert_eq!([&first, &second].map(|said| count(said, "leaders")), ["1 of 1", "1 of 1"]);
    assert!(first.err.contains("1 of 1 leaders read, 3 posts fetched, 3 new\n"), "{first:?}");
    assert!(list.out.contains("x:ada           {") && list.out.contains("x:ada#backfill  {"), "{list:?}");
    assert_eq!(reset.out, "x:ada will be read as a new timeline\n");
    assert_eq!([count(&anew, "inserted"), count(&anew, "unchanged")], ["0", "3"], "it is read again: {anew:?}");
}
