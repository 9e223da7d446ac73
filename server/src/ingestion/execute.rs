//! One run: which leaders, in which order, and when to give up.

use std::sync::{Arc, Mutex};

use futures::StreamExt;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Deps;
use super::lookup::look_up;
use super::service::{ActiveRun, RunRequest, Shared, all_leaders, lock};
use super::walk::{Stop, Walk};
use crate::domain::{Leader, LeaderState, Run, RunCounters, RunStatus};
use crate::store;
use crate::x_api::{self, Client};

/// Leaders that are read at the same time.
const PARALLEL: usize = 4;

/// Reads the leaders of a run and says how it went.
pub(super) async fn execute(deps: &Deps, shared: &Shared, place: &Arc<ActiveRun>, stop: &CancellationToken) -> Run {
    let mut run = place.progress.borrow().clone();
    run.status = RunStatus::Running;
    run.started_at = deps.clock.now();
    place.progress.send_replace(run.clone());
    let Some(x) = &deps.x else { return Run { status: RunStatus::Failed, ..run } };
    let give_up = stop.child_token();
    let attempt = Attempt { deps, x, place, stop: &give_up, tally: Mutex::new(Tally::default()) };
    if let Err(reason) = attempt.read_all().await {
        attempt.fail(&reason);
        if let Stop::X(error) = &reason {
            attempt.consider(error);
        }
    }
    let tally = attempt.tally.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    lock(&shared.stopped_reason).clone_from(&tally.fatal);
    let run = place.progress.borrow().clone();
    Run { status: tally.status(stop.is_cancelled()), error: tally.first_error, ..run }
}

#[derive(Debug, Default)]
struct Tally {
    read: u32,
    first_error: Option<String>,
    fatal: Option<String>,
}

impl Tally {
    fn status(&self, was_stopped: bool) -> RunStatus {
        match (self.read, self.first_error.is_some()) {
            _ if was_stopped => RunStatus::Interrupted,
            (_, false) => RunStatus::Succeeded,
            (0, true) => RunStatus::Failed,
            (_, true) => RunStatus::Partial,
        }
    }
}

struct Attempt<'a> {
    deps: &'a Deps,
    x: &'a Client,
    place: &'a Arc<ActiveRun>,
    stop: &'a CancellationToken,
    tally: Mutex<Tally>,
}

impl Attempt<'_> {
    async fn read_all(&self) -> Result<(), Stop> {
        let request = &self.place.request;
        let mut leaders = self.plan(request).await?;
        let total = u32::try_from(leaders.len()).unwrap_or(u32::MAX);
        self.place.progress.send_modify(|run| run.leaders_total = total);
        self.write_down_progress().await;
        let dry_run = request.dry_run;
        let looked_up = self.stop.run_until_cancelled(look_up(self.deps, self.x, &mut leaders, dry_run)).await;
        if let Err(reason) = looked_up.ok_or(Stop::Cancelled)? {
            self.fail_lookup(&reason);
        }
        futures::stream::iter(&leaders).for_each_concurrent(PARALLEL, |leader| self.read_one(leader)).await;
        Ok(())
    }

    /// The leaders whose accounts are known are read even so, unless they would fail in the same way. A rate limit is
    /// one of lookups alone.
    fn fail_lookup(&self, reason: &Stop) {
        warn!(error = %reason, "The accounts of new leaders were not looked up: {reason}");
        self.fail(reason);
        match reason {
            Stop::X(x_api::Error::RateLimited { .. }) => {}
            Stop::X(error) => self.consider(error),
            _ => self.stop.cancel(),
        }
    }

    /// The leaders with a handle on X.
    async fn plan(&self, request: &RunRequest) -> Result<Vec<Leader>, store::Error> {
        let leaders = if request.leaders.is_empty() {
            all_leaders(self.deps).await?
        } else {
            self.deps.leaders.get_many(&request.leaders).await?
        };
        Ok(leaders.into_iter().filter(|leader| leader.x_handle().is_some()).collect())
    }

    async fn read_one(&self, leader: &Leader) {
        if self.stop.is_cancelled() {
            return;
        }
        let (counters, outcome) = self.walk(leader).await;
        match outcome {
            Ok(()) => lock(&self.tally).read += 1,
            Err(reason) => self.fail_one(leader, &reason).await,
        }
        self.place.progress.send_modify(|run| {
            run.counters.add(counters);
            run.leaders_done += 1;
        });
        self.write_down_progress().await;
    }

    async fn write_down_progress(&self) {
        let (run, done) = {
            let state = self.place.progress.borrow();
            (state.id, state.leaders_done)
        };
        if let Err(error) = self.deps.ingest.advance_run(run, done).await {
            warn!(%error, run_id = %run, "The progress of run {run} could not be written down.");
        }
    }

    async fn walk(&self, leader: &Leader) -> (RunCounters, Result<(), Stop>) {
        let user = match (leader.state, leader.x_user_id) {
            (LeaderState::Active, Some(user)) => user,
            (state, _) => return (RunCounters::default(), Err(Stop::Unreadable(state))),
        };
        let request = &self.place.request;
        let settings = &self.deps.settings;
        let limit = if request.backfill { settings.backfill_count } else { settings.limit };
        let run = (self.place.progress.borrow().id, request.dry_run);
        let mut walk = Walk::new(self.deps, self.x, run, self.stop, user, limit);
        let outcome = walk.read(leader, request.backfill).await;
        (walk.counters, outcome)
    }

    async fn fail_one(&self, leader: &Leader, reason: &Stop) {
        match reason {
            Stop::Cancelled => return,
            Stop::Unreadable(state) => return self.note_state(leader, *state).await,
            Stop::Store(store::Error::Fenced { .. }) => {
                info!(leader_id = %leader.id, "{} is being read by another worker.", leader.name);
                return;
            }
            Stop::X(_) | Stop::Store(_) | Stop::Unplaceable(_) => {
                warn!(leader_id = %leader.id, error = %reason, "{} was not read: {reason}", leader.name);
            }
        }
        self.fail(&Named { leader, reason });
        match reason {
            Stop::X(error) => self.consider(error),
            Stop::Store(store::Error::Unavailable { .. }) => self.stop.cancel(),
            _ => {}
        }
    }

    /// An account that cannot be read is a state of its leader, not a failure of the run.
    async fn note_state(&self, leader: &Leader, state: LeaderState) {
        info!(leader_id = %leader.id, state = state.as_str(), "{} cannot be read: {}.", leader.name, state.as_str());
        if self.place.request.dry_run || leader.state == state {
            return;
        }
        if let Err(error) = self.deps.leaders.set_state(leader.id, state).await {
            warn!(%error, leader_id = %leader.id, "The state of leader {} was not stored.", leader.id);
        }
    }

    /// Ends the run when the next leader would fail in the same way.
    fn consider(&self, error: &x_api::Error) {
        if error.is_fatal_for_all() {
            lock(&self.tally).fatal = Some(error.to_string());
        }
        if error.is_fatal_for_all()
            || matches!(error, x_api::Error::RateLimited { .. } | x_api::Error::BreakerOpen { .. })
        {
            self.stop.cancel();
        }
    }

    fn fail(&self, reason: &impl std::fmt::Display) {
        lock(&self.tally).first_error.get_or_insert_with(|| reason.to_string());
        self.deps.metrics.leader_failed();
    }
}

struct Named<'a> {
    leader: &'a Leader,
    reason: &'a Stop,
}

impl std::fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.leader.name, self.reason)
    }
}
