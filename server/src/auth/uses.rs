//! When keys were used last: gathered in memory, written down now and then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use tracing::warn;

use crate::domain::{ApiClient, ApiKeyId};
use crate::store::ApiClients;

/// The most uses that wait to be written down; more are forgotten, since the next use is noted again.
const WAITING: usize = 10_000;

/// Seconds of what a use is told by.
const MINUTE: i64 = 60;

/// Uses that are not written down yet, by their minute.
#[derive(Default)]
pub(super) struct Uses(Mutex<BTreeMap<Timestamp, BTreeSet<ApiKeyId>>>);

impl Uses {
    /// Notes that a client called at `now`, unless that minute is stored already. It never waits for the database.
    pub(super) fn note(&self, client: &ApiClient, now: Timestamp) {
        let minute = minute_of(now);
        if client.last_used_at.is_some_and(|stored| stored >= minute) {
            return;
        }
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.values().map(BTreeSet::len).sum::<usize>() < WAITING {
            waiting.entry(minute).or_default().insert(client.id.clone());
        }
    }

    /// Writes down what waits. What cannot be written is dropped: it says when a key was used, not whether it may be.
    pub(super) async fn write(&self, store: &dyn ApiClients) {
        let waiting = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for (minute, ids) in waiting {
            let ids: Vec<ApiKeyId> = ids.into_iter().collect();
            if let Err(error) = store.note_use(&ids, minute).await {
                warn!(%error, keys = ids.len(), "When {} API keys were used last was not written down.", ids.len());
            }
        }
    }
}

fn minute_of(now: Timestamp) -> Timestamp {
    let seconds = now.as_second();
    Timestamp::from_second(seconds - seconds.rem_euclid(MINUTE)).unwrap_or(now)
}
