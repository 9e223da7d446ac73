//! What must be done now and then.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::gauges::Gauges;
use crate::domain::Clock;
use crate::grpc::Serving;
use crate::health::Health;
use crate::http::{Edge, Gate};
use crate::ingestion::Ingestion;
use crate::store::{
    self, ApiBudget, Arrivals, EmbedAudit, EmbedRequests, EmbedTokens, Ledger, Quarantine, Runs, Store,
};
use crate::telemetry::Metrics;

/// How often metrics are tidied up, and database and Redis are probed for metrics and the standard health service.
const BEAT: Duration = Duration::from_secs(5);
/// How long a use is remembered beyond the life of its token: longer than a call that found the token in time can wait for the
/// database, or such a call would meet no trace of the use.
const USES_KEPT: Duration = Duration::from_mins(5);
/// How long revocations are kept: longer than any token and session together.
const REVOCATIONS_KEPT: Duration = Duration::from_hours(24);
/// How long the order in which posts came is kept, for those who follow them and were away.
const ARRIVALS_KEPT: Duration = Duration::from_hours(8 * 24);
/// How long is kept which pages were stored: long enough to see how posts got lost or doubled, should they ever.
const LEDGER_KEPT: Duration = Duration::from_hours(30 * 24);
/// How long runs that are over are kept, and records of quarantine that are dealt with: longer than the ledger, whose lines
/// name their runs.
const HISTORY_KEPT: Duration = Duration::from_hours(90 * 24);
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
    pub(super) gauges: Gauges,
    pub(super) clock: Arc<dyn Clock>,
    /// How long the audit of embed tokens is kept.
    pub(super) audit_kept: Duration,
}

impl Upkeep {
    /// Works until `stop`. After a panic it may be called again.
    pub(super) async fn run(&self, stop: CancellationToken) {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beats = 0_u32;
        while stop.run_until_cancelled(beat.tick()).await.is_some() {
            self.gauges.read();
            let is_ready = self.health.probe().await;
            if stop.is_cancelled() {
                return;
            }
            self.serving.set_serving(is_ready).await;
            self.metrics.run_upkeep();
            if is_ready {
                self.gauges.ask().await;
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
        let store = &self.store;
        let outcomes = [
            ("Expired embed tokens", forget_tokens(store, now).await),
            ("Old named calls for embed tokens", store.purge_requests(now).await),
            ("Old lines of the embed audit", store.purge_events(now - self.audit_kept).await),
            ("The places of old posts", store.purge_arrivals(now - ARRIVALS_KEPT).await),
            ("Old lines of the ledger", store.purge_ledger(now - LEDGER_KEPT).await),
            ("Old runs", store.purge_runs(now - HISTORY_KEPT).await),
            ("Old records of quarantine", store.purge_closed(now - HISTORY_KEPT).await),
            ("The limits of unused credentials", store.forget_unused_credentials().await),
        ];
        for (what, outcome) in outcomes {
            if let Err(error) = outcome {
                warn!(%error, "{what} were not forgotten; the next round tries again.");
            }
        }
    }
}

/// Forgets what no token and no session can meet any more.
async fn forget_tokens(store: &dyn EmbedTokens, now: Timestamp) -> Result<u64, store::Error> {
    store.purge_expired(now - USES_KEPT, now - REVOCATIONS_KEPT).await
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, ToSpan};

    use super::*;
    use crate::domain::{
        AuditAction, AuditEvent, ClientId, DashboardId, EmbedClaims, Locks, Origin, OsEntropy, SystemClock, TokenId,
    };
    use crate::store::{Consumed, Settings};

    fn claims(expires_at: Timestamp) -> EmbedClaims {
        EmbedClaims {
            token_id: TokenId("token-1".to_owned()),
            key_id: "k1".to_owned(),
            issuer: "amber".to_owned(),
            subject: "viewer".to_owned(),
            client_id: ClientId("key:web".to_owned()),
            dashboard_id: DashboardId::parse("main").unwrap(),
            origins: vec![Origin::parse("https://host.example").unwrap()],
            leaders: Vec::new(),
            locks: Locks::default(),
            max_session: Duration::from_mins(10),
            issued_at: expires_at - 1.minute(),
            expires_at,
        }
    }

    fn redeemed(at: Timestamp) -> AuditEvent {
        AuditEvent {
            at,
            action: AuditAction::Redeemed,
            token_id: None,
            client_id: None,
            subject: None,
            dashboard_id: None,
            origin: None,
            reason: None,
            network: None,
            detail: None,
        }
    }

    /// A call that found its token in time may reach the database much later: after a wait for a connection, a lock, a failover.
    /// The use by another call must still be known then, whatever was forgotten in between.
    #[tokio::test]
    async fn a_call_that_waited_for_minutes_still_meets_the_use_of_its_token() {
        let settings =
            Settings { url: "sqlite::memory:".into(), max_connections: 1, acquire_timeout: BEAT, lease_ttl: None };
        let store = Store::connect(&settings, Arc::new(SystemClock), Arc::new(OsEntropy)).await.unwrap();
        store.migrate().await.unwrap();
        let expires_at = Timestamp::from_second(1_800_000_000).unwrap();
        let (claims, event) = (claims(expires_at), redeemed(expires_at));
        assert_eq!(store.consume(&claims, &event).await.unwrap(), Consumed::First);

        for waited in [0, 60, 299] {
            forget_tokens(&store, expires_at + SignedDuration::from_secs(waited)).await.unwrap();
            let outcome = store.consume(&claims, &event).await.unwrap();
            assert_eq!(outcome, Consumed::Replayed, "{waited} s after the end of the token");
        }
        forget_tokens(&store, expires_at + SignedDuration::from_mins(6)).await.unwrap();
        assert_eq!(store.consume(&claims, &event).await.unwrap(), Consumed::First, "uses are not kept for ever");
    }
}
