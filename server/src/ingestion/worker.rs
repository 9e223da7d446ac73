//! Takes tasks as it has room for them, and works them off.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{Instrument, Span, info, warn};

use super::Deps;
use super::keeper::Keeper;
use super::lookup::Lookups;
use super::shared::{Shared, lock};
use super::task::Task;
use crate::store::{Claim, Want, WorkerId};
use crate::telemetry::TRACED;
use crate::x_api::{Client, Endpoint};

/// How often the worker looks for tasks that others made, or whose time has come.
const POLL: Duration = Duration::from_secs(1);
/// The longest that a page under way may take to be stored once the process is told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Takes tasks and works them off. Each process has one; several processes share the tasks of one database.
pub struct Worker {
    deps: Deps,
    shared: Arc<Shared>,
    /// The name under which it worked when it panicked.
    before: Option<WorkerId>,
    /// Tells those who watch runs that nobody works any more.
    _closing: DropGuard,
}

impl Worker {
    pub(super) fn new(deps: Deps, shared: Arc<Shared>) -> Self {
        let closing = shared.closing.clone().drop_guard();
        Self { deps, shared, before: None, _closing: closing }
    }

    /// Works until `stop`; then the pages under way are stored or dropped, and what is left is given back to others. After a
    /// panic it may be called again.
    pub async fn run(&mut self, stop: CancellationToken) {
        let Some(x) = self.deps.x.clone() else { return stop.cancelled().await };
        let worker = WorkerId(self.deps.entropy.uuid_v7(self.deps.clock.now()));
        if let Some(before) = self.before.replace(worker) {
            self.give_back(before).await;
        }
        let keeper = Keeper { deps: &self.deps, shared: &self.shared, worker };
        let beating = CancellationToken::new();
        let work = async {
            self.work(&x, &keeper, &stop).await;
            beating.cancel();
        };
        tokio::join!(work, keeper.beat(&beating));
        self.give_back(worker).await;
    }

    /// Gives the leaders of a worker that reads no more to others.
    async fn give_back(&self, worker: WorkerId) {
        match self.deps.work.release(worker).await {
            Ok(0) => {}
            Ok(leaders) => info!(leaders, "{leaders} leaders were given back unread."),
            Err(error) => warn!(%error, "The leases of this process were not given back; they run out by themselves."),
        }
    }

    async fn work(&self, x: &Client, keeper: &Keeper<'_>, stop: &CancellationToken) {
        let lookups = Lookups::default();
        let mut tasks = FuturesUnordered::new();
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(()) = tasks.next() => {}
                () = self.shared.work.notified() => {}
                _ = poll.tick() => {}
            }
            let since = Instant::now();
            let claiming = pin!(self.claim(x, keeper.worker, tasks.len()));
            for claim in beside(&mut tasks, claiming).await {
                let (kept, span) = (keeper.keep(&claim, since, stop), self.span(&claim));
                let task = Task { deps: &self.deps, shared: &self.shared, x, lookups: &lookups, claim, kept };
                tasks.push(task.run().instrument(span));
            }
        }
        let drained = timeout(DRAIN, tasks.by_ref().for_each(|()| async {})).await;
        if drained.is_err() {
            warn!(leaders = tasks.len(), "Pages of {} leaders took too long and were dropped.", tasks.len());
        }
    }

    /// New tasks for the free places; none while X asks to wait, or while what is fetched cannot be stored.
    async fn claim(&self, x: &Client, worker: WorkerId, busy: usize) -> Vec<Claim> {
        let settings = &self.deps.settings;
        let free = settings.concurrency.saturating_sub(u32::try_from(busy).unwrap_or(u32::MAX));
        let free = lock(&self.shared.setbacks).room(Instant::now(), free, busy);
        if free == 0 || x.rate_limited_until().contains_key(&Endpoint::UserTimeline) {
            return Vec::new();
        }
        let want = Want { tasks: free, everywhere: settings.concurrency_everywhere, ttl: settings.lease_ttl };
        match self.deps.work.claim(worker, want).await {
            Ok(claims) => claims,
            Err(error) => {
                warn!(%error, "No tasks could be taken; the next look tries again.");
                Vec::new()
            }
        }
    }

    /// A task belongs to the trace of the call that asked for its run, where that was asked for here; else it has a trace of
    /// its own. All tasks of a run tell its id, whichever replica works them off.
    fn span(&self, claim: &Claim) -> Span {
        let span = tracing::info_span!(
            target: TRACED,
            parent: None,
            "ingestion task",
            otel.kind = "consumer",
            amber.run_id = %claim.run,
            amber.leader_id = %claim.lease.leader,
            amber.trigger = claim.trigger.as_str(),
        );
        if let Some(place) = self.shared.place(claim.run) {
            place.adopt(&span);
        }
        span
    }
}

/// Awaits `wanted` while the tasks go on: one that stood still could hold the very lock or connection that is waited for.
async fn beside<T>(
    tasks: &mut FuturesUnordered<impl Future<Output = ()>>,
    mut wanted: Pin<&mut impl Future<Output = T>>,
) -> T {
    loop {
        tokio::select! {
            biased;
            found = &mut wanted => return found,
            Some(()) = tasks.next() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn tasks_go_on_while_something_else_is_awaited() {
        let database = Mutex::new(());
        let task = async || {
            let _transaction = database.lock().await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let mut tasks: FuturesUnordered<_> = (0..3).map(|_| task()).collect();
        // The first task has the lock now.
        let polled = timeout(Duration::ZERO, tasks.next()).await;
        assert!(polled.is_err() && database.try_lock().is_err());
        let claiming = pin!(async { drop(database.lock().await) });
        timeout(Duration::from_secs(5), beside(&mut tasks, claiming)).await.expect("the tasks give the lock back");
    }
}
