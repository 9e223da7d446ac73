//! Files that follow the cursors of the database.

use std::sync::Arc;

use super::{CheckpointStore, Error};
use crate::domain::{Checkpoint, OpaqueCheckpoint, StreamKey};

/// Files that follow the cursors of the database, so that an empty database can go on where a lost one stopped.
///
/// They are written after the database, so they can only lag; that costs a page that is read again, never a post.
#[derive(Clone)]
pub struct Mirror {
    database: Arc<dyn CheckpointStore>,
    files: Arc<dyn CheckpointStore>,
}

impl Mirror {
    /// Lets `files` follow `database`.
    #[must_use]
    pub fn new(database: Arc<dyn CheckpointStore>, files: Arc<dyn CheckpointStore>) -> Self {
        Self { database, files }
    }

    /// Gives a stream that was never read with this database the checkpoint of its file, with its version; says whether
    /// it did. The caller has the stream for itself.
    ///
    /// # Errors
    /// When the file is damaged, since to begin anew would hide it, or when a store fails.
    pub async fn adopt(&self, key: &StreamKey) -> Result<bool, Error> {
        let Some(saved) = self.files.get(key).await? else { return Ok(false) };
        let is_read = self.database.get(key).await?.is_some_and(|known| known.version > 0);
        if is_read || saved.version == 0 || saved.checkpoint.understood().is_none() {
            return Ok(false);
        }
        self.database.put(key, &saved.checkpoint, saved.version).await?;
        Ok(true)
    }

    /// Notes in the file what the database has stored.
    ///
    /// # Errors
    /// [`Error::Stale`] when the file is ahead, as after the database was put back to an older state, or when the file
    /// cannot be written.
    pub async fn follow(&self, key: &StreamKey, checkpoint: &Checkpoint, version: i64) -> Result<(), Error> {
        self.files.put(key, &OpaqueCheckpoint::from(checkpoint), version).await
    }

    /// Notes in a file of its own what the database has stored of the stream `from`, which is `to` by now. A file that was left
    /// under that key by another stream goes.
    ///
    /// # Errors
    /// When a file cannot be written or removed.
    pub async fn rename(
        &self,
        from: &StreamKey,
        to: &StreamKey,
        checkpoint: &Checkpoint,
        version: i64,
    ) -> Result<(), Error> {
        self.forget(from).await?;
        // A stream that was never read takes up what is there.
        if version == 0 {
            return Ok(());
        }
        self.forget(to).await?;
        self.follow(to, checkpoint, version).await
    }

    /// Removes the file of a stream that the database does not have any more.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub async fn forget(&self, key: &StreamKey) -> Result<(), Error> {
        self.files.remove(key).await.map(drop)
    }
}
