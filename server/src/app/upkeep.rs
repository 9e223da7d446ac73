//! What must be done now and then.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::domain::Clock;
use crate::grpc::Serving;
use crate::health::Health;
use crate::http::{Edge, Gate};
use crate::ingestion::Ingestion;
use crate::store::{ApiBudget, Arrivals, EmbedAudit, EmbedRequests, EmbedTokens, Store};
use crate::telemetry::Metrics;

/// How often metrics are tidied up and the database is probed for the standard health service.
const BEAT: Duration = Duration::from_secs(5);
/// How long a use is remembered beyond the life of its token: longer than a call that found the token in time can wait for the
/// database, or such a call would meet no trace of the use.
const USES_KEPT: Duration = Duration::from_mins(5);
/// How long revocations are kept: longer than any token and session together.
const REVOCATIONS_KEPT: Duration = Duration::from_hours(24);
/// How long the order in which posts came is kept, for those who follow them and were away.
const ARRIVALS_KEPT: Duration = Duration::from_hours(8 * 24);
/// How many beats pass between two rounds of forgetting.
const FORGET_EVERY: u32 = 12;

/// What must be done now and then.
pub(super) struct Upkeep {
    pub(super) store: Store,
    pub(super) metrics: Metrics,
    pub(super) ingestion: Ingestion,
    pub(super) gate: Arc<Gate>,
    pub(super) edge: Option<Edge>,
    pub(super) health: Arc<Health>,
    pub(super) serving: Serving,
    pub(super) clock: Arc<dyn Clock>,
    /// How long the audit of embed tokens is kept.
    pub(super) audit_kept: Duration,
}

impl Upkeep {
    /// Works until `stop`.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beats = 0_u32;
        while stop.run_until_cancelled(beat.tick()).await.is_some() {
            let is_ready = self.health.is_ready().await;
            if stop.is_cancelled() {
                return;
            }
            self.serving.set_serving(is_ready).await;
            self.metrics.run_upkeep();
            if is_ready {
                self.ingestion.refresh_standing().await;
                self.gate.authenticator.write_uses().await;
            }
            if beats.is_multiple_of(FORGET_EVERY) {
                self.forget().await;
            }
            beats = beats.wrapping_add(1);
        }
    }

    async fn forget(&self) {
        self.gate.limits.iter().for_each(|limits| limits.forget_idle());
        self.edge.iter().for_each(Edge::forget_idle);
        let now = self.clock.now();
        if let Err(error) = self.store.purge_expired(now - USES_KEPT, now - REVOCATIONS_KEPT).await {
            warn!(%error, "Expired embed tokens were not forgotten; the next round tries again.");
        }
        if let Err(error) = self.store.purge_requests(now).await {
            warn!(%error, "Old named calls for embed tokens were not forgotten; the next round tries again.");
        }
        if let Err(error) = self.store.purge_events(now - self.audit_kept).await {
            warn!(%error, "Old lines of the embed audit were not forgotten; the next round tries again.");
        }
        if let Err(error) = self.store.purge_arrivals(now - ARRIVALS_KEPT).await {
            warn!(%error, "The order of old posts was not forgotten; the next round tries again.");
        }
        if let Err(error) = self.store.forget_unused_credentials().await {
            warn!(%error, "The limits of unused credentials were not forgotten; the next round tries again.");
        }
    }
}
