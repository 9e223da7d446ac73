//! How the program starts and how it ends when it is told to.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, ChildStderr, Command, Stdio};

use super::{Amber, JWT_SECRET, Said};

/// A command under way; it is killed when the test fails.
struct Running {
    child: Child,
    err: BufReader<ChildStderr>,
    said: String,
}

impl Running {
    fn start(amber: &Amber, line: &str) -> Self {
        let mut command = amber.command(line);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it can be started");
        let err = BufReader::new(child.stderr.take().expect("it is piped"));
        Self { child, err, said: String::new() }
    }

    /// Waits until standard error says `words`.
    fn says(mut self, words: &str) -> Self {
        while !self.said.contains(words) {
            let read = self.err.read_line(&mut self.said).expect("it speaks UTF-8");
            assert!(read > 0, "it ended before it said {words:?}: {}", self.said);
        }
        self
    }

    fn signal(self, name: &str) -> Self {
        let line = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &line]).status().expect("there is a shell").success());
        self
    }

    fn end(mut self) -> Said {
        self.err.read_to_string(&mut self.said).expect("it speaks UTF-8");
        let mut out = String::new();
        self.child.stdout.take().expect("it is piped").read_to_string(&mut out).expect("it speaks UTF-8");
        let code = self.child.wait().expect("it is our child").code();
        Said { code, out, err: std::mem::take(&mut self.said) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn server() -> Amber {
    Amber::with_database().with("ADMIN_JWT_SECRET", JWT_SECRET).with("LISTEN_ADDR", "127.0.0.1:0")
}

#[test]
fn a_server_ends_softly_when_it_is_told_to() {
    let amber = server().with("X_INGEST_LIMITS", "3");
    for signal in ["TERM", "INT"] {
        let said = Running::start(&amber, "serve").says("Amber listens on").signal(signal).end().with_code(0);
        assert!(said.err.contains(&format!("SIG{signal} asks to stop")), "{said:?}");
        assert!(said.err.contains("Amber has stopped."), "nothing was cut off: {said:?}");
        assert!(said.err.contains("X_INGEST_LIMITS: is unknown"), "warnings are in the log: {said:?}");
        assert!(!said.err.contains(JWT_SECRET), "{said:?}");
        assert!(said.err.lines().all(|line| line.starts_with('{')), "each line is JSON: {said:?}");
    }
}

#[test]
fn a_hangup_reads_the_bearer_token_anew() {
    let (old, new) = ("old-bearer-token-0123456789", "new-bearer-token-9876543210");
    let amber = server();
    let file = amber.folder.path().join("bearer");
    std::fs::write(&file, old).unwrap();
    let amber = amber.with("TWITTER_BEARER_TOKEN_FILE", file.display().to_string());
    let running = Running::start(&amber, "serve").says("Amber listens on");
    std::fs::write(&file, "").unwrap();
    let running = running.signal("HUP").says("the present ones stay");
    std::fs::write(&file, new).unwrap();
    let running = running.signal("HUP").says("The bearer token for X was replaced.");
    let running = running.signal("HUP").says("are the same as before");
    let said = running.signal("TERM").end().with_code(0);
    assert!(!said.err.contains(old) && !said.err.contains(new), "{said:?}");
}

#[test]
fn a_hangup_reads_the_signing_keys_anew() {
    let (old, new) =
        ("k1:UGwwT2s5SWo4VWg3WWc2VGY1UmQ0RXMzV2EyUXoxWG0", "k2:TGs4Smg2R2Y0RHMyQXoxU3gzQ2Q1RnY3R2I5SG4wSm0");
    let amber = server().with("EMBED_ENABLED", "true").with("EMBED_ALLOWED_ORIGINS", "https://partner.example");
    let file = amber.folder.path().join("keys");
    std::fs::write(&file, old).unwrap();
    let amber = amber.with("EMBED_SIGNING_KEYS_FILE", file.display().to_string());
    let running = Running::start(&amber, "serve").says("Amber listens on");
    std::fs::write(&file, "k2:short").unwrap();
    let running = running.signal("HUP").says("the present ones stay: the keys of embed tokens");
    std::fs::write(&file, format!("{new},{old}")).unwrap();
    let running = running.signal("HUP").says("they are k2,k1 now");
    let said = running.signal("TERM").end().with_code(0);
    assert!(!said.err.contains(&old[3..]) && !said.err.contains(&new[3..]), "{said:?}");
}

#[test]
fn a_port_that_is_taken_is_told_by_the_exit_code() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = server().with("LISTEN_ADDR", &address).run("serve").with_code(69);
    assert!(said.err.contains(&format!("cannot listen on {address}")), "{said:?}");
}

#[test]
fn a_database_in_a_file_is_open_to_one_process() {
    let amber = server();
    let running = Running::start(&amber, "serve").says("Amber listens on");
    let said = amber.run("migrate status").with_code(69);
    assert!(said.err.contains("in use by another process"), "{said:?}");
    running.signal("TERM").end().with_code(0);
    amber.run("migrate status").with_code(0);
}

#[test]
fn a_demo_leaves_nothing_behind() {
    let amber =
        Amber::new().with("RUST_LOG", "info").with("ADMIN_JWT_SECRET", "a mistake that is none of its business");
    let folder = amber.folder.path().to_owned();
    let amber = amber.with("TMPDIR", folder.display().to_string());
    let files = || folder.read_dir().unwrap().count();
    let running = Running::start(&amber, "demo --port 0").says("Amber listens on");
    assert!(files() > 0, "it works in the folder for temporary files");
    let said = running.signal("INT").end().with_code(0);
    assert!(said.out.contains("/demo"), "it says what to open: {said:?}");
    assert_eq!(files(), 0, "{said:?}");
}
