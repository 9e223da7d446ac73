//! Every place where checkpoints are kept: the database, by which ingestion reads, and the files that mirror it.

use std::sync::Arc;

use super::{CheckpointStore, DatabaseCheckpoints, Error, files};
use crate::config;
use crate::domain::{SavedCheckpoint, StreamKey};
use crate::store;

/// Every place where checkpoints are kept.
#[derive(Clone)]
pub struct Places {
    database: Arc<dyn CheckpointStore>,
    files: Option<Arc<dyn CheckpointStore>>,
}

impl Places {
    /// Opens the places that the configuration names.
    ///
    /// # Errors
    /// When the folder of the files cannot be opened.
    pub async fn open(place: &config::Checkpoints, database: Arc<dyn store::Checkpoints>) -> Result<Self, Error> {
        Ok(Self::new(files(place).await?, database))
    }

    /// These files, if there are any, and the database.
    #[must_use]
    pub fn new(files: Option<Arc<dyn CheckpointStore>>, database: Arc<dyn store::Checkpoints>) -> Self {
        Self { database: Arc::new(DatabaseCheckpoints::new(database)), files }
    }

    /// At most `limit` checkpoints after `after`, and the key after which there are more; None at the end.
    ///
    /// # Errors
    /// As [`CheckpointStore::get`].
    pub async fn page(
        &self,
        after: Option<&StreamKey>,
        limit: u32,
    ) -> Result<(Vec<SavedCheckpoint>, Option<StreamKey>), Error> {
        let mut keys = self.shown().keys(after, limit + 1).await?;
        let has_more = keys.len() > limit as usize;
        keys.truncate(limit as usize);
        let mut page = Vec::with_capacity(keys.len());
        for key in &keys {
            // One that was removed meanwhile is left out.
            page.extend(self.shown().get(key).await?);
        }
        Ok((page, keys.pop().filter(|_| has_more)))
    }

    /// One checkpoint; None when there is none.
    ///
    /// # Errors
    /// As [`CheckpointStore::get`].
    pub async fn get(&self, key: &StreamKey) -> Result<Option<SavedCheckpoint>, Error> {
        self.shown().get(key).await
    }

    /// Forgets everywhere how far a stream is read; false when nothing was kept.
    ///
    /// # Errors
    /// When a place fails; the call may be repeated then.
    pub async fn reset(&self, key: &StreamKey) -> Result<bool, Error> {
        // The database comes first: a worker that is reading is fenced off by it, and mirrors nothing any more.
        let in_database = self.database.remove(key).await?;
        let Some(files) = &self.files else { return Ok(in_database) };
        Ok(files.remove(key).await? || in_database)
    }

    fn shown(&self) -> &dyn CheckpointStore {
        self.files.as_deref().unwrap_or(self.database.as_ref())
    }
}
