//! A disposable Redis from the installed program, which can stop, restart and freeze; alone, under a Sentinel, as a cluster.

mod cli;
mod cluster;
mod sentinel;
mod tls;

pub use cli::Cli;
pub use cluster::RedisCluster;
pub use sentinel::WatchedRedis;
pub use tls::EncryptedRedis;

use std::path::PathBuf;

use crate::guarded::{Guarded, Server, new_home};
use crate::port::Port;
use crate::tools::{folder_with, program_folders, report_missing};

/// A Redis on its own port, with nothing in it and nothing on disk.
#[derive(Debug)]
pub struct Redis {
    program: PathBuf,
    /// Its own while the server is away too.
    port: Port,
    /// Arguments besides those that every Redis gets.
    arguments: Vec<String>,
    server: Option<Guarded>,
}

impl Redis {
    /// Starts a Redis, or returns `None` where it is not installed.
    ///
    /// # Panics
    /// When Redis is installed but does not start, or is missing where `AMBER_REQUIRE_TOOLS` is 1.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::start_with(|_| Vec::new())
    }

    /// The same with more arguments, which may depend on its port.
    fn start_with(arguments: impl FnOnce(u16) -> Vec<String>) -> Option<Self> {
        let Some(folder) = folder_with(&["redis-server"], &program_folders()) else {
            report_missing("Redis", "install the package `redis-server`");
            return None;
        };
        let (program, port) = (folder.join("redis-server"), Port::claim());
        let arguments = arguments(port.number());
        let mut redis = Self { program, port, arguments, server: None };
        redis.try_start().unwrap_or_else(|said| panic!("Redis did not start: {said}"));
        Some(redis)
    }

    fn try_start(&mut self) -> Result<(), String> {
        let program = self.program.display().to_string();
        let port = self.port().to_string();
        let command = [&program, "--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let command: Vec<String> =
            command.into_iter().map(str::to_owned).chain(self.arguments.iter().cloned()).collect();
        let server = Server { command: &command, ready: "Ready to accept connections", stop_signal: "TERM" };
        self.server = Some(Guarded::start(&new_home("redis"), &server)?);
        Ok(())
    }

    /// The address, such as `redis://127.0.0.1:6379`; it stays the same over a restart.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.port.address())
    }

    /// The port on 127.0.0.1; it stays the same over a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// The number of the process.
    ///
    /// # Panics
    /// When the server is stopped.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.running().pid()
    }

    /// Ends the server: connections are refused, and its data is gone.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// Ends the server if it runs, and starts an empty one on the same port.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self) {
        self.stop();
        if let Err(said) = self.try_start() {
            panic!("Redis did not restart on port {}: {said}", self.port());
        }
    }

    /// Suspends the server: connections open, but nothing is answered.
    ///
    /// # Panics
    /// When the server is stopped.
    pub fn freeze(&self) {
        self.running().signal("STOP");
    }

    /// Resumes a frozen server, with its data.
    ///
    /// # Panics
    /// When the server is stopped.
    pub fn thaw(&self) {
        self.running().signal("CONT");
    }

    /// A connection that says what is written.
    ///
    /// # Panics
    /// When the server is stopped.
    #[must_use]
    pub fn cli(&self) -> Cli {
        Cli::to(self.port())
    }

    fn running(&self) -> &Guarded {
        self.server.as_ref().expect("the server runs")
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;

    fn connect(redis: &Redis) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", redis.port()))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(stream)
    }

    fn send(stream: &mut TcpStream, command: &str) -> std::io::Result<String> {
        write!(stream, "{command}\r\n")?;
        read(stream)
    }

    fn read(stream: &mut TcpStream) -> std::io::Result<String> {
        let mut answer = [0; 64];
        let length = stream.read(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
    }

    #[test]
    fn redis_answers_a_ping() {
        let Some(redis) = Redis::start() else { return };
        assert_eq!(send(&mut connect(&redis).unwrap(), "PING").unwrap(), "+PONG\r\n");
    }

    #[test]
    fn a_stopped_redis_refuses_and_a_restarted_one_is_empty() {
        let Some(mut redis) = Redis::start() else { return };
        assert_eq!(send(&mut connect(&redis).unwrap(), "SET key 1").unwrap(), "+OK\r\n");

        redis.stop();
        assert_eq!(connect(&redis).unwrap_err().kind(), ErrorKind::ConnectionRefused);

        redis.restart();
        assert_eq!(send(&mut connect(&redis).unwrap(), "GET key").unwrap(), "$-1\r\n");
    }

    #[test]
    fn a_frozen_redis_is_silent_until_it_thaws() {
        let Some(redis) = Redis::start() else { return };
        let mut stream = connect(&redis).unwrap();
        redis.freeze();
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        assert_eq!(send(&mut stream, "PING").unwrap_err().kind(), ErrorKind::WouldBlock);

        redis.thaw();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        assert_eq!(read(&mut stream).unwrap(), "+PONG\r\n");
    }
}
