//! With which credential ingestion reads X, and how much it may still read.

use secrecy::SecretString;
use tracing::{info, warn};

use super::Ingestion;
use crate::x_api;

impl Ingestion {
    /// Puts another bearer token for X in place of the present one, and lifts the stop that the old one caused; false
    /// when the token is the same, or when ingestion began without one.
    ///
    /// # Errors
    /// When no header can carry the token; the present one stays.
    pub async fn replace_bearer(&self, bearer: SecretString) -> Result<bool, x_api::Error> {
        let Some(x) = &self.deps.x else { return Ok(false) };
        if !x.replace_bearer(bearer)? {
            return Ok(false);
        }
        info!("The bearer token for X was replaced.");
        match self.deps.schedules.lift_stop().await {
            Ok(control) => self.shared.note(control),
            Err(error) => warn!(%error, "A stop that the old token caused was not lifted; start the schedule by hand."),
        }
        self.refresh_standing().await;
        Ok(true)
    }

    /// Looks at what all replicas did at X, and shows it in the metrics.
    pub async fn refresh_standing(&self) {
        let Some(x) = &self.deps.x else { return };
        if let Err(error) = x.refresh().await {
            warn!(%error, "How things stand at X could not be read; the next look tries again.");
        }
        let standing = x.standing();
        self.deps.metrics.breaker(standing.breaker.state.as_str());
        self.deps.metrics.api_usage(&standing.usage);
    }
}
