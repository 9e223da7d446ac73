//! A server process that ends together with the test process, however that ends.
//!
//! A `Drop` does not run for a static, nor after `kill -9`, and a parent-death signal follows the thread that started
//! the server, which for a test ends too early. So a shell stands between: it holds the reading end of a pipe, and when
//! the writing end closes, it stops the server and removes its files.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

const WATCHDOG: &str = include_str!("watchdog.sh");

/// A file of this name in a server's folder saves the folder from the watchdog.
pub(crate) const KEEP: &str = "keep";

/// Lines of a running server that are remembered; the oldest go first.
const REMEMBERED: usize = 100;

/// A running server, its files, and the shell that watches over both.
#[derive(Debug)]
pub(crate) struct Guarded {
    watchdog: Child,
    lifeline: Option<ChildStdin>,
    pid: u32,
    ready_line: String,
    last_words: Arc<Mutex<VecDeque<String>>>,
}

/// What to run and how to see that it is ready.
#[derive(Debug)]
pub(crate) struct Server<'a> {
    /// Program and arguments.
    pub(crate) command: &'a [String],
    /// A part of the line that the server prints once it accepts connections.
    pub(crate) ready: &'a str,
    /// The signal that ends the server soonest, such as `INT`.
    pub(crate) stop_signal: &'a str,
}

impl Guarded {
    /// Starts a server and waits until it is ready. The folder `home` is the server's and goes with it.
    ///
    /// # Errors
    /// With all that the server said, when it ended before it was ready.
    pub(crate) fn start(home: &Path, server: &Server<'_>) -> Result<Self, String> {
        let mut watchdog = watchdog(home, server);
        let mut watchdog =
            watchdog.stdin(Stdio::piped()).spawn().expect("every system that runs these tests has a shell");
        let lifeline = watchdog.stdin.take();
        let mut said = BufReader::new(watchdog.stdout.take().expect("the output was piped"));

        let (pid, ready) = read_until_ready(&mut said, server.ready);
        let mut guarded = Self { watchdog, lifeline, pid, ready_line: String::new(), last_words: Arc::default() };
        match ready {
            Ok(line) => guarded.ready_line = line,
            Err(said) => {
                guarded.end();
                return Err(said);
            }
        }
        // A full pipe would stop the server in the middle of a log line.
        let last_words = Arc::clone(&guarded.last_words);
        thread::spawn(move || remember(said, &last_words));
        Ok(guarded)
    }

    /// The number of the process.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// The line by which the server said that it is ready.
    pub(crate) fn ready_line(&self) -> &str {
        &self.ready_line
    }

    /// The last lines that the server said since.
    pub(crate) fn last_words(&self) -> Vec<String> {
        self.last_words.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Sends a signal, such as `STOP` or `CONT`. It panics when the server is gone.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.pid.to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "no signal {name} for process {}", self.pid);
    }

    /// Waits until the server has ended by itself and its files are gone.
    pub(crate) fn wait(mut self) {
        // The lifeline is held meanwhile: it was taken out of the child, whose standard input `wait` would close.
        let _ = self.watchdog.wait();
    }

    /// Lets go of the pipe and waits until server and files are gone.
    fn end(&mut self) {
        drop(self.lifeline.take());
        // It can only fail when the watchdog was already waited for.
        let _ = self.watchdog.wait();
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.end();
    }
}

/// The shell that runs a server for as long as somebody holds the other end of its standard input.
fn watchdog(home: &Path, server: &Server<'_>) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", WATCHDOG, "watchdog"]).arg(home).arg(server.stop_signal).args(server.command).current_dir(home);
    // Ctrl-C and a runner's timeout reach the test alone; the watchdog must live on to clean up after it.
    shell.stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
    shell
}

fn remember(output: impl BufRead, last_words: &Mutex<VecDeque<String>>) {
    for line in output.split(b'\n').map_while(Result::ok) {
        let mut lines = last_words.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == REMEMBERED {
            lines.pop_front();
        }
        lines.push_back(String::from_utf8_lossy(&line).into_owned());
    }
}

/// The process id, and the line that says "ready", or everything that was said when the output ended before.
fn read_until_ready(output: &mut BufReader<ChildStdout>, ready: &str) -> (u32, Result<String, String>) {
    let mut lines = output.by_ref().lines().map_while(Result::ok);
    let pid = lines.next().and_then(|line| line.parse().ok()).unwrap_or_default();
    let mut said = String::new();
    for line in lines {
        if line.contains(ready) {
            return (pid, Ok(line));
        }
        said.push_str(&line);
        said.push('\n');
    }
    (pid, Err(said))
}

/// A new folder for a server's files; the watchdog removes it.
pub(crate) fn new_home(of: &str) -> PathBuf {
    let folder = tempfile::Builder::new().prefix(&format!("amber-{of}-")).tempdir();
    folder.expect("the folder for temporary files can be written").keep()
}

#[cfg(test)]
mod tests;
