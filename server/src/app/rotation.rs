//! Puts new secrets in place while Amber runs: the bearer token for X, and the keys of embed tokens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Core, World};
use crate::config::{Config, SecretBytes};
use crate::domain::Entropy;
use crate::embed::KeyRing;
use crate::ingestion::Ingestion;
use crate::telemetry::Metrics;

/// By how much polls of several replicas are spread, as a share of their interval.
const JITTER: f64 = 0.2;

/// Secrets as they are now.
pub struct Fresh {
    /// The bearer token for X; None when it is not set.
    pub bearer: Read<Option<SecretString>>,
    /// The keys of embed tokens, the signing one first; empty when none is set.
    pub keys: Read<Vec<(String, SecretBytes)>>,
}

/// A secret, or why it cannot be read; the reasons are for logs and hold no secrets.
pub type Read<T> = Result<T, String>;

/// Why secrets are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Somebody asked.
    Asked,
    /// It is time for the secret store of the cloud.
    Store,
    /// It is time for the files.
    Files,
}

/// Where secrets come from.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// Reads them anew; what is not looked at on this occasion is as it was at the look before.
    ///
    /// # Errors
    /// Why nothing could be read, without secrets.
    async fn read(&self, occasion: Occasion) -> Read<Fresh>;
}

/// When and where new secrets are looked for.
#[derive(Clone)]
pub struct Rotation {
    /// Reads the secrets.
    pub secrets: Arc<dyn Secrets>,
    /// Asks to look now.
    pub asked: Arc<Notify>,
    /// How often to look at files; None is never.
    pub files: Option<Duration>,
    /// How often to ask the secret store of the cloud; None is never.
    pub store: Option<Duration>,
}

impl fmt::Debug for Rotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rotation").field("files", &self.files).field("store", &self.store).finish_non_exhaustive()
    }
}

/// What works with these secrets.
pub struct Rotated {
    /// Calls X; None when it was started without a bearer token.
    ingestion: Option<Ingestion>,
    /// Signs embed tokens; None when embedding is switched off.
    key_ring: Option<Arc<KeyRing>>,
    metrics: Metrics,
    entropy: Arc<dyn Entropy>,
}

impl Rotated {
    /// What `core` works with.
    #[must_use]
    pub fn of(config: &Config, world: &World, core: &Core) -> Self {
        Self {
            ingestion: config.x_api.bearer.is_some().then(|| core.ingestion.clone()),
            key_ring: core.key_ring.clone(),
            metrics: core.metrics.clone(),
            entropy: Arc::clone(&world.entropy),
        }
    }

    /// Puts what is new in place; true when something was.
    async fn take(&self, fresh: Fresh) -> Read<bool> {
        let bearer = self.take_bearer(fresh.bearer).await.map_err(|reason| format!("the bearer token for X: {reason}"));
        let keys = self.take_keys(fresh.keys).map_err(|reason| format!("the keys of embed tokens: {reason}"));
        match (bearer, keys) {
            (Err(bearer), Err(keys)) => Err(format!("{bearer}; {keys}")),
            (bearer, keys) => Ok(bearer? | keys?),
        }
    }

    async fn take_bearer(&self, bearer: Read<Option<SecretString>>) -> Read<bool> {
        let Some(ingestion) = &self.ingestion else { return Ok(false) };
        let bearer = bearer?.ok_or("it is not set any more")?;
        ingestion.replace_bearer(bearer).await.map_err(|error| error.to_string())
    }

    fn take_keys(&self, keys: Read<Vec<(String, SecretBytes)>>) -> Read<bool> {
        let Some(ring) = &self.key_ring else { return Ok(false) };
        let keys = keys?;
        let is_new = ring.replace(keys.iter().map(|(id, key)| (id.as_str(), key.expose())));
        let is_new = is_new.map_err(|error| error.to_string())?;
        if is_new {
            let ids = ring.key_ids().join(",");
            info!(keys = ids, "The keys of embed tokens were replaced; they are {ids} now, and the first signs.");
        }
        Ok(is_new)
    }
}

impl Rotation {
    /// Works until `stop`. After a panic it may be called again.
    pub(super) async fn run(&self, rotated: &Rotated, stop: CancellationToken) {
        // What cannot be read is told once, not at every look.
        let mut told = None;
        let mut next_files = self.files.map(|every| Instant::now() + every);
        let mut next_store = self.store.map(|every| Instant::now() + spread(every, &*rotated.entropy));
        while let Some(occasion) = stop.run_until_cancelled(self.next(next_files, next_store)).await {
            let looked = stop.run_until_cancelled(self.look(rotated, occasion)).await;
            let Some(looked) = looked else { return };
            rotated.metrics.secrets_read(looked.is_ok());
            let is_asked = occasion == Occasion::Asked;
            if looked == Ok(false) && is_asked {
                info!("The secrets that can change while Amber runs are the same as before.");
            }
            let problem = looked.err();
            if let Some(reason) = problem.as_ref().filter(|_| is_asked || problem != told) {
                warn!(%reason, "Not all new secrets could be read, and the present ones stay: {reason}");
            }
            // Files know nothing of a store that fails.
            if problem.is_some() || occasion != Occasion::Files || self.store.is_none() {
                told = problem;
            }
            let now = Instant::now();
            if occasion != Occasion::Store {
                next_files = self.files.map(|every| now + every);
            }
            if occasion != Occasion::Files {
                next_store = self.store.map(|every| now + spread(every, &*rotated.entropy));
            }
        }
    }

    /// Waits for the next look.
    async fn next(&self, files: Option<Instant>, store: Option<Instant>) -> Occasion {
        tokio::select! {
            () = self.asked.notified() => Occasion::Asked,
            () = at(store) => Occasion::Store,
            () = at(files) => Occasion::Files,
        }
    }

    async fn look(&self, rotated: &Rotated, occasion: Occasion) -> Read<bool> {
        rotated.take(self.secrets.read(occasion).await?).await
    }
}

/// That moment, or never.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// An interval, longer or shorter by chance.
fn spread(every: Duration, entropy: &dyn Entropy) -> Duration {
    every.mul_f64(1.0 + JITTER * (entropy.unit() - 0.5))
}
