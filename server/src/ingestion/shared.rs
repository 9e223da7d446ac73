//! What the parts of ingestion in one process tell each other.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::keeper::Held;
use super::setbacks::Setbacks;
use crate::domain::RunId;
use crate::store::Control;
use crate::telemetry::TracePlace;

/// The most callers that watch runs at once: each costs a look at the database now and then.
pub(super) const MAX_WATCHERS: usize = 256;

/// The runs whose traces are remembered: no more can be open at once.
const MAX_PLACES: usize = 16;

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
    /// Tasks that failed for the database.
    pub(super) setbacks: Mutex<Setbacks>,
    /// From which traces runs were asked for here, the newest last.
    places: Mutex<VecDeque<(RunId, TracePlace)>>,
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
            setbacks: Mutex::default(),
            places: Mutex::default(),
            closing: CancellationToken::new(),
        }
    }

    /// A run was asked for in the trace of the caller.
    pub(super) fn asked(&self, run: RunId) {
        let Some(place) = TracePlace::here() else { return };
        let mut places = lock(&self.places);
        if places.len() == MAX_PLACES {
            places.pop_front();
        }
        places.push_back((run, place));
    }

    /// The trace in which a run was asked for here.
    pub(super) fn place(&self, run: RunId) -> Option<TracePlace> {
        lock(&self.places).iter().rev().find(|(asked, _)| *asked == run).map(|(_, place)| place.clone())
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
