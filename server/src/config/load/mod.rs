//! Builds the sections out of variables.

mod cloud;
mod commands;
mod credentials;
mod fetching;
mod limits;
mod serving;
mod storage;
mod traces;

use super::parse::Refusal;
use super::reader::Reader;
use super::{Config, Env, Errors, Warning, names};

pub use commands::{ApiKeyDesk, CheckpointPlaces, IngestRun, SharedLimits, TokenIssue};

/// A configuration that can be used.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What the operator should know.
    pub warnings: Vec<Warning>,
}

impl Config {
    /// Reads everything that `amber serve` needs.
    ///
    /// # Errors
    /// Every mistake, not only the first.
    pub fn load(env: &dyn Env) -> Result<Loaded, Errors> {
        let mut reader = Reader::new(env);
        let secrets_manager = cloud::secrets_manager(&mut reader);
        let (server, cors) = serving::server(&mut reader);
        let database = storage::database(&mut reader);
        let checkpoints = storage::checkpoints(&mut reader);
        let redis = storage::redis(&mut reader);
        let admin = credentials::admin(&mut reader);
        let (ingestion, x_api) = fetching::fetching(&mut reader);
        let embed = credentials::embed(&mut reader);
        let rate_limit = limits::rate_limit(&mut reader, embed.rate);
        let build = serving::build(&mut reader);
        let telemetry = serving::telemetry(&mut reader);
        if embed.enabled && admin.bootstrap_secret.is_none() && admin.api_key.is_none() {
            let message =
                "nobody can ask for an embed token, because neither ADMIN_API_KEY nor ADMIN_BOOTSTRAP_SECRET is set";
            reader.warn("EMBED_ENABLED", message);
        }
        names::review(env, &mut reader);
        let Reader { mistakes, warnings, .. } = reader;
        if !mistakes.is_empty() {
            return Err(Errors(mistakes));
        }
        let config = Self {
            secrets_manager,
            server,
            database,
            checkpoints,
            redis,
            admin,
            ingestion,
            x_api,
            embed,
            rate_limit,
            cors,
            build,
            telemetry,
        };
        Ok(Loaded { config, warnings })
    }
}

impl Reader<'_> {
    /// Reads a part that may be switched off: its mistakes are then no reason not to start, and become warnings.
    fn part_of<T>(&mut self, switch: &str, is_on: bool, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.mistakes.len();
        let part = read(self);
        if !is_on {
            for mistake in self.mistakes.split_off(before) {
                self.warn(&mistake.variable, format!("{}; it is ignored while {switch} is off", mistake.problem));
            }
        }
        part
    }

    /// Notes that a variable is needed when nothing was set; a value that was refused is a mistake already.
    fn require(&mut self, name: &str, why: &str, remedy: &str) {
        if self.is_set(name) {
            return;
        }
        let elsewhere = self.looked_for(name).map(|place| format!(" ({place})")).unwrap_or_default();
        self.refuse(name, Refusal::new(format!("is not set{elsewhere}, but {why}"), remedy));
    }
}
