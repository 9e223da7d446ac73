//! Measures how soon `amber demo` answers and how much memory it holds when idle: `just bench`.
//!
//! The goals are 0.3 seconds to the first answer and 40 MiB when idle, for a release build.
#![expect(clippy::disallowed_methods, reason = "a stopwatch reads the real clock and waits for real")]

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Starts that are measured; the median counts.
const STARTS: usize = 5;
/// After this time the history is read and the demo is idle.
const SETTLE: Duration = Duration::from_secs(20);
/// A start that takes so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);
const GOAL_ANSWER: Duration = Duration::from_millis(300);
const GOAL_MIB: u64 = 40;

fn main() -> ExitCode {
    let binary = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release/amber"));
    if !binary.exists() {
        eprintln!("there is no {}; run `cargo build --release` first", binary.display());
        return ExitCode::FAILURE;
    }
    let mut answers: Vec<Duration> = (0..STARTS).map(|_| Demo::start(&binary).answer).collect();
    answers.sort_unstable();
    let demo = Demo::start(&binary);
    thread::sleep(SETTLE);
    let resident = demo.resident_mib();
    println!("| what | measured | goal |\n|---|---|---|");
    println!("| first answer after the start, median of {STARTS} | {:?} | {GOAL_ANSWER:?} |", answers[STARTS / 2]);
    println!("| resident memory after {SETTLE:?} | {resident} MiB | {GOAL_MIB} MiB |");
    if answers[STARTS / 2] <= GOAL_ANSWER && resident <= GOAL_MIB { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Demo {
    child: Child,
    answer: Duration,
}

impl Demo {
    fn start(binary: &PathBuf) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = free.local_addr().expect("a bound port has an address");
        drop(free);
        let port = address.port().to_string();
        let started = Instant::now();
        let mut command = Command::new(binary);
        command.args(["demo", "--port", &port]).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("the binary starts");
        let mut demo = Self { child, answer: Duration::MAX };
        while !answers(address) {
            assert!(started.elapsed() < PATIENCE, "no answer after {PATIENCE:?}");
            thread::sleep(Duration::from_millis(2));
        }
        demo.answer = started.elapsed();
        demo
    }

    fn resident_mib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("Linux tells");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("Linux tells");
        let kib: u64 = line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("a number");
        kib / 1024
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // SIGINT, as from a terminal, so that the folder of the demo goes as well.
        let signalled = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        if signalled.is_err() {
            self.child.kill().expect("the own child can be ended");
        }
        self.child.wait().expect("the own child can be waited for");
    }
}

/// Whether the feed is answered, which takes the whole way down to the database.
fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let request = b"GET /api/feed?page_size=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    stream.write_all(request).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}
