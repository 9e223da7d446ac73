//! What ingestion works with.

use std::sync::Arc;

use crate::config;
use crate::domain::{Clock, Entropy};
use crate::resilience::{BreakerSnapshot, Circuit};
use crate::sentiment::Analyzer;
use crate::store::{Ingest, Leaders};
use crate::telemetry::Metrics;
use crate::x_api::Client;

/// What ingestion works with.
#[derive(Clone)]
pub struct Deps {
    /// The leaders to read.
    pub leaders: Arc<dyn Leaders>,
    /// Streams, pages and runs.
    pub ingest: Arc<dyn Ingest>,
    /// X; None without a bearer token.
    pub x: Option<Arc<Client>>,
    /// Scores texts.
    pub analyzer: Arc<Analyzer>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes run ids.
    pub entropy: Arc<dyn Entropy>,
    /// Counts.
    pub metrics: Metrics,
    /// When and how much.
    pub settings: config::Ingestion,
}

impl Deps {
    /// The breaker in front of X, as last seen; closed without a bearer token.
    #[must_use]
    pub fn breaker(&self) -> BreakerSnapshot {
        match &self.x {
            Some(x) => x.standing().breaker,
            None => Circuit::default().snapshot(self.clock.now()),
        }
    }
}
