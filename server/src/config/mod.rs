//! Typed configuration, read from the environment; every mistake is reported at once.

mod variable;
mod variables;
mod env;
mod report;
mod secret;
mod redis;
mod cloud;
mod sections;
mod parse;
mod reader;
mod names;
mod load;
mod summary;
mod reference;

pub use cloud::{CloudStore, SecretsManager};
pub use env::{Env, FileError, Layers, MapEnv, ProcessEnv};
pub use load::{ApiKeyDesk, CheckpointPlaces, IngestRun, Loaded, SharedLimits, TokenIssue};
pub use redis::{BadRedisUrl, Layout, Redis};
pub use reference::{env_example, reference};
pub use report::{Errors, Mistake, Warning};
pub use secret::SecretBytes;
pub use sections::{
    Admin, Build, Checkpoints, Config, Cors, Cost, Database, Embed, Ingestion, LogFormat, RateLimit, Sampling, Server,
    Telemetry, Tls, Traces, XApi,
};
pub use summary::Summary;
pub use variable::{Fallback, Form, Need, Variable};
pub use variables::{SECTIONS, Section, variables};

#[cfg(test)]
mod tests;
