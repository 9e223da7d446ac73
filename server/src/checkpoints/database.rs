//! Checkpoints in the database: those of leaders are the cursors that ingestion itself reads by.

use std::sync::Arc;

use async_trait::async_trait;

use super::{CheckpointStore, Error, LONGEST_LIST, checked, version_after};
use crate::domain::{OpaqueCheckpoint, SavedCheckpoint, StreamKey};
use crate::store::Checkpoints;

/// Checkpoints in the database, shared by all replicas.
#[derive(Clone)]
pub struct DatabaseCheckpoints {
    store: Arc<dyn Checkpoints>,
}

impl DatabaseCheckpoints {
    /// Keeps checkpoints in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Checkpoints>) -> Self {
        Self { store }
    }
}

#[async_trait]
impl CheckpointStore for DatabaseCheckpoints {
    async fn get(&self, key: &StreamKey) -> Result<Option<SavedCheckpoint>, Error> {
        Ok(self.store.checkpoint(key).await?)
    }

    async fn put(&self, key: &StreamKey, checkpoint: &OpaqueCheckpoint, version: i64) -> Result<(), Error> {
        let saved = SavedCheckpoint { key: key.clone(), checkpoint: checkpoint.clone(), version: checked(version)? };
        loop {
            if self.store.advance_checkpoint(&saved).await? {
                return Ok(());
            }
            // It may have been removed since; then there is room for it.
            let Some(stored) = self.store.checkpoint(key).await? else { continue };
            if stored == saved {
                return Ok(());
            }
            if stored.version >= version {
                return Err(Error::Stale { key: key.clone(), stored: stored.version, offered: version });
            }
        }
    }

    async fn compare_and_set(
        &self,
        key: &StreamKey,
        expected: Option<i64>,
        checkpoint: &OpaqueCheckpoint,
    ) -> Result<i64, Error> {
        let version = version_after(expected)?;
        let saved = SavedCheckpoint { key: key.clone(), checkpoint: checkpoint.clone(), version };
        if self.store.replace_checkpoint(expected, &saved).await? {
            return Ok(version);
        }
        let stored = self.store.checkpoint(key).await?.map(|stored| stored.version);
        Err(Error::Moved { key: key.clone(), expected, stored })
    }

    async fn keys(&self, after: Option<&StreamKey>, limit: u32) -> Result<Vec<StreamKey>, Error> {
        Ok(self.store.checkpoint_keys(after, limit.min(LONGEST_LIST)).await?)
    }

    async fn remove(&self, key: &StreamKey) -> Result<bool, Error> {
        Ok(self.store.remove_checkpoint(key).await?)
    }
}
