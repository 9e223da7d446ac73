//! Puts a new bearer token for X in place while Amber runs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::ingestion::Ingestion;

/// Reads the bearer token anew; None when there is none. Its errors are for logs and hold no secrets.
pub type ReadBearer = Arc<dyn Fn() -> Result<Option<SecretString>, String> + Send + Sync>;

/// When and where a new bearer token is looked for.
#[derive(Clone)]
pub struct Rotation {
    /// Reads the token; it may block.
    pub read: ReadBearer,
    /// Asks to look now.
    pub asked: Arc<Notify>,
    /// How often to look without being asked; None is never.
    pub every: Option<Duration>,
}

impl fmt::Debug for Rotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rotation").field("every", &self.every).finish_non_exhaustive()
    }
}

impl Rotation {
    /// Works until `stop`.
    pub(super) async fn run(self, ingestion: Ingestion, stop: CancellationToken) {
        // A file that cannot be read is told once, not at every look.
        let mut told = None;
        while let Some(is_asked) = stop.run_until_cancelled(self.next()).await {
            let problem = match self.look(&ingestion).await {
                Ok(is_new) => {
                    if is_asked && !is_new {
                        info!("The bearer token for X is the same as before.");
                    }
                    None
                }
                Err(reason) => Some(reason),
            };
            if let Some(reason) = problem.as_ref().filter(|_| is_asked || problem != told) {
                warn!(%reason, "No new bearer token for X was read, and the present one stays: {reason}");
            }
            told = problem;
        }
    }

    /// Waits for the next look; true when somebody asks for it.
    async fn next(&self) -> bool {
        let Some(every) = self.every else {
            self.asked.notified().await;
            return true;
        };
        tokio::select! {
            () = self.asked.notified() => true,
            () = sleep(every) => false,
        }
    }

    /// Looks once; true when a new token was put in place.
    async fn look(&self, ingestion: &Ingestion) -> Result<bool, String> {
        let read = Arc::clone(&self.read);
        let read = tokio::task::spawn_blocking(move || read()).await;
        let bearer = read.map_err(|panic| {
            error!(%panic, "Reading the bearer token for X failed.");
            "it could not be read".to_owned()
        })??;
        let bearer = bearer.ok_or("it is not set any more")?;
        ingestion.replace_bearer(bearer).await.map_err(|error| error.to_string())
    }
}
