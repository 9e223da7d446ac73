//! The program as a process of its own, to be killed and frozen at any moment.

use std::path::PathBuf;

use crate::guarded::{Guarded, Server, new_home};

/// What the program says before and after the address on which it listens.
const LISTENS: (&str, &str) = ("Amber listens on ", ".\"");

/// A running `amber serve`. Dropping it is `kill -9`.
#[derive(Debug)]
pub struct Program {
    process: Guarded,
    url: String,
}

impl Program {
    /// Starts the program with these environment variables and no others, and waits until it listens.
    ///
    /// # Errors
    /// With all that it said, when it ended before it listened.
    ///
    /// # Panics
    /// When it says where it listens in a way that is not understood.
    pub fn serve<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, String> {
        let variables = variables.into_iter().map(|(name, value)| format!("{name}={value}"));
        let mut command = vec!["env".to_owned(), "-i".to_owned()];
        command.extend(variables);
        command.extend([Self::path().display().to_string(), "serve".to_owned()]);
        let server = Server { command: &command, ready: LISTENS.0, stop_signal: "KILL" };
        let process = Guarded::start(&new_home("program"), &server)?;
        let address = process.ready_line().split_once(LISTENS.0).and_then(|(_, rest)| rest.split_once(LISTENS.1));
        let (address, _) = address.expect("the sentence names the address");
        let url = format!("http://{address}");
        Ok(Self { process, url })
    }

    /// Where the program lies; `cargo build --workspace --bins` puts it there.
    ///
    /// # Panics
    /// When the caller is no test, benchmark or example of this workspace.
    #[must_use]
    pub fn path() -> PathBuf {
        let caller = std::env::current_exe().expect("a running program has a path");
        caller.ancestors().nth(2).expect("tests lie in target/<profile>/deps").join("amber")
    }

    /// The address of its port.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The number of the process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Its last lines of log.
    #[must_use]
    pub fn last_words(&self) -> Vec<String> {
        self.process.last_words()
    }

    /// Stops it where it is (SIGSTOP).
    ///
    /// # Panics
    /// When it has ended.
    pub fn freeze(&self) {
        self.process.signal("STOP");
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Panics
    /// When it has ended.
    pub fn thaw(&self) {
        self.process.signal("CONT");
    }

    /// Asks it to end (SIGTERM) and returns when it has: calls under way are finished.
    ///
    /// # Panics
    /// When it has ended before.
    pub fn stop(self) {
        self.process.signal("TERM");
        self.process.wait();
    }

    /// Ends it without a word (SIGKILL) and returns when it is gone.
    pub fn kill(self) {
        drop(self);
    }
}
