//! `amber serve`.

use std::process::ExitCode;

use amber_server::app::{self, World};
use amber_server::config::{Config, Loaded};
use amber_server::telemetry;
use clap::Args;
use tracing::{info, warn};

use super::{Failure, environment, signals};

/// Serve the API, the dashboards and the schedule.
///
/// The tables of the database are brought up to date first. Standard error holds the log, one JSON object per line.
/// SIGTERM or Ctrl-C ends it softly: calls and pages under way are finished, for at most `SHUTDOWN_DEADLINE_SECONDS`.
/// A second signal ends it at once.
#[derive(Debug, Args)]
#[command(after_help = SEE)]
pub(super) struct Serve {}

const SEE: &str = "\
Examples:
  ADMIN_JWT_SECRET=$(openssl rand -base64 48) amber serve
  amber config env-example > .env && $EDITOR .env && amber config check && amber serve

Exit codes:
  0   stopped by a signal
  1   failed
  64  the configuration has mistakes; all of them are on standard error
  69  the database or the port is not available";

impl Serve {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let Loaded { config, warnings } = Config::load(&environment::standard()?)?;
        telemetry::init_logging(&config.telemetry)?;
        for warning in &warnings {
            warn!(variable = warning.variable, "{warning}.");
        }
        let version = &config.build.version;
        info!(version, "Amber {version} starts with {}.", config.summary());
        app::serve(config, World::real(), signals::stop()?).await?;
        Ok(ExitCode::SUCCESS)
    }
}
