//! `amber config`.

use std::process::ExitCode;

use amber_server::config::{self, Loaded};
use clap::Subcommand;

use super::output::{print, table};
use super::{Failure, environment};

/// Check and explain the configuration.
///
/// Settings come from the environment, which wins over `.env.local`, which wins over `.env` of the current folder.
/// Secrets are never shown.
#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Read the configuration as `amber serve` does, and show every mistake or what it amounts to.
    #[command(after_help = CHECK)]
    Check,
    /// Print what can be set, as Markdown tables.
    #[command(after_help = REFERENCE)]
    Reference,
    /// Print a sample of the file `.env`, with what each variable does.
    #[command(after_help = ENV_EXAMPLE)]
    EnvExample,
}

const CHECK: &str = "\
Example:
  amber config check && amber serve

Exit codes:
  0   the configuration is complete; warnings are on standard error
  64  the configuration has mistakes; all of them are on standard error";

const REFERENCE: &str = "\
Example:
  amber config reference | grep EMBED_";

const ENV_EXAMPLE: &str = "\
Example:
  amber config env-example > .env";

impl Config {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let text = match self {
            Self::Check => check().await?,
            Self::Reference => config::reference(),
            Self::EnvExample => config::env_example(),
        };
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn check() -> Result<String, Failure> {
    let Loaded { config, warnings } = config::Config::load(&environment::standard().await?)?;
    for warning in &warnings {
        eprintln!("warning: {warning}");
    }
    let rows: Vec<_> =
        config.summary().0.into_iter().map(|(name, value)| (format!("  {name}"), or_none(value))).collect();
    Ok(format!("the configuration is complete\n{}", table(&rows)))
}

fn or_none(value: String) -> String {
    if value.is_empty() { "none".to_owned() } else { value }
}
