//! `amber demo`.

use std::process::ExitCode;

use amber_server::app::{self, World};
use amber_server::config::Telemetry;
use amber_server::telemetry;
use clap::Args;

use super::{Failure, environment, signals};

/// Serve made-up leaders with everything embedded, to look around.
///
/// Nothing is needed: no database, no Redis, no key of X, no configuration. Posts come from a double of the X API
/// inside the process. It listens on this machine alone. Ctrl-C ends it and leaves nothing behind.
/// `RUST_LOG=info` shows what it is doing.
#[derive(Debug, Args)]
#[command(after_help = SEE)]
pub(super) struct Demo {
    /// The port to listen on.
    #[arg(long, default_value_t = 5000)]
    port: u16,
}

const SEE: &str = "\
Example:
  amber demo --port 8080

Exit codes:
  0   stopped by a signal
  1   failed
  69  the port is not available";

impl Demo {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let traces = telemetry::init_logging(&Telemetry::load(&environment::isolated())?)?;
        let shown = app::demo(self.port, World::real(), signals::stop()?).await;
        traces.finish().await;
        shown?;
        Ok(ExitCode::SUCCESS)
    }
}
