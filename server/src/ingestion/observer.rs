//! Counts and logs what the X client goes through.

use std::time::Duration;

use jiff::Timestamp;
use tracing::{debug, info, warn};

use crate::domain::Reads;
use crate::resilience::Retry;
use crate::telemetry::Metrics;
use crate::x_api::{Endpoint, Fault, Observer};

/// Counts and logs what the X client goes through.
#[derive(Debug, Clone)]
pub struct XObserver {
    metrics: Metrics,
}

impl XObserver {
    /// Counts into `metrics`.
    #[must_use]
    pub fn new(metrics: Metrics) -> Self {
        Self { metrics }
    }
}

impl Observer for XObserver {
    fn on_response(&self, endpoint: Endpoint, status: u16, duration: Duration) {
        self.metrics.api_call(endpoint.as_str(), &status.to_string());
        debug!(%endpoint, status, ?duration, "X answered {status}.");
    }

    fn on_retry(&self, endpoint: Endpoint, fault: &Fault, retry: Retry) {
        self.metrics.api_retry();
        let wait_ms = retry.wait.as_millis();
        info!(%endpoint, %fault, retry = retry.number, wait_ms, "X is asked again in {wait_ms} ms: {fault}.");
    }

    fn on_rate_limited(&self, endpoint: Endpoint, until: Timestamp) {
        self.metrics.api_rate_limited();
        warn!(%endpoint, %until, "X asks to wait until {until}.");
    }

    fn on_reads(&self, _: Endpoint, reads: Reads) {
        self.metrics.api_reads(reads);
    }

    fn on_missing_field(&self, field: &'static str, count: u64) {
        warn!(field, count, "X left out the field {field} in {count} posts although it was asked for.");
    }
}
