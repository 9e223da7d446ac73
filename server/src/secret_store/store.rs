//! The store that the configuration names.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::time::timeout;

use super::wanted::wanted;
use super::{Error, Values};
#[cfg(any(feature = "aws", feature = "gcp"))]
use crate::config::CloudStore;
use crate::config::{Env, SecretsManager};
use crate::domain::{Clock, Entropy};

/// What talks to one store.
#[async_trait]
pub(super) trait Shelf: Send + Sync {
    /// The secrets of these names, each with its name; one that does not exist is left out.
    async fn take(&self, names: &[String]) -> Result<Vec<(String, SecretString)>, Error>;
}

/// The secret store of a cloud.
#[derive(Clone)]
pub struct SecretStore {
    shelf: Arc<dyn Shelf>,
    manager: SecretsManager,
}

impl fmt::Debug for SecretStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretStore").field("manager", &self.manager).finish_non_exhaustive()
    }
}

impl SecretStore {
    /// Makes ready to ask the store; nothing is asked yet but what the files of this machine say about the cloud.
    ///
    /// # Errors
    /// [`Error::NotBuilt`], [`Error::Setup`], [`Error::Credentials`].
    pub async fn open(
        manager: SecretsManager,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, Error> {
        let shelf = shelf(&manager, clock, entropy).await?;
        Ok(Self { shelf, manager })
    }

    #[cfg(test)]
    pub(super) fn of(shelf: Arc<dyn Shelf>, manager: SecretsManager) -> Self {
        Self { shelf, manager }
    }

    /// Reads every secret that `env` leaves open, within the time limit for all of them.
    ///
    /// # Errors
    /// The first reason why not all of them could be read; one that does not exist is none.
    pub async fn read(&self, env: &dyn Env) -> Result<Values, Error> {
        let is_there = |variable: &&str| self.manager.names.as_ref().is_none_or(|names| names.contains(variable));
        let asked = wanted(env).into_iter().filter(is_there);
        let asked: Vec<_> = asked.map(|variable| (variable, self.manager.name_of(variable))).collect();
        let names: Vec<_> = asked.iter().map(|(_, name)| name.clone()).collect();
        let (store, limit) = (self.manager.store.as_str(), self.manager.timeout);
        let taken = timeout(limit, self.shelf.take(&names)).await.map_err(|_| Error::Timeout { store, limit })??;
        let mut values = Values::new(&self.manager);
        for (variable, name) in asked {
            match taken.iter().find(|(known, _)| *known == name) {
                Some((_, secret)) => values.found(variable, secret),
                None => values.missing(variable, name),
            }
        }
        Ok(values)
    }

    /// Which store it is and how it is asked.
    #[must_use]
    pub fn manager(&self) -> &SecretsManager {
        &self.manager
    }
}

#[cfg_attr(
    not(feature = "aws"),
    expect(clippy::unused_async, unused_variables, reason = "only the feature `aws` waits and needs the time")
)]
async fn shelf(
    manager: &SecretsManager,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<Arc<dyn Shelf>, Error> {
    match &manager.store {
        #[cfg(feature = "aws")]
        CloudStore::AwsSsm { region } | CloudStore::AwsSecrets { region } => {
            Ok(Arc::new(super::aws::Aws::open(manager, region, clock, entropy).await?))
        }
        #[cfg(feature = "gcp")]
        CloudStore::GcpSecretManager { project } => Ok(Arc::new(super::gcp::Gcp::open(manager, project, entropy)?)),
        #[cfg(not(all(feature = "aws", feature = "gcp")))]
        store => Err(Error::NotBuilt { store: store.as_str(), feature: store.feature() }),
    }
}
