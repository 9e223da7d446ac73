//! Looks up keys that were never seen to be right: many ids in one statement, and few statements a second. So invented keys, of
//! which anybody can make any number, cost the database the same however many come, and a new key waits a moment at most.
//!
//! There is no task for it: whoever has the turn asks for all that wait.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Turn, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::domain::ApiKeyId;
use crate::store::{self, ApiClients, StoredClient};

/// The time from one statement to the next.
const PACE: Duration = Duration::from_millis(50);
/// The most ids in one statement.
const MOST: usize = 500;
/// The most ids that wait.
const WAITING: usize = 4_096;

type Found = Result<Option<StoredClient>, Arc<store::Error>>;

struct Asked {
    id: ApiKeyId,
    answer: oneshot::Sender<Found>,
}

/// The ids that wait, and whose turn it is.
#[derive(Default)]
pub(super) struct FirstLooks {
    waiting: Mutex<VecDeque<Asked>>,
    /// When the next statement may begin.
    turn: Turn<Option<Instant>>,
}

impl FirstLooks {
    /// The client with this key; None when there is none.
    pub(super) async fn find(
        &self,
        store: &dyn ApiClients,
        id: &ApiKeyId,
    ) -> Result<Option<StoredClient>, store::Error> {
        let mut answer = self.queue(id)?;
        loop {
            tokio::select! {
                biased;
                told = &mut answer => {
                    if let Ok(found) = told {
                        return found.map_err(store::Error::shared);
                    }
                    // Whoever asked for it has gone.
                    answer = self.queue(id)?;
                }
                mut next = self.turn.lock() => self.ask(store, &mut next).await,
            }
        }
    }

    fn queue(&self, id: &ApiKeyId) -> Result<oneshot::Receiver<Found>, store::Error> {
        let (answer, told) = oneshot::channel();
        let mut waiting = self.waiting();
        if waiting.len() >= WAITING {
            return Err(store::Error::Unavailable { source: "too many unknown API keys wait to be looked up".into() });
        }
        waiting.push_back(Asked { id: id.clone(), answer });
        Ok(told)
    }

    async fn ask(&self, store: &dyn ApiClients, next: &mut Option<Instant>) {
        if let Some(next) = *next {
            sleep_until(next).await;
        }
        // First of all: who goes while the database is asked must not bring the next statement forward.
        *next = Some(Instant::now() + PACE);
        let asked: Vec<Asked> = {
            let mut waiting = self.waiting();
            // Who has gone needs no answer.
            waiting.retain(|asked| !asked.answer.is_closed());
            let count = waiting.len().min(MOST);
            waiting.drain(..count).collect()
        };
        let ids: Vec<ApiKeyId> = asked.iter().map(|asked| asked.id.clone()).collect();
        let found = store.find_many(&ids).await.map_err(Arc::new);
        let found =
            found.map(|found| found.into_iter().map(|one| (one.client.id.clone(), one)).collect::<HashMap<_, _>>());
        for Asked { id, answer } in asked {
            // Who has gone meanwhile does not hear it.
            drop(answer.send(found.as_ref().map(|found| found.get(&id).cloned()).map_err(Arc::clone)));
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Asked>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
