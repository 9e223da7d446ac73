//! The services with API keys: makes, recognises and revokes their keys, and knows their sites.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use moka::future::Cache;
use secrecy::{ExposeSecret, SecretString};

use super::first_looks::FirstLooks;
use super::{Pepper, Registry, api_key, uses::Uses};
use crate::domain::{ApiClient, ApiKeyId, ClientId, Clock, Entropy, Origin, Principal, Scope};
use crate::store::{self, ApiClients, ClientCursor, StoredClient};

/// The public id of the API key that the environment sets.
pub(super) const ENVIRONMENT_KEY_ID: &str = "admin";

/// How long a look into the database holds, that a key is unknown included. A key that is revoked on another replica is refused
/// here after that time.
const REMEMBERED: Duration = Duration::from_millis(500);

/// The most keys that are remembered, unknown ones included.
const CAPACITY: u64 = 10_000;

/// How long a key that was right is looked up without waiting for a turn.
const PROVEN: Duration = Duration::from_hours(1);

/// Whom a new key is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClient {
    /// Whose it is.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The sites for which it may issue embed tokens.
    pub origins: Vec<Origin>,
}

/// A key that was just made.
#[derive(Debug)]
pub struct IssuedKey {
    /// Whose it is.
    pub client: ApiClient,
    /// Its text, which is kept nowhere.
    pub text: SecretString,
}

/// What the environment says about clients.
#[derive(Debug, Clone)]
pub struct Builtin {
    /// Whether it sets an API key, which is the client `key:admin`.
    pub has_key: bool,
    /// The sites of every client without a key in the database.
    pub origins: Arc<[Origin]>,
}

/// A key that can be used.
struct Known {
    client: ApiClient,
    mac: Vec<u8>,
    origins: Arc<[Origin]>,
}

/// The services with API keys.
pub struct Clients {
    store: Arc<dyn ApiClients>,
    pepper: Pepper,
    builtin: Builtin,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    cache: Cache<ApiKeyId, Option<Arc<Known>>>,
    /// Keys that were right, which nobody can invent.
    proven: Cache<ApiKeyId, ()>,
    first_looks: FirstLooks,
    uses: Uses,
}

impl Clients {
    /// Keeps keys in `store`, of which `pepper` hides the secrets.
    #[must_use]
    pub fn new(
        store: Arc<dyn ApiClients>,
        pepper: Pepper,
        builtin: Builtin,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let cache = Cache::builder().max_capacity(CAPACITY).time_to_live(REMEMBERED).build();
        let proven = Cache::builder().max_capacity(CAPACITY).time_to_live(PROVEN).build();
        let (first_looks, uses) = (FirstLooks::default(), Uses::default());
        Self { store, pepper, builtin, clock, entropy, cache, proven, first_looks, uses }
    }

    /// Makes a key.
    ///
    /// # Errors
    /// When the store fails; there is no key then.
    pub async fn create(&self, new: NewClient) -> Result<IssuedKey, store::Error> {
        let api_key::Fresh { id, text, secret } = api_key::generate(&*self.entropy);
        let NewClient { name, scopes, origins } = new;
        let created_at = self.clock.now();
        let client = ApiClient { id, name, scopes, origins, created_at, last_used_at: None, revoked_at: None };
        let mac = self.pepper.mac(secret.expose_secret()).to_vec();
        self.store.add(&StoredClient { client: client.clone(), mac }).await?;
        self.cache.invalidate(&client.id).await;
        Ok(IssuedKey { client, text })
    }

    /// At most `limit` clients after `after`, the newest first, revoked ones included.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, after: Option<&ClientCursor>, limit: u32) -> Result<Vec<ApiClient>, store::Error> {
        self.store.clients(after, limit).await
    }

    /// Revokes a key for good, here at once and on other replicas within a second; None when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revoke(&self, id: &ApiKeyId) -> Result<Option<ApiClient>, store::Error> {
        let revoked = self.store.revoke_client(id, self.clock.now()).await;
        self.cache.invalidate(id).await;
        revoked
    }

    /// Whose key `text` is; None when it is no key, an unknown or a revoked one.
    ///
    /// # Errors
    /// When the store fails; nothing is known of the key then.
    pub async fn authenticate(&self, text: &str) -> Result<Option<Principal>, store::Error> {
        let Some(parts) = api_key::read(text) else { return Ok(None) };
        let known = self.known(&parts.id).await?;
        // Also an unknown id costs a comparison, so that time does not tell which ids exist.
        let is_right = self.pepper.matches(parts.secret, known.as_ref().map(|known| known.mac.as_slice()));
        let Some(known) = known.filter(|_| is_right) else { return Ok(None) };
        if !self.proven.contains_key(&parts.id) {
            self.proven.insert(parts.id.clone(), ()).await;
        }
        self.uses.note(&known.client, self.clock.now());
        Ok(Some(Principal::Key { id: parts.id.0, scopes: known.client.scopes.clone() }))
    }

    /// Writes down which keys were used since the last call.
    pub async fn write_uses(&self) {
        self.uses.write(&*self.store).await;
    }

    /// A key that can be used. Callers of one instant share a look into the database.
    async fn known(&self, id: &ApiKeyId) -> Result<Option<Arc<Known>>, store::Error> {
        let look = async {
            let found = if self.proven.contains_key(id) {
                self.store.find(id).await?
            } else {
                self.first_looks.find(&*self.store, id).await?
            };
            let found = found.filter(|found| found.client.revoked_at.is_none());
            Ok(found.map(|StoredClient { client, mac }| {
                let origins = client.origins.as_slice().into();
                Arc::new(Known { client, mac, origins })
            }))
        };
        self.cache.try_get_with_by_ref(id, look).await.map_err(store::Error::shared)
    }
}

#[async_trait]
impl Registry for Clients {
    async fn origins(&self, client: &ClientId) -> Result<Option<Arc<[Origin]>>, store::Error> {
        match client.0.strip_prefix("key:") {
            None => Ok(Some(Arc::clone(&self.builtin.origins))),
            Some(ENVIRONMENT_KEY_ID) => Ok(self.builtin.has_key.then(|| Arc::clone(&self.builtin.origins))),
            Some(id) => {
                let known = self.known(&ApiKeyId(id.to_owned())).await?;
                Ok(known.map(|known| Arc::clone(&known.origins)))
            }
        }
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("builtin", &self.builtin).finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests;
