//! Reads the secrets that may change while Amber runs: from the environment's files, and from the secret store of a cloud.

use std::sync::{Mutex, PoisonError};

use amber_server::app::{Fresh, Occasion, Read, Secrets};
use amber_server::config::{Embed, Layers, XApi};
use amber_server::secret_store::{SecretStore, Values};
use async_trait::async_trait;

use super::environment::{self, FromCloud};

/// Files and environment, and what the store showed at the last look.
pub(super) struct FreshSecrets {
    cloud: Option<(SecretStore, Mutex<Values>)>,
}

impl FreshSecrets {
    /// Goes on from what was read at the start.
    pub(super) fn after(cloud: FromCloud) -> Self {
        Self { cloud: cloud.map(|(store, values)| (store, Mutex::new(values))) }
    }

    async fn layers(&self, occasion: Occasion) -> Read<Layers> {
        let env = tokio::task::spawn_blocking(environment::local).await.map_err(|error| error.to_string())?;
        let env = env.map_err(|error| error.to_string())?;
        let Some((store, last)) = &self.cloud else { return Ok(env) };
        if occasion != Occasion::Files {
            let values = store.read(&env).await.map_err(|error| error.to_string())?;
            *last.lock().unwrap_or_else(PoisonError::into_inner) = values;
        }
        Ok(last.lock().unwrap_or_else(PoisonError::into_inner).below(env))
    }
}

#[async_trait]
impl Secrets for FreshSecrets {
    async fn read(&self, occasion: Occasion) -> Read<Fresh> {
        let env = self.layers(occasion).await?;
        let fresh = move || Fresh {
            bearer: XApi::read_bearer(&env).map_err(|errors| errors.to_string()),
            keys: Embed::read_keys(&env).map_err(|errors| errors.to_string()),
        };
        tokio::task::spawn_blocking(fresh).await.map_err(|error| error.to_string())
    }
}
