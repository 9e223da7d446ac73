//! `amber serve`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use amber_server::app::{self, Rotation, World};
use amber_server::config::{Config, Embed, Loaded};
use amber_server::telemetry;
use clap::Args;
use tracing::{info, warn};

use super::fresh_secrets::FreshSecrets;
use super::{Failure, environment, signals};

/// How often the files of secrets that may change are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Serve the API, the dashboards and the schedule.
///
/// The tables of the database are brought up to date first. Standard error holds the log, one JSON object per line.
/// SIGTERM or Ctrl-C ends it softly: calls and pages under way are finished, for at most `SHUTDOWN_DEADLINE_SECONDS`.
/// A second signal ends it at once. SIGHUP reads the bearer token for X and the keys of embed tokens anew; their files are also
/// looked at every 10 seconds, and a secret store every `SECRETS_POLL_SECONDS`.
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
  69  the database, the port or the secret store is not available";

impl Serve {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let (env, cloud) = environment::with_cloud().await?;
        let Loaded { config, warnings } = Config::load(&env)?;
        let traces = telemetry::init_logging(&config.telemetry)?;
        for warning in &warnings {
            warn!(variable = warning.variable, "{warning}.");
        }
        let version = &config.build.version;
        info!(version, "Amber {version} starts with {}.", config.summary());
        if let Some((store, values)) = &cloud {
            let (manager, names) = (store.manager(), values.names().collect::<Vec<_>>().join(", "));
            info!("{} below {} has {names}.", manager.store, manager.prefix);
        }
        let has_files = config.x_api.bearer_file.is_some() || Embed::keys_are_in_a_file(&env);
        let rotation = Rotation {
            store: cloud.as_ref().and_then(|(store, _)| store.manager().poll),
            secrets: Arc::new(FreshSecrets::after(cloud)),
            asked: signals::hangup()?,
            files: has_files.then_some(LOOK_EVERY),
        };
        let served = Box::pin(app::serve(config, World::real(), rotation, signals::stop()?)).await;
        traces.finish().await;
        served?;
        Ok(ExitCode::SUCCESS)
    }
}
