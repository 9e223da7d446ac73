//! Keeps the leases of this process alive, and says at once when one may be lost.
//!
//! A worker trusts a lease until its time to live after the *start* of the last heartbeat that succeeded, less a margin
//! (as River does): from then on another replica may have the leader, so no call to X is made any more. This spares X;
//! what is stored is safe without it, by the epoch that each commit checks.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::Deps;
use super::shared::{Shared, lock};
use crate::domain::RunId;
use crate::store::{Claim, Lease, WorkerId};

/// The longest time before the end of a lease in which it is no longer trusted.
const MARGIN: Duration = Duration::from_secs(1);

/// How long an answer that is under way is waited for once the reading is to stop.
const UNDER_WAY: Duration = Duration::from_secs(5);

/// How far one lease can be trusted.
#[derive(Debug)]
pub(super) struct Trust {
    until: Mutex<Instant>,
    state: Mutex<State>,
    stop: CancellationToken,
}

/// Why a leader is no longer read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It is still read, or the process stops.
    Kept,
    /// Another replica has the leader.
    Lost,
    /// The run was asked to end.
    RunCancelled,
}

impl Trust {
    pub(super) fn new(until: Instant, stop: &CancellationToken) -> Self {
        Self { until: Mutex::new(until), state: Mutex::new(State::Kept), stop: stop.child_token() }
    }

    /// Whether the lease is surely still held.
    pub(super) fn holds(&self) -> bool {
        self.state() != State::Lost && Instant::now() < *lock(&self.until)
    }

    /// Whether X may be asked for the leader.
    pub(super) fn may_ask(&self) -> bool {
        !self.stop.is_cancelled() && self.holds()
    }

    /// What X answers, and what is made of it. An answer that is on its way when the reading is told to stop is waited for a
    /// moment: X bills it. But without the lease it is no longer this worker's matter.
    pub(super) async fn unless_stopped<T>(&self, asking: impl Future<Output = T> + Send) -> Option<T> {
        self.answer(asking, |state| state != State::Lost).await
    }

    /// The same for an answer that others of the run need as well: it is waited for without the lease too.
    pub(super) async fn unless_late<T>(&self, asking: impl Future<Output = T> + Send) -> Option<T> {
        self.answer(asking, |_| true).await
    }

    async fn answer<T>(
        &self,
        asking: impl Future<Output = T> + Send,
        is_wanted: impl FnOnce(State) -> bool + Send,
    ) -> Option<T> {
        let mut asking = pin!(asking);
        match self.stop.run_until_cancelled(asking.as_mut()).await {
            Some(answer) => Some(answer),
            None if is_wanted(self.state()) => timeout(UNDER_WAY, asking).await.ok(),
            None => None,
        }
    }

    /// Why it must not.
    pub(super) fn state(&self) -> State {
        *lock(&self.state)
    }

    fn end(&self, state: State) {
        *lock(&self.state) = state;
        self.stop.cancel();
    }
}

/// The leases of this process.
#[derive(Debug, Default)]
pub(super) struct Held(Mutex<BTreeMap<Lease, (RunId, Arc<Trust>)>>);

impl Held {
    /// Ends the reading of every leader of `run`.
    pub(super) fn cancel_run(&self, run: RunId) {
        for (_, trust) in lock(&self.0).values().filter(|(of, _)| *of == run) {
            trust.end(State::RunCancelled);
        }
    }

    fn runs(&self) -> BTreeSet<RunId> {
        lock(&self.0).values().map(|(run, _)| *run).collect()
    }
}

/// A lease that is kept until this is dropped.
#[derive(Debug)]
pub(super) struct Kept<'a> {
    held: &'a Held,
    lease: Lease,
    pub(super) trust: Arc<Trust>,
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        lock(&self.held.0).remove(&self.lease);
    }
}

/// Keeps the leases of this process alive.
pub(super) struct Keeper<'a> {
    pub(super) deps: &'a Deps,
    pub(super) shared: &'a Shared,
    pub(super) worker: WorkerId,
}

impl<'a> Keeper<'a> {
    /// Keeps a lease that was asked for at `since`.
    pub(super) fn keep(&self, claim: &Claim, since: Instant, stop: &CancellationToken) -> Kept<'a> {
        let trust = Arc::new(Trust::new(self.trusted_until(since), stop));
        lock(&self.shared.held.0).insert(claim.lease, (claim.run, Arc::clone(&trust)));
        Kept { held: &self.shared.held, lease: claim.lease, trust }
    }

    /// Sends heartbeats until `stop`.
    pub(super) async fn beat(&self, stop: &CancellationToken) {
        let mut beat = interval(self.deps.settings.lease_ttl / 4);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(beat.tick()).await.is_some() {
            let runs = self.shared.held.runs();
            if runs.is_empty() {
                continue;
            }
            self.extend().await;
            self.hear_of_cancellations(runs).await;
        }
    }

    async fn extend(&self) {
        let (since, before) = (Instant::now(), self.leases());
        let held = match self.deps.work.heartbeat(self.worker, self.deps.settings.lease_ttl).await {
            Ok(held) => BTreeSet::from_iter(held),
            Err(error) => {
                warn!(%error, "The leases of this process were not extended; the next heartbeat tries again.");
                return;
            }
        };
        // A lease that was claimed while the heartbeat was under way says nothing by its absence.
        for (lease, trust) in before {
            if held.contains(&lease) {
                *lock(&trust.until) = self.trusted_until(since);
            } else {
                debug!(leader_id = %lease.leader, epoch = lease.epoch, "The lease for a leader is lost.");
                trust.end(State::Lost);
            }
        }
    }

    /// A run may have been asked to end through another replica.
    async fn hear_of_cancellations(&self, runs: BTreeSet<RunId>) {
        for id in runs {
            if let Ok(Some(run)) = self.deps.runs.run(id).await
                && run.cancel_requested
            {
                self.shared.cancelled(id);
            }
        }
    }

    fn leases(&self) -> Vec<(Lease, Arc<Trust>)> {
        lock(&self.shared.held.0).iter().map(|(lease, (_, trust))| (*lease, Arc::clone(trust))).collect()
    }

    fn trusted_until(&self, since: Instant) -> Instant {
        let ttl = self.deps.settings.lease_ttl;
        since + ttl.saturating_sub(MARGIN.min(ttl / 4))
    }
}
