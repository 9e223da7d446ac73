//! Looks stored posts up again: their counts are renewed, and what is gone from X goes from here.
//!
//! X's terms want deleted posts to be purged within 24 hours. Each post is asked for once per period, a hundred at a
//! time, the longest due first. A batch that is not settled, because X fails or the process dies, is only late.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, info, warn};

use super::score::score;
use super::shared::Shared;
use super::{Deps, Ingestion};
use crate::domain::ExternalId;
use crate::resilience::{after, wait_until};
use crate::store::{self, Checked, DueCheck, Finding, Rechecks, Settled};
use crate::telemetry::TRACED;
use crate::x_api::{self, Client, Endpoint, PostLookup};

#[cfg(test)]
mod tests;

/// The most posts that X looks up in one request.
const BATCH: u32 = 100;
/// How often the job looks at the clock, so that a clock that jumps is seen.
const POLL: Duration = Duration::from_secs(1);
/// The pause after a full batch: 300 lookups in 15 minutes, which is what X allows an application, or 2.8 million posts
/// a day.
const BUSY: Duration = Duration::from_secs(3);
/// The pause when nothing more is due.
const IDLE: Duration = Duration::from_mins(1);
/// The pause after a batch without an answer.
const FAILED: Duration = Duration::from_mins(5);
/// The pause after a refusal that stays until somebody acts, such as a bill.
const REFUSED: Duration = Duration::from_hours(1);
/// How long a batch is kept from other workers: longer than all attempts at one lookup take together.
const HOLD: Duration = Duration::from_mins(20);
/// When a post of which X says nothing clear is asked for again.
const UNCLEAR: Duration = Duration::from_hours(1);
/// How often the posts of X and of the store are compared.
const COMPARE: Duration = Duration::from_mins(15);

/// Looks stored posts up again.
pub struct Recheck {
    deps: Deps,
    checks: Arc<dyn Rechecks>,
    x: Arc<Client>,
    period: Duration,
    /// Knows whether ingestion has stopped by itself.
    shared: Arc<Shared>,
}

/// Why a batch was not settled.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// X gave no answer.
    #[error(transparent)]
    X(#[from] x_api::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Failure {
    /// Whether the next batch would fail in the same way until somebody acts.
    fn stays(&self) -> bool {
        match self {
            Self::X(error) => error.is_fatal_for_all(),
            Self::Store(_) => false,
        }
    }
}

impl Recheck {
    /// The job of `ingestion` over the queue `checks`. None when it is switched off, when nothing may be stored, or
    /// without access to X.
    #[must_use]
    pub fn new(ingestion: &Ingestion, checks: Arc<dyn Rechecks>) -> Option<Self> {
        Self::over(ingestion.deps.clone(), checks, Arc::clone(&ingestion.shared))
    }

    fn over(deps: Deps, checks: Arc<dyn Rechecks>, shared: Arc<Shared>) -> Option<Self> {
        let period = deps.settings.recheck.filter(|_| !deps.settings.dry_run)?;
        let x = deps.x.clone()?;
        Some(Self { deps, checks, x, period, shared })
    }

    /// Works until `stop`. After a panic it may be called again.
    pub async fn run(&self, stop: CancellationToken) {
        let mut poll = tokio::time::interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut next_batch, mut next_comparison) = (self.deps.clock.now(), self.deps.clock.now());
        let mut pause = Duration::ZERO;
        while stop.run_until_cancelled(poll.tick()).await.is_some() {
            let now = self.deps.clock.now();
            if wait_until(next_comparison, now, COMPARE).is_zero() {
                let Some(()) = stop.run_until_cancelled(self.compare()).await else { return };
                next_comparison = after(now, COMPARE);
            }
            if wait_until(next_batch, now, pause).is_zero() {
                let Some(next) = stop.run_until_cancelled(self.step()).await else { return };
                (pause, next_batch) = (next, after(now, next));
            }
        }
    }

    /// Checks one batch, if X may be asked, and says how long to wait before the next one.
    async fn step(&self) -> Duration {
        if let Some(pause) = self.obstacle() {
            return pause;
        }
        let outcome = self.check_batch().await;
        self.measure().await;
        match outcome {
            Ok(claimed) if claimed >= BATCH as usize => BUSY,
            Ok(_) => IDLE,
            Err(error) => {
                self.deps.metrics.recheck_failed();
                warn!(%error, "Stored posts were not looked up again; they stay due: {error}");
                let pause = if error.stays() { REFUSED } else { FAILED };
                self.obstacle().map_or(pause, |obstacle| obstacle.max(pause))
            }
        }
    }

    /// For how long X is not to be asked; a batch is claimed only when a call can be made.
    fn obstacle(&self) -> Option<Duration> {
        if self.shared.has_stopped() {
            return Some(IDLE);
        }
        if let Some(open_for) = self.deps.breaker().open_for {
            return Some(open_for);
        }
        let until = self.x.rate_limited_until().remove(&Endpoint::PostsByIds)?;
        let rest = until.duration_since(self.deps.clock.now());
        Duration::try_from(rest).ok().filter(|rest| !rest.is_zero())
    }

    /// Asks X for the posts that are due the longest, at most a hundred, and says how many there were.
    async fn check_batch(&self) -> Result<usize, Failure> {
        let due = self.checks.claim_due(BATCH, HOLD).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let claimed = due.len();
        let span = tracing::info_span!(target: TRACED, parent: None, "ingestion recheck", amber.posts = claimed);
        self.ask_about(due).instrument(span).await?;
        Ok(claimed)
    }

    async fn ask_about(&self, due: Vec<DueCheck>) -> Result<(), Failure> {
        let ids: Vec<ExternalId> = due.iter().map(|due| due.external_id).collect();
        let said = self.x.posts_by_ids(&ids).await?;
        let settled = self.checks.settle(self.findings(due, said)).await?;
        self.tell(&settled);
        Ok(())
    }

    fn findings(&self, due: Vec<DueCheck>, mut said: PostLookup) -> Vec<Checked> {
        let finding = |due: DueCheck| {
            let finding = match (said.found.remove(&due.external_id), said.gone.get(&due.external_id)) {
                (Some(post), _) => Finding::Found(Box::new(score(&self.deps.analyzer, post))),
                (None, Some(reason)) => Finding::Gone(*reason),
                (None, None) => Finding::Unclear,
            };
            let next_check_at = self.next_check(&finding);
            Checked { due, finding, next_check_at }
        };
        due.into_iter().map(finding).collect()
    }

    /// Up to a tenth of the period early, by chance, so that posts which were stored at once drift apart.
    fn next_check(&self, finding: &Finding) -> Timestamp {
        let whole = if *finding == Finding::Unclear { self.period.min(UNCLEAR) } else { self.period };
        self.deps.clock.now() + whole.mul_f64(1.0 - self.deps.entropy.unit() / 10.0)
    }

    fn tell(&self, settled: &Settled) {
        let metrics = &self.deps.metrics;
        metrics.posts_rechecked(settled.unchanged, settled.changed, settled.left);
        for (reason, count) in &settled.deleted {
            metrics.posts_deleted(*reason, *count);
            info!(reason = reason.as_str(), count, "{count} stored posts are gone from X: {}.", reason.as_str());
        }
        debug!(?settled, "Stored posts were looked up again.");
    }

    /// Tells for how long the oldest check is due.
    async fn measure(&self) {
        match self.checks.first_due().await {
            Ok(first) => {
                let by = first.map(|first| self.deps.clock.now().duration_since(first));
                let by = by.and_then(|by| Duration::try_from(by).ok()).unwrap_or_default();
                self.deps.metrics.recheck_overdue(by);
            }
            Err(error) => warn!(%error, "The oldest check that is due was not read: {error}"),
        }
    }

    /// Tells what X counts against what is stored.
    async fn compare(&self) {
        match self.checks.drift().await {
            Ok(drift) => self.deps.metrics.leader_posts(drift.at_x, drift.stored),
            Err(error) => warn!(%error, "The posts of X and of the store were not compared: {error}"),
        }
    }
}
