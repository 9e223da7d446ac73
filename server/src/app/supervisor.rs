//! Runs the tasks of the background, and starts them again when they panic.
//!
//! A task keeps what it has over a panic: each begins its work anew from the database or from a clean step. Only the listener is
//! not started again, since its port goes with it: the process ends then, and whoever runs it starts it anew.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info};

use crate::domain::{Background, Entropy};
use crate::grpc::Serving;
use crate::health::Tasks;
use crate::resilience::Backoff;
use crate::telemetry::Metrics;

/// The bounds of the pauses before a task is started again; each pause is at least half of its bound.
const PAUSES: Backoff = Backoff { base: Duration::from_secs(1), factor: 2, cap: Duration::from_mins(1) };
/// A task that was at work for so long is not one that panics at every start.
const STEADY: Duration = Duration::from_mins(5);

/// Runs the tasks of the background. Clones share everything.
#[derive(Clone)]
pub(super) struct Supervisor {
    pub(super) tracker: TaskTracker,
    stop: CancellationToken,
    tasks: Tasks,
    serving: Serving,
    metrics: Metrics,
    entropy: Arc<dyn Entropy>,
    pub(super) lost: Lost,
}

/// Tells when the process must end, because a task is gone without which it is of no use. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Lost {
    task: Arc<OnceLock<Background>>,
    told: CancellationToken,
}

impl Lost {
    /// Waits for such a task, for ever if need be.
    pub(super) async fn task(&self) -> Background {
        self.told.cancelled().await;
        *self.task.get().expect("the task is set before it is told")
    }

    fn tell(&self, task: Background) {
        // The first one is the reason.
        let _ = self.task.set(task);
        self.told.cancel();
    }
}

impl Supervisor {
    /// Runs tasks until `stop`, and tells all of these what becomes of them.
    pub(super) fn new(
        stop: &CancellationToken,
        tasks: &Tasks,
        serving: &Serving,
        metrics: &Metrics,
        entropy: &Arc<dyn Entropy>,
    ) -> Self {
        Self {
            tracker: TaskTracker::new(),
            stop: stop.clone(),
            tasks: tasks.clone(),
            serving: serving.clone(),
            metrics: metrics.clone(),
            entropy: Arc::clone(entropy),
            lost: Lost::default(),
        }
    }

    /// Runs `task` by `run` until that returns. After a panic it is run again, sooner or later; unless the process stops.
    pub(super) fn keep<T, F>(&self, name: Background, mut task: T, run: F)
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a mut T, CancellationToken) -> BoxFuture<'a, ()> + Send + 'static,
    {
        let supervisor = self.clone();
        self.tracker.spawn(async move {
            let mut falls = 0;
            loop {
                let began = Instant::now();
                // What a panic leaves is what the task is started with: see above.
                let end = AssertUnwindSafe(run(&mut task, supervisor.stop.clone())).catch_unwind().await;
                if end.is_ok() {
                    return;
                }
                if began.elapsed() >= STEADY {
                    falls = 0;
                }
                let pause = PAUSES.bound(falls).mul_f64(0.5 + supervisor.entropy.unit() / 2.0);
                falls += 1;
                supervisor.fell(name, &format!("It is started again in {pause:.1?}.")).await;
                if supervisor.stop.run_until_cancelled(sleep(pause)).await.is_none() {
                    return;
                }
                supervisor.restarted(name).await;
            }
        });
    }

    /// Runs what the process is of no use without: after a panic of it, [`Lost::task`] says so.
    pub(super) fn need(&self, name: Background, work: impl Future<Output = ()> + Send + 'static) {
        let supervisor = self.clone();
        self.tracker.spawn(async move {
            if AssertUnwindSafe(work).catch_unwind().await.is_err() {
                supervisor.fell(name, "The process ends, because it is of no use without it.").await;
                supervisor.lost.tell(name);
            }
        });
    }

    /// The words of a panic may hold values, so they are left out; the line before this one tells where it was.
    async fn fell(&self, name: Background, next: &str) {
        let task = name.as_str();
        error!(task, "The task {task} panicked. {next}");
        self.metrics.task_panicked(name);
        self.tasks.fell(name);
        self.serving.set_task(name, false).await;
    }

    async fn restarted(&self, name: Background) {
        let task = name.as_str();
        info!(task, "The task {task} is started again.");
        self.tasks.restarted(name);
        self.serving.set_task(name, true).await;
    }
}

#[cfg(test)]
mod tests;
