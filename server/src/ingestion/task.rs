//! One task: reads a leader under a lease, and says how that ended.

use std::fmt;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use jiff::Timestamp;
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::Deps;
use super::keeper::{Kept, State};
use super::lookup::Lookups;
use super::shared::{Shared, lock};
use super::walk::{Stop, Walk};
use crate::domain::{Background, Leader, LeaderState, Run, RunCounters, RunTrigger};
use crate::store::{self, Claim, TaskEnd};
use crate::x_api::{self, Client};

/// One task.
pub(super) struct Task<'a> {
    pub(super) deps: &'a Deps,
    pub(super) shared: &'a Shared,
    pub(super) x: &'a Client,
    pub(super) lookups: &'a Lookups,
    pub(super) claim: Claim,
    pub(super) kept: Kept<'a>,
}

/// What is to become of a task.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It is over; the text tells why the leader could not be read.
    End(Option<String>),
    /// It is to be done again, not before then.
    Return(Option<Timestamp>),
    /// The database failed: it is to be done again, and not too soon.
    SetBack,
    /// Another worker has it, or the store cannot be told: the lease runs out.
    Leave,
}

impl Task<'_> {
    /// Reads the leader and writes down how that ended.
    pub(super) async fn run(self) {
        let mut counters = RunCounters::default();
        // A transaction that a panic ends is rolled back, and the counts are those of the pages before it.
        let work = AssertUnwindSafe(self.work(&mut counters)).catch_unwind().await;
        let verdict = work.unwrap_or_else(|_| self.fell());
        let settled = match verdict {
            Verdict::End(error) => self.end(error, counters).await,
            Verdict::Return(not_before) => self.deps.work.return_task(&self.claim, not_before).await,
            Verdict::SetBack => {
                lock(&self.shared.setbacks).met(Instant::now(), self.deps.entropy.unit());
                self.deps.work.return_task(&self.claim, None).await
            }
            Verdict::Leave => Ok(()),
        };
        if let Err(error) = settled {
            let leader = self.claim.lease.leader;
            warn!(%error, leader_id = %leader, "The end of a task was not written down; it is done again.");
        }
        self.shared.changed();
    }

    async fn work(&self, counters: &mut RunCounters) -> Verdict {
        match self.deps.leaders.get(self.claim.lease.leader).await {
            Ok(Some(leader)) => {
                let outcome = self.read(&leader, counters).await;
                self.judge(&leader, outcome).await
            }
            // It was removed, and its task with it.
            Ok(None) => Verdict::Leave,
            Err(error) => give_up(&error),
        }
    }

    /// One leader at whom Amber panics must not keep it from the others, now or after a restart: the task is over.
    fn fell(&self) -> Verdict {
        let leader = self.claim.lease.leader;
        error!(leader_id = %leader, "The reading of leader {leader} panicked; the run goes on with the others.");
        self.deps.metrics.task_panicked(Background::Ingestion);
        self.deps.metrics.leader_failed();
        Verdict::End(Some(format!("leader {leader}: a defect of Amber, of which its log tells more")))
    }

    async fn read(&self, leader: &Leader, counters: &mut RunCounters) -> Result<(), Stop> {
        let leader = self.lookups.ensure(self.deps, self.x, &self.claim, leader, &self.kept.trust).await?;
        let user = match (leader.state, leader.x_user_id) {
            (LeaderState::Active, Some(user)) => user,
            (state, _) => return Err(Stop::Unreadable(state)),
        };
        let mut walk = Walk::new(self.deps, self.x, &self.claim, &self.kept.trust, user);
        let outcome = walk.read().await;
        *counters = walk.counters;
        self.note_post_count(&leader, walk.owner_posts).await;
        outcome
    }

    /// How many posts X counts tells, beside those that are stored, whether some were missed.
    async fn note_post_count(&self, leader: &Leader, told: Option<u64>) {
        let Some(posts) = told.filter(|_| told != leader.x_post_count && !self.claim.dry_run) else { return };
        if let Err(error) = self.deps.leaders.set_post_count(leader, posts).await {
            warn!(%error, leader_id = %leader.id, "How many posts X counts of leader {} was not stored.", leader.id);
        }
    }

    async fn judge(&self, leader: &Leader, outcome: Result<(), Stop>) -> Verdict {
        let Err(reason) = outcome else { return Verdict::End(None) };
        match &reason {
            Stop::RunCancelled => return Verdict::End(None),
            Stop::Cancelled => return self.stopped(),
            Stop::Unreadable(state) => {
                self.note_state(leader, *state).await;
                return Verdict::End(None);
            }
            Stop::Store(error) => return give_up(error),
            // The database could not be asked for a call: nothing could be stored either.
            Stop::X(x_api::Error::Ungoverned { .. }) => {
                warn!(leader_id = %leader.id, error = %reason, "{} was not read: {reason}", leader.name);
                return Verdict::SetBack;
            }
            Stop::X(x_api::Error::RateLimited { until, .. }) if self.claim.trigger != RunTrigger::Refresh => {
                return Verdict::Return(Some(*until));
            }
            Stop::X(_) | Stop::Checkpoints(_) | Stop::Unplaceable(_) | Stop::Nowhere(_) => {}
        }
        warn!(leader_id = %leader.id, error = %reason, "{} was not read: {reason}", leader.name);
        self.deps.metrics.leader_failed();
        let text = Named { leader, reason: &reason }.to_string();
        if let Stop::X(error) = &reason
            && let Err(error) = self.spare_the_others(error, &text).await
        {
            warn!(%error, "The other tasks were not ended; each will find out for itself.");
        }
        Verdict::End(Some(text))
    }

    /// The leader is no longer to be read: the run was cancelled, another replica has it, or the process stops.
    fn stopped(&self) -> Verdict {
        match self.kept.trust.state() {
            State::RunCancelled => Verdict::End(None),
            State::Lost => Verdict::Leave,
            State::Kept => Verdict::Return(None),
        }
    }

    /// Ends what would fail in the same way: everything after a fatal refusal, the rest of the run while X is down.
    async fn spare_the_others(&self, error: &x_api::Error, text: &str) -> Result<(), store::Error> {
        if error.is_fatal_for_all() {
            self.deps.metrics.ingestion_stopped(error.reason());
            warn!(reason = error.reason(), "Ingestion stops until somebody acts: {error}.");
            let reason = format!("{}: {error}", error.reason());
            self.deps.schedules.stop(&reason, error.until()).await?;
            for run in self.deps.runs.fail_open_runs(&reason).await? {
                conclude(self.deps, run);
            }
        } else if matches!(error, x_api::Error::BreakerOpen { .. }) {
            self.deps.runs.fail_waiting_tasks(self.claim.run, text).await?;
        }
        Ok(())
    }

    async fn end(&self, error: Option<String>, counters: RunCounters) -> Result<(), store::Error> {
        let dry_counters = if self.claim.dry_run { counters } else { RunCounters::default() };
        let ended = self.deps.work.end_task(&self.claim, &TaskEnd { error, dry_counters }).await?;
        lock(&self.shared.setbacks).are_over();
        if let Some(run) = ended {
            conclude(self.deps, run);
        }
        Ok(())
    }

    /// An account that cannot be read is a state of its leader, not a failure of the run.
    async fn note_state(&self, leader: &Leader, state: LeaderState) {
        info!(leader_id = %leader.id, state = state.as_str(), "{} cannot be read: {}.", leader.name, state.as_str());
        if self.claim.dry_run || leader.state == state {
            return;
        }
        if let Err(error) = self.deps.leaders.set_state(leader, state).await {
            warn!(%error, leader_id = %leader.id, "The state of leader {} was not stored.", leader.id);
        }
    }
}

fn give_up(error: &store::Error) -> Verdict {
    match error {
        // The checkpoint was moved under a lease that may still be ours: by a reset, by another handle, or by who took it over.
        store::Error::Fenced { .. } => Verdict::Return(None),
        store::Error::LeaseLost { .. } => Verdict::Leave,
        store::Error::Unavailable { .. } => {
            warn!(%error, "A leader was not read to the end, because the database does not answer.");
            Verdict::SetBack
        }
        other => Verdict::End(Some(other.to_string())),
    }
}

struct Named<'a> {
    leader: &'a Leader,
    reason: &'a Stop,
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.leader.name, self.reason)
    }
}

/// Tells the log and the metrics of a run that has ended here.
pub(super) fn conclude(deps: &Deps, run: Run) {
    let (status, inserted, fetched) = (run.status.as_str(), run.counters.inserted, run.counters.fetched);
    info!(run_id = %run.id, status, inserted, fetched, "Run {} ended: {status}, {inserted} new posts.", run.id);
    let took = run.ended_at.unwrap_or(run.started_at).duration_since(run.started_at);
    deps.metrics.run_finished(run.status, took.try_into().unwrap_or_default(), run.error);
    deps.metrics.breaker(deps.breaker().state.as_str());
}
