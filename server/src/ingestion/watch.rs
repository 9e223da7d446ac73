//! Watches a run: its state now, and each later one.
//!
//! The store is the truth, since another replica may do the work; a hint from this process only shortens the wait. A
//! watcher that is slow misses states, never the last one.

use std::time::Duration;

use futures::stream::{Stream, unfold};
use tokio::sync::watch::Receiver;
use tokio::time::{sleep, timeout};

use super::shared::MAX_WATCHERS;
use super::{Error, Ingestion};
use crate::domain::{Run, RunId};

/// How often a watcher looks without a hint.
const POLL: Duration = Duration::from_secs(1);
/// The least time between two looks of a watcher.
const PACE: Duration = Duration::from_millis(100);

struct Watcher {
    ingestion: Ingestion,
    changes: Receiver<u64>,
    id: RunId,
    seen: u64,
    is_first: bool,
    is_over: bool,
}

impl Ingestion {
    /// The states of a run from its sequence number `after` on, and in the end the last one. The stream ends with the
    /// run; after a lost connection it is taken up again with the last number that was seen.
    ///
    /// # Errors
    /// [`Error::TooManyWatchers`], and in the stream [`Error::RunNotFound`], [`Error::Stopping`], or when the store fails.
    pub fn watch(&self, id: RunId, after: u64) -> Result<impl Stream<Item = Result<Run, Error>> + Send + use<>, Error> {
        let place = self.shared.clone();
        // A place is a permit that is given back by hand, as the stream outlives this borrow.
        place.watchers.try_acquire().map_err(|_| Error::TooManyWatchers { limit: MAX_WATCHERS })?.forget();
        let place = Place(place);
        let watcher = Watcher {
            ingestion: self.clone(),
            changes: self.shared.changes.subscribe(),
            id,
            seen: after,
            is_first: true,
            is_over: false,
        };
        Ok(unfold((watcher, place), |(mut watcher, place)| async {
            let state = watcher.next().await?;
            Some((state, (watcher, place)))
        }))
    }

    /// Waits until the run is over.
    ///
    /// # Errors
    /// [`Error::RunNotFound`], [`Error::Stopping`], or when the store fails.
    pub async fn finished(&self, id: RunId) -> Result<Run, Error> {
        let changes = self.shared.changes.subscribe();
        let mut watcher = Watcher { ingestion: self.clone(), changes, id, seen: 0, is_first: true, is_over: false };
        loop {
            match watcher.next().await {
                Some(Ok(run)) if !run.status.is_over() => {}
                Some(last) => return last,
                None => return Err(Error::RunNotFound(id)),
            }
        }
    }
}

impl Watcher {
    async fn next(&mut self) -> Option<Result<Run, Error>> {
        if self.is_over {
            return None;
        }
        loop {
            if !std::mem::take(&mut self.is_first) {
                let hint = async {
                    // Neither an error nor the end of the time matters: both mean to look.
                    let _ = timeout(POLL, self.changes.changed()).await;
                    sleep(PACE).await;
                };
                if self.ingestion.shared.closing.run_until_cancelled(hint).await.is_none() {
                    return Some(self.last(Err(Error::Stopping)));
                }
            }
            self.changes.mark_unchanged();
            let run = match self.ingestion.run(self.id).await {
                Ok(Some(run)) => run,
                Ok(None) => return Some(self.last(Err(Error::RunNotFound(self.id)))),
                Err(error) => return Some(self.last(Err(error))),
            };
            if run.status.is_over() {
                return Some(self.last(Ok(run)));
            }
            if run.seq > self.seen {
                self.seen = run.seq;
                return Some(Ok(run));
            }
        }
    }

    fn last(&mut self, state: Result<Run, Error>) -> Result<Run, Error> {
        self.is_over = true;
        state
    }
}

struct Place(std::sync::Arc<super::shared::Shared>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.watchers.add_permits(1);
    }
}
