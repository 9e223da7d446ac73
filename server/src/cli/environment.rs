//! Where the commands read their variables.

use std::path::Path;
use std::sync::Arc;

use amber_server::config::{FileError, Layers, MapEnv, ProcessEnv, SecretsManager};
use amber_server::domain::{OsEntropy, SystemClock};
use amber_server::secret_store::{SecretStore, Values};

use super::Failure;

/// What the store of a cloud showed, and the store itself to ask it again; None when none is asked.
pub(super) type FromCloud = Option<(SecretStore, Values)>;

/// The environment of the process over `.env.local` over `.env` of the current folder.
pub(super) fn local() -> Result<Layers, FileError> {
    Layers::standard(Path::new("."))
}

/// The same, and below it what the secret store of a cloud has, when one is named.
pub(super) async fn standard() -> Result<Layers, Failure> {
    Ok(with_cloud().await?.0)
}

/// The same, and where its lowest layer comes from.
pub(super) async fn with_cloud() -> Result<(Layers, FromCloud), Failure> {
    let env = local()?;
    // What is wrong with the rest cannot be told without the store.
    let Some(manager) = SecretsManager::load(&env)? else { return Ok((env, None)) };
    let store = SecretStore::open(manager, Arc::new(SystemClock), Arc::new(OsEntropy)).await?;
    let values = store.read(&env).await?;
    Ok((values.below(env), Some((store, values))))
}

/// The same as [`standard`] for a command that somebody watches.
pub(super) async fn attended() -> Result<Layers, Failure> {
    Ok(Layers::new(vec![Box::new(standard().await?), Box::new(quiet())]))
}

/// The environment of the process alone, because the files of the folder belong to another server.
pub(super) fn isolated() -> Layers {
    Layers::new(vec![Box::new(ProcessEnv), Box::new(quiet())])
}

/// The log holds only warnings, as text, unless something else is set.
fn quiet() -> MapEnv {
    MapEnv::default().with("LOG_FORMAT", "text").with("RUST_LOG", "warn")
}
