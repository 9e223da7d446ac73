//! What single commands need, so that none of them asks for the variables of another.

use std::net::SocketAddr;

use secrecy::SecretString;

use super::{cloud, credentials, fetching, limits, serving, storage};
use crate::config::parse::Refusal;
use crate::config::reader::Reader;
use crate::config::{
    Admin, Build, Checkpoints, Database, Embed, Env, Errors, Ingestion, RateLimit, Redis, SecretBytes, SecretsManager,
    Server, Telemetry, XApi,
};
use crate::domain::Quota;

/// What a run of ingestion outside the server needs.
#[derive(Debug, Clone)]
pub struct IngestRun {
    /// Where Amber remembers.
    pub database: Database,
    /// Where it is kept how far each timeline is read.
    pub checkpoints: Checkpoints,
    /// How much is fetched.
    pub ingestion: Ingestion,
    /// How X is reached; the bearer token is there.
    pub x_api: XApi,
    /// What was built.
    pub build: Build,
    /// Logs.
    pub telemetry: Telemetry,
}

/// What commands on checkpoints need.
#[derive(Debug, Clone)]
pub struct CheckpointPlaces {
    /// Where Amber remembers.
    pub database: Database,
    /// Where it is kept how far each timeline is read.
    pub checkpoints: Checkpoints,
}

/// What commands on limits need.
#[derive(Debug, Clone)]
pub struct SharedLimits {
    /// Where replicas share their limits.
    pub redis: Redis,
    /// How much a caller may ask.
    pub rate_limit: RateLimit,
    /// How many embed tokens a caller may ask for.
    pub embed_rate: Quota,
}

/// What commands on API keys need.
#[derive(Debug, Clone)]
pub struct ApiKeyDesk {
    /// Where Amber remembers.
    pub database: Database,
    /// The secrets; one of them hides the keys in the database.
    pub admin: Admin,
}

/// What issuing a token outside the server needs.
#[derive(Debug, Clone)]
pub struct TokenIssue {
    /// How browsers reach the server: `http(s)://host[:port][/path]`, without a slash at the end.
    pub public_url: String,
    /// Embed tokens; enabled.
    pub embed: Embed,
}

impl Database {
    /// Reads what the commands that work on the database alone need.
    ///
    /// # Errors
    /// Every mistake in the variables of the database.
    pub fn load(env: &dyn Env) -> Result<Self, Errors> {
        all_or_nothing(env, storage::database)
    }
}

impl Telemetry {
    /// Reads how logs are written.
    ///
    /// # Errors
    /// Every mistake in the variables of the logs.
    pub fn load(env: &dyn Env) -> Result<Self, Errors> {
        all_or_nothing(env, serving::telemetry)
    }
}

impl IngestRun {
    /// Reads what one run needs, whatever `X_INGEST_ENABLED` says: that switch is about scheduled runs.
    ///
    /// # Errors
    /// Every mistake in the variables of database, ingestion, build and logs.
    pub fn load(env: &dyn Env) -> Result<Self, Errors> {
        all_or_nothing(env, |reader| {
            let database = storage::database(reader);
            let checkpoints = storage::checkpoints(reader);
            let (ingestion, x_api) = fetching::by_hand(reader);
            let (build, telemetry) = (serving::build(reader), serving::telemetry(reader));
            Self { database, checkpoints, ingestion, x_api, build, telemetry }
        })
    }
}

impl CheckpointPlaces {
    /// Reads where checkpoints are kept.
    ///
    /// # Errors
    /// Every mistake in the variables of database and checkpoints.
    pub fn load(env: &dyn Env) -> Result<Self, Errors> {
        all_or_nothing(env, |reader| Self {
            database: storage::database(reader),
            checkpoints: storage::checkpoints(reader),
        })
    }
}

impl ApiKeyDesk {
    /// Reads where the keys are, and what hides them.
    ///
    /// # Errors
    /// Every mistake in the variables of database and credentials.
    pub fn load(env: &dyn Env) -> Result<Self, Errors> {
        all_or_nothing(env, |reader| Self { database: storage::database(reader), admin: credentials::admin(reader) })
    }
}

impl SharedLimits {
    /// Reads the limits, and where replicas share them.
    ///
    /// # Errors
    /// Every mistake in their variables; also when no Redis is named.
    pub fn load(env: &dyn Env) -> Result<Self, Errors> {
        all_or_nothing(env, |reader| {
            let embed_rate = limits::embed_rate(reader);
            let rate_limit = limits::rate_limit(reader, embed_rate);
            reader.require("REDIS_URL", "the limits are in Redis", "set it as the server has it");
            let redis = storage::redis(reader).unwrap_or_default();
            Self { redis, rate_limit, embed_rate }
        })
    }
}

impl Server {
    /// Reads where the server listens and whether it speaks TLS there, and nothing else.
    ///
    /// # Errors
    /// Every mistake in those variables.
    pub fn read_listen(env: &dyn Env) -> Result<(SocketAddr, bool), Errors> {
        all_or_nothing(env, |reader| (serving::listen(reader), serving::tls(reader).is_some()))
    }
}

impl XApi {
    /// Reads the bearer token alone, as it is now; None when it is not set.
    ///
    /// # Errors
    /// When it cannot be read or no header can carry it.
    pub fn read_bearer(env: &dyn Env) -> Result<Option<SecretString>, Errors> {
        all_or_nothing(env, |reader| reader.header_secret("X_API_BEARER"))
    }
}

impl Embed {
    /// Reads the signing keys alone, as they are now; empty when none is set.
    ///
    /// # Errors
    /// Every mistake in their variables.
    pub fn read_keys(env: &dyn Env) -> Result<Vec<(String, SecretBytes)>, Errors> {
        all_or_nothing(env, |reader| credentials::keys(reader, false))
    }

    /// Whether the signing keys come from a file, which may get others while Amber runs.
    #[must_use]
    pub fn keys_are_in_a_file(env: &dyn Env) -> bool {
        let reader = Reader::new(env);
        ["EMBED_SIGNING_KEY", "EMBED_SIGNING_KEYS"].iter().any(|name| reader.file_of(name).is_some())
    }
}

impl SecretsManager {
    /// Reads which secret store is asked for what is set nowhere else; None when none is.
    ///
    /// # Errors
    /// Every mistake in its variables.
    pub fn load(env: &dyn Env) -> Result<Option<Self>, Errors> {
        all_or_nothing(env, cloud::secrets_manager)
    }
}

impl TokenIssue {
    /// Reads what issuing one token needs.
    ///
    /// # Errors
    /// Every mistake in the variables of embedding and of the address of the server; also when embedding is off.
    pub fn load(env: &dyn Env) -> Result<Self, Errors> {
        all_or_nothing(env, |reader| {
            let (server, _) = serving::server(reader);
            let embed = credentials::embed(reader);
            if !embed.enabled {
                reader.refuse(
                    "EMBED_ENABLED",
                    Refusal::new("is off, so that no server accepts a token", "set it to true"),
                );
            }
            Self { public_url: server.public_url, embed }
        })
    }
}

fn all_or_nothing<T>(env: &dyn Env, read: impl FnOnce(&mut Reader<'_>) -> T) -> Result<T, Errors> {
    let mut reader = Reader::new(env);
    let part = read(&mut reader);
    if reader.mistakes.is_empty() { Ok(part) } else { Err(Errors(reader.mistakes)) }
}
