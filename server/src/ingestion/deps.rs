//! What ingestion works with.

use std::sync::Arc;

use crate::config;
use crate::domain::{Clock, Entropy};
use crate::resilience::CircuitBreaker;
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
    /// The breaker in front of X.
    pub breaker: CircuitBreaker,
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
