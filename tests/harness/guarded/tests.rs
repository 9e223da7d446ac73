//! Tests that no server and no file is left behind.

use std::process::Command;

use super::*;

/// A server that says it is ready and then waits for ever.
fn sleeper() -> Vec<String> {
    ["sh", "-c", "echo now ready; exec sleep 600"].map(str::to_owned).to_vec()
}

fn start(command: &[String]) -> (PathBuf, Result<Guarded, String>) {
    let home = new_home("guarded");
    let started = Guarded::start(&home, &Server { command, ready: "ready", stop_signal: "TERM" });
    (home, started)
}

fn runs(pid: u32) -> bool {
    Command::new("kill").args(["-s", "0", &pid.to_string()]).stderr(Stdio::null()).status().unwrap().success()
}

#[test]
fn the_server_and_its_files_go_with_the_guard() {
    let (home, guarded) = start(&sleeper());
    let guarded = guarded.unwrap();
    let pid = guarded.pid;
    assert!(runs(pid) && home.exists());

    drop(guarded);
    assert!(!runs(pid), "the server still runs");
    assert!(!home.exists(), "its files are still there");
}

#[test]
fn a_frozen_server_is_stopped_too() {
    let (_home, guarded) = start(&sleeper());
    let guarded = guarded.unwrap();
    guarded.signal("STOP");
    let pid = guarded.pid;

    drop(guarded);
    assert!(!runs(pid), "the server still runs");
}

#[test]
fn a_server_that_ends_too_early_is_reported_with_its_words() {
    let command = ["sh", "-c", "echo the disk is full >&2; exit 1"].map(str::to_owned);
    let (home, guarded) = start(&command);
    assert_eq!(guarded.unwrap_err(), "the disk is full\n");
    assert!(!home.exists(), "its files are still there");
}

#[test]
fn the_server_ends_when_the_test_process_is_killed() {
    let home = new_home("guarded");
    let command = sleeper();
    // In place of the test process, `sleep` holds the pipe.
    let mut holder = Command::new("sleep").arg("600").stdout(Stdio::piped()).spawn().unwrap();
    let mut watchdog = watchdog(&home, &Server { command: &command, ready: "ready", stop_signal: "TERM" });
    let mut watchdog = watchdog.stdin(holder.stdout.take().unwrap()).spawn().unwrap();
    let mut said = BufReader::new(watchdog.stdout.take().unwrap());
    let (pid, ready) = read_until_ready(&mut said, "ready");
    assert!(ready.is_ok() && runs(pid));

    holder.kill().unwrap();
    holder.wait().unwrap();
    watchdog.wait().unwrap();
    assert!(!runs(pid), "the server still runs");
    assert!(!home.exists(), "its files are still there");
}
