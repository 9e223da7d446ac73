//! Says commands to a Redis as a person would type them.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

/// A connection that says what is written, as `redis-cli` does.
#[derive(Debug)]
pub struct Cli {
    port: u16,
    stream: BufReader<TcpStream>,
}

impl Cli {
    pub(super) fn to(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("Redis is running");
        Self { port, stream: BufReader::new(stream) }
    }

    /// The answer: a text, a number, an error, the first item of a list; None when there is nothing.
    ///
    /// # Panics
    /// When Redis is gone.
    pub fn say(&mut self, command: &str) -> Option<String> {
        self.try_say(command).expect("Redis is running")
    }

    /// The answer as a number.
    ///
    /// # Panics
    /// When it is none.
    pub fn number(&mut self, command: &str) -> f64 {
        self.say(command).and_then(|text| text.parse().ok()).expect("the answer is a number")
    }

    /// Says it until the answer has this text in it. A Redis whose role changes ends its connections; then it says it by
    /// a new one.
    ///
    /// # Panics
    /// When that takes more than 20 seconds.
    #[expect(clippy::disallowed_methods, reason = "a person who waits for a role to change waits for real")]
    pub fn say_until(&mut self, command: &str, part: &str) {
        let mut last = None;
        for _ in 0..400 {
            match self.try_say(command) {
                Ok(told) => last = told,
                Err(_) => *self = Self::to(self.port),
            }
            if last.as_deref().is_some_and(|text| text.contains(part)) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("{command} never says {part}, but {last:?}");
    }

    fn try_say(&mut self, command: &str) -> io::Result<Option<String>> {
        // In one piece, because the second one would wait until the first is acknowledged.
        self.stream.get_mut().write_all(format!("{command}\r\n").as_bytes())?;
        self.answer()
    }

    fn answer(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let (kind, rest) = line.trim_end().split_at_checked(1).ok_or(ErrorKind::UnexpectedEof)?;
        let length = rest.parse().unwrap_or(-1);
        match kind {
            "$" | "*" if length < 0 => Ok(None),
            "$" => {
                let mut text = vec![0; usize::try_from(length).expect("a length") + 2];
                self.stream.read_exact(&mut text)?;
                text.truncate(text.len() - 2);
                Ok(Some(String::from_utf8_lossy(&text).into_owned()))
            }
            "*" => {
                let items = (0..length).map(|_| self.answer()).collect::<io::Result<Vec<_>>>()?;
                Ok(items.into_iter().next().flatten())
            }
            _ => Ok(Some(rest.to_owned())),
        }
    }
}
