//! The sections of the configuration, as the rest of Amber reads them.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use secrecy::SecretString;

use super::{Redis, SecretBytes, SecretsManager};
use crate::domain::{Cidr, Origin, PolicyName, Quota};

/// Everything that an operator can set, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The secret store that was asked for what is set nowhere else; None: none.
    pub secrets_manager: Option<SecretsManager>,
    /// Where and how Amber listens.
    pub server: Server,
    /// Where Amber remembers.
    pub database: Database,
    /// Where it is kept how far each timeline is read.
    pub checkpoints: Checkpoints,
    /// The Redis that replicas share; None: each process limits on its own.
    pub redis: Option<Redis>,
    /// The credentials of administrators and services.
    pub admin: Admin,
    /// When and how much is fetched.
    pub ingestion: Ingestion,
    /// How X is reached.
    pub x_api: XApi,
    /// Embed tokens.
    pub embed: Embed,
    /// How much a caller may ask.
    pub rate_limit: RateLimit,
    /// Which web sites may call the API from a browser.
    pub cors: Cors,
    /// What was built, for the health report.
    pub build: Build,
    /// Logs and traces.
    pub telemetry: Telemetry,
}

/// Where and how Amber listens.
#[derive(Debug, Clone)]
pub struct Server {
    /// The address of the one port.
    pub listen: SocketAddr,
    /// The certificate that is shown; None: plain text.
    pub tls: Option<Tls>,
    /// After which time a connection is to be made anew; None: never.
    pub max_connection_age: Option<Duration>,
    /// The most connections of one address that is no trusted proxy; None: no bound.
    pub max_connections_per_address: Option<NonZeroUsize>,
    /// How browsers reach this server: `http(s)://host[:port][/path]`, without a slash at the end.
    pub public_url: String,
    /// Whether gRPC reflection is served.
    pub reflection: bool,
    /// Whether metrics are shown to administrators only.
    pub metrics_require_auth: bool,
    /// How long calls under way may take to end once Amber is told to stop.
    pub drain: Duration,
    /// How long calls are still taken after probes were told that Amber goes away.
    pub grace: Duration,
    /// The longest request body, in bytes.
    pub max_body: usize,
    /// The proxies whose `X-Forwarded-For` tells the address of a caller. Empty: none.
    pub trusted_proxies: Vec<Cidr>,
}

/// The files of TLS, as PEM. They may be replaced while Amber runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate, and those between it and its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Where Amber remembers.
#[derive(Debug, Clone)]
pub struct Database {
    /// `sqlite://` or `postgres://`; it may hold a password.
    pub url: SecretString,
    /// The most connections that are open at once.
    pub max_connections: u32,
    /// How long a call waits for a free connection.
    pub acquire_timeout: Duration,
}

/// Where it is kept how far each timeline is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checkpoints {
    /// In the database alone.
    Database,
    /// In files of this folder as well.
    Files(PathBuf),
}

/// The credentials of administrators and services.
#[derive(Debug, Clone)]
pub struct Admin {
    /// Signs admin tokens; at least 32 bytes.
    pub jwt_secret: SecretString,
    /// How long an admin token is valid.
    pub jwt_ttl: Duration,
    /// Buys an admin token; None: no admin token can be bought.
    pub bootstrap_secret: Option<SecretString>,
    /// The API key of the web team's server; at least 24 characters.
    pub api_key: Option<SecretString>,
    /// What programs that collect metrics show; None: only admins see metrics when these are not for everybody.
    pub metrics_token: Option<SecretString>,
    /// Keys the MACs of the API keys in the database, at least 32 characters; None: a key made from `jwt_secret` does.
    pub api_key_pepper: Option<SecretString>,
}

/// When and how much is fetched.
#[derive(Debug, Clone)]
pub struct Ingestion {
    /// Whether anything is fetched at all.
    pub enabled: bool,
    /// Posts per leader and run.
    pub limit: u32,
    /// New posts per leader on a backfill; None: as many as X gives.
    pub backfill_count: Option<u32>,
    /// The time between two runs, when `cron` is None.
    pub interval: Duration,
    /// Five valid cron fields, in place of `interval`.
    pub cron: Option<String>,
    /// On whose clocks `cron` counts.
    pub zone: TimeZone,
    /// The most that a scheduled run is delayed by chance.
    pub jitter: Duration,
    /// Leaders that one process reads at the same time.
    pub concurrency: u32,
    /// Leaders that all replicas together read at the same time.
    pub concurrency_everywhere: u32,
    /// How long a replica may be silent before another one takes over what it reads.
    pub lease_ttl: Duration,
    /// Fetch and check, but store nothing.
    pub dry_run: bool,
    /// How far behind the newest known post each run looks again, because posts can become visible late.
    pub overlap: Duration,
    /// How often, and at least how far back, the newest posts are looked at again in case X left some out; None: never.
    pub deep_every: Option<Duration>,
    /// How often each stored post is looked up again; None: never.
    pub recheck: Option<Duration>,
}

/// How X is reached.
#[derive(Debug, Clone)]
pub struct XApi {
    /// `http(s)://host[:port]`, without a slash at the end.
    pub base_url: String,
    /// The app-only bearer token; always there when ingestion is enabled.
    pub bearer: Option<SecretString>,
    /// The file that the bearer token comes from, which may get another one while Amber runs.
    pub bearer_file: Option<PathBuf>,
    /// Posts that may be read in a UTC month; None is no bound.
    pub monthly_post_budget: Option<u64>,
    /// The longest that one request may take.
    pub timeout: Duration,
}

/// Embed tokens.
#[derive(Debug, Clone)]
pub struct Embed {
    /// Whether tokens are issued and frames are served.
    pub enabled: bool,
    /// Signing keys by their key id: the first signs, all verify. Never empty when `enabled`, else always.
    pub keys: Vec<(String, SecretBytes)>,
    /// The sites that may frame a dashboard. Never empty when `enabled`.
    pub allowed_origins: Vec<Origin>,
    /// Whether frames may show the texts of posts.
    pub show_posts: bool,
    /// How long a token is valid when its issuer does not say.
    pub token_ttl: Duration,
    /// How long the audit is kept.
    pub audit_kept: Duration,
    /// How many tokens one caller may ask for.
    pub rate: Quota,
}

/// How much a caller may ask.
#[derive(Debug, Clone)]
pub struct RateLimit {
    /// Whether calls are limited.
    pub enabled: bool,
    /// Per address.
    pub anonymous: Quota,
    /// Per user or API key.
    pub authenticated: Quota,
    /// Frames, per address.
    pub token_redeem: Quota,
    /// Leaders whose posts are read at once, per caller.
    pub leader_refresh: Quota,
    /// Runs that are started, per caller.
    pub ingestion_trigger: Quota,
    /// Policies that only count.
    pub shadow: Vec<PolicyName>,
    /// Calls that cost more than one permit. No cost is larger than the smallest bucket.
    pub costs: Vec<Cost>,
    /// The longest that a decision of Redis is waited for.
    pub redis_timeout: Duration,
}

/// What the calls of one path cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// The path of a route or of a gRPC method; a part of it in braces stands for anything without a slash.
    pub path: String,
    /// Permits per call.
    pub permits: NonZeroU32,
}

/// Which web sites may call the API from a browser.
#[derive(Debug, Clone)]
pub struct Cors {
    /// Empty: none.
    pub allowed_origins: Vec<Origin>,
}

/// What was built, for the health report.
#[derive(Debug, Clone)]
pub struct Build {
    /// The release.
    pub version: String,
    /// The commit, or `unknown`.
    pub commit: String,
    /// When it was built, or `unknown`.
    pub build_time: String,
}

/// Logs and traces.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// How a log line is written.
    pub log_format: LogFormat,
    /// Which lines are written, in the syntax of `RUST_LOG`.
    pub log_filter: String,
    /// Where traces go; None: nowhere.
    pub traces: Option<Traces>,
}

/// Which traces go where.
#[derive(Debug, Clone)]
pub struct Traces {
    /// The collector that takes OTLP by gRPC: `http(s)://host:port`.
    pub endpoint: String,
    /// What it wants to see with each call, such as a key: names in lower case, and values.
    pub headers: Vec<(String, SecretString)>,
    /// The file of an authority, as PEM, that may vouch for it.
    pub authority: Option<PathBuf>,
    /// The name of this service in the traces.
    pub service: String,
    /// Which traces are kept.
    pub sampling: Sampling,
}

/// Which traces are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// Whether a caller that has a trace decides about it.
    pub by_caller: bool,
    /// The share of all other traces, in `0.0..=1.0`.
    pub share: f64,
}

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogFormat {
    /// One JSON object per line, for machines.
    Json,
    /// Plain text, for people.
    Text,
}
