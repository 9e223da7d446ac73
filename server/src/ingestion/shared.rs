//! What the parts of ingestion in one process tell each other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::keeper::Held;
use crate::domain::RunId;
use crate::store::Control;

/// The most callers that watch runs at once: each costs a look at the database now and then.
pub(super) const MAX_WATCHERS: usize = 256;

/// What the parts of ingestion in one process tell each other.
#[derive(Debug)]
pub(super) struct Shared {
    /// Wakes the worker: there are tasks.
    pub(super) work: Notify,
    /// Grows when a run may have changed: wakes the watchers.
    pub(super) changes: watch::Sender<u64>,
    /// Places for watchers.
    pub(super) watchers: Arc<Semaphore>,
    /// The schedule as last read; None while the scheduler is not at work.
    pub(super) control: Mutex<Option<Control>>,
    /// What this process reads.
    pub(super) held: Held,
    /// The worker has gone: nobody here sees the end of a run any more.
    pub(super) closing: CancellationToken,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            work: Notify::new(),
            changes: watch::Sender::new(0),
            watchers: Arc::new(Semaphore::new(MAX_WATCHERS)),
            control: Mutex::default(),
            held: Held::default(),
            closing: CancellationToken::new(),
        }
    }

    /// A run may have changed.
    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A run was asked to end: its leaders that are read here stop at once.
    pub(super) fn cancelled(&self, run: RunId) {
        self.held.cancel_run(run);
        self.changed();
    }

    /// Whether ingestion has stopped by itself, as far as the scheduler knows.
    pub(super) fn has_stopped(&self) -> bool {
        lock(&self.control).as_ref().is_some_and(|control| control.stopped_reason.is_some())
    }

    /// Takes over what the store says of the schedule, when the scheduler is at work.
    pub(super) fn note(&self, control: Control) {
        if let Some(known) = lock(&self.control).as_mut() {
            *known = control;
        }
    }
}

/// Locks for a moment; what is guarded is valid at every step, so a panic elsewhere does no harm.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
