//! `amber healthcheck`.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use amber_server::config::Server;
use amber_server::http::probe;
use clap::Args;

use super::{Failure, environment};

/// Ask the server of this machine whether it is ready.
///
/// For health checks of containers, which hold no other program. Port and TLS are those of the configuration. No certificate is
/// verified, because nothing is told to the server and nothing but its status is read.
#[derive(Debug, Args)]
#[command(after_help = SEE)]
pub(super) struct Healthcheck {
    /// Ask somebody else, as `host:port` with an IP address for the host.
    #[arg(long, value_name = "ADDRESS")]
    address: Option<SocketAddr>,
    /// That one speaks TLS.
    #[arg(long, requires = "address")]
    tls: bool,
    /// Be content with a process that answers, even if it is not ready for calls.
    #[arg(long)]
    live: bool,
}

const SEE: &str = "\
Exit codes:
  0   it is
  1   it is not, or does not answer within 2 seconds
  64  the configuration has mistakes";

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

impl Healthcheck {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let (address, tls) = match self.address {
            Some(address) => (address, self.tls),
            None => Server::read_listen(&environment::local()?)?,
        };
        let address = reachable(address);
        let path = if self.live { "/livez" } else { "/readyz" };
        let answer = probe::status(address, tls, path, PATIENCE).await;
        let status = answer.map_err(|error| Failure::failed(format!("{address} does not answer: {error}")))?;
        if status.is_success() {
            return Ok(ExitCode::SUCCESS);
        }
        Err(Failure::failed(format!("{address} answers {status} to {path}")))
    }
}

/// A server that listens everywhere is asked here.
fn reachable(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        listen.set_ip(if listen.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    listen
}
