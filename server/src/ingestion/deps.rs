//! What ingestion works with.

use std::sync::Arc;

use crate::checkpoints::Mirror;
use crate::config;
use crate::domain::{Clock, Entropy};
use crate::resilience::{BreakerSettings, BreakerSnapshot, Circuit};
use crate::sentiment::Analyzer;
use crate::store::{Ingest, Leaders, Runs, Schedules, Work};
use crate::telemetry::Metrics;
use crate::x_api::Client;

/// What ingestion works with.
#[derive(Clone)]
pub struct Deps {
    /// The leaders to read.
    pub leaders: Arc<dyn Leaders>,
    /// Streams and pages.
    pub ingest: Arc<dyn Ingest>,
    /// The runs.
    pub runs: Arc<dyn Runs>,
    /// Tasks and leases.
    pub work: Arc<dyn Work>,
    /// The schedule of all replicas.
    pub schedules: Arc<dyn Schedules>,
    /// The files that follow the checkpoints; None: there are none.
    pub mirror: Option<Mirror>,
    /// X; None without a bearer token.
    pub x: Option<Arc<Client>>,
    /// Scores texts.
    pub analyzer: Arc<Analyzer>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes the ids of workers.
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
            None => Circuit::default().snapshot(self.clock.now(), &BreakerSettings::default()),
        }
    }
}
