//! Typed configuration, read from the environment; every mistake is reported at once.

mod env;
mod report;
mod secret;
mod sections;

pub use env::{Env, FileError, Layers, MapEnv, ProcessEnv};
pub use report::{Errors, Mistake, Warning};
pub use secret::SecretBytes;
pub use sections::{
    Admin, Build, Config, Cors, Database, Embed, Ingestion, LogFormat, RateLimit, Redis, Server, Telemetry, XApi,
};

/// A configuration that can be used.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What the operator should know.
    pub warnings: Vec<Warning>,
}
