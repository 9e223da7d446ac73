//! Health and metrics.

mod watch;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Error;
use super::holder::Holder;
use crate::auth::require_role;
use crate::domain::{Principal, Role};
use crate::health::{Health, Report};
use crate::resilience::Seats;
use crate::telemetry::{Metrics, Snapshot};

/// Health and metrics.
pub struct Operations {
    health: Arc<Health>,
    metrics: Metrics,
    metrics_require_auth: bool,
    watchers: Seats<Holder>,
    closing: CancellationToken,
}

impl Operations {
    /// Reports on these; metrics are for admins and scrapers only when `metrics_require_auth`. Whoever watches is let go
    /// with `closing`.
    #[must_use]
    pub fn new(health: Arc<Health>, metrics: Metrics, metrics_require_auth: bool, closing: CancellationToken) -> Self {
        let watchers = Seats::new(Self::MAX_WATCHERS, Self::MAX_WATCHERS_OF_ONE);
        Self { health, metrics, metrics_require_auth, watchers, closing }
    }

    /// The health report. Anyone may ask.
    pub async fn health(&self) -> Report {
        self.health.report().await
    }

    /// Whether calls can be served: the database answers. Anyone may ask.
    pub async fn is_ready(&self) -> bool {
        self.health.is_ready().await
    }

    /// The plain numbers.
    ///
    /// # Errors
    /// [`Error::Auth`] when metrics are for others.
    pub fn metrics(&self, caller: &Principal) -> Result<Snapshot, Error> {
        self.check(caller)?;
        Ok(self.metrics.snapshot())
    }

    /// Every metric in the Prometheus text format.
    ///
    /// # Errors
    /// [`Error::Auth`] when metrics are for others.
    pub fn prometheus_text(&self, caller: &Principal) -> Result<String, Error> {
        self.check(caller)?;
        Ok(self.metrics.render())
    }

    /// The metrics of the old service in the Prometheus text format.
    ///
    /// # Errors
    /// [`Error::Auth`] when metrics are for others.
    pub fn old_prometheus_text(&self, caller: &Principal) -> Result<String, Error> {
        self.check(caller)?;
        Ok(self.metrics.render_old())
    }

    fn check(&self, caller: &Principal) -> Result<(), Error> {
        if !self.metrics_require_auth || *caller == Principal::Scraper {
            return Ok(());
        }
        Ok(require_role(caller, Role::Admin)?)
    }
}
