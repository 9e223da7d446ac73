//! Watches a run: its state now, and each later one.
//!
//! The store is the truth, since another replica may do the work; a hint from this process only shortens the wait. A
//! watcher that is slow misses states, never the last one.

use std::sync::Arc;
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
        let place = Arc::clone(&self.shared.watchers).try_acquire_owned();
        let place = place.map_err(|_| Error::TooManyWatchers { limit: MAX_WATCHERS })?;
        Ok(unfold((self.watcher(id, after), place), |(mut watcher, place)| async {
            let state = watcher.next().await?;
            Some((state, (watcher, place)))
        }))
    }

    /// Waits until the run is over.
    ///
    /// # Errors
    /// [`Error::RunNotFound`], [`Error::Stopping`], or when the store fails.
    pub async fn finished(&self, id: RunId) -> Result<Run, Error> {
        let mut watcher = self.watcher(id, 0);
        loop {
            match watcher.next().await {
                Some(Ok(run)) if !run.status.is_over() => {}
                Some(last) => return last,
                None => return Err(Error::RunNotFound(id)),
            }
        }
    }

    fn watcher(&self, id: RunId, seen: u64) -> Watcher {
        let changes = self.shared.changes.subscribe();
        Watcher { ingestion: self.clone(), changes, id, seen, is_first: true, is_over: false }
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
