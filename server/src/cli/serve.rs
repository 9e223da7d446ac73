//! `amber serve`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use amber_server::app::{self, Rotation, World};
use amber_server::config::{Config, Loaded, XApi};
use amber_server::telemetry;
use clap::Args;
use secrecy::SecretString;
use tracing::{info, warn};

use super::{Failure, environment, signals};

/// How often the file of the bearer token is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Serve the API, the dashboards and the schedule.
///
/// The tables of the database are brought up to date first. Standard error holds the log, one JSON object per line.
/// SIGTERM or Ctrl-C ends it softly: calls and pages under way are finished, for at most `SHUTDOWN_DEADLINE_SECONDS`.
/// A second signal ends it at once. SIGHUP reads the bearer token for X anew; its file is also looked at every 10 seconds.
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
        let traces = telemetry::init_logging(&config.telemetry)?;
        for warning in &warnings {
            warn!(variable = warning.variable, "{warning}.");
        }
        let version = &config.build.version;
        info!(version, "Amber {version} starts with {}.", config.summary());
        let rotation = Rotation {
            read: Arc::new(read_bearer),
            asked: signals::hangup()?,
            every: config.x_api.bearer_file.as_ref().map(|_| LOOK_EVERY),
        };
        let served = app::serve(config, World::real(), rotation, signals::stop()?).await;
        traces.finish().await;
        served?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The bearer token as files and environment have it now.
fn read_bearer() -> Result<Option<SecretString>, String> {
    let env = environment::standard().map_err(|error| error.to_string())?;
    XApi::read_bearer(&env).map_err(|errors| errors.to_string())
}
