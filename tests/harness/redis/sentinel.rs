//! A primary and its replica under a Sentinel, which turns them over when the primary is silent.

use super::Redis;
use crate::guarded::{Guarded, Server, new_home};
use crate::port::Port;

/// What the Sentinel calls the primary.
const SERVICE: &str = "main";

/// Two servers and a Sentinel. Dropping it ends them.
#[derive(Debug)]
pub struct WatchedRedis {
    servers: [Redis; 2],
    sentinel: Port,
    /// At which no Sentinel is.
    nobody: Port,
    _sentinel: Guarded,
}

impl WatchedRedis {
    /// Starts a primary, its replica and a Sentinel that knows both; `None` where Redis is not installed.
    ///
    /// # Panics
    /// When Redis is installed but they do not find together.
    #[must_use]
    pub fn start() -> Option<Self> {
        let arguments = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
        let primary = Redis::start_with(|_| arguments(["--repl-diskless-sync-delay", "0"]))?;
        let of = format!("127.0.0.1 {}", primary.port());
        let replica = Redis::start_with(|_| arguments(["--replicaof", &of]))?;
        primary.cli().say_until("INFO replication", "state=online");
        let (sentinel, port) = watch(&primary);
        super::Cli::to(port.number()).say_until(&format!("SENTINEL CKQUORUM {SERVICE}"), "OK 1 usable Sentinels");
        super::Cli::to(port.number()).say_until("INFO sentinel", "slaves=1");
        Some(Self { servers: [primary, replica], sentinel: port, nobody: Port::claim(), _sentinel: sentinel })
    }

    /// The address as `redis+sentinel://`. The first Sentinel that it names does not exist.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis+sentinel://{},{}/{SERVICE}", self.nobody.address(), self.sentinel.address())
    }

    /// The server that was the primary at first, and its replica.
    #[must_use]
    pub fn servers(&self) -> &[Redis; 2] {
        &self.servers
    }
}

fn watch(primary: &Redis) -> (Guarded, Port) {
    let (home, port) = (new_home("sentinel"), Port::claim());
    let (settings, number) = (home.join("sentinel.conf"), port.number());
    let text = format!(
        "port {number}\nbind 127.0.0.1\nsentinel monitor {SERVICE} 127.0.0.1 {} 1\n\
         sentinel down-after-milliseconds {SERVICE} 2000\nsentinel failover-timeout {SERVICE} 3000\n",
        primary.port()
    );
    std::fs::write(&settings, text).expect("the folder of the Sentinel can be written");
    let command = [&primary.program.display().to_string(), &settings.display().to_string(), "--sentinel"];
    let command = command.map(str::to_owned);
    let server = Server { command: &command, ready: "+monitor", stop_signal: "TERM" };
    (Guarded::start(&home, &server).unwrap_or_else(|said| panic!("the Sentinel did not start: {said}")), port)
}
