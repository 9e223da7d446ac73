//! Checkpoints in files: one file for each stream, replaced as a whole, with its last good copy beside it.
//!
//! ```text
//! CHECKPOINT_DIR/
//!   .lock                    held by whoever writes, across all processes
//!   .tmp-XXXXXX              a file that is being written; swept at opening
//!   x%3Aname.checkpoint      the checkpoint of x:name
//!   x%3Aname.checkpoint.bak  the one before
//! ```

mod folder;
mod format;
mod lock;
mod name;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::task::spawn_blocking;

use self::folder::Folder;
use super::{CheckpointStore, Error, LONGEST_LIST, checked, version_after};
use crate::domain::{OpaqueCheckpoint, SavedCheckpoint, StreamKey};

/// Checkpoints in a folder, shared by all processes of one machine.
///
/// A reader waits for nobody and sees a whole file or none. Writers wait for each other, at most ten seconds.
#[derive(Debug, Clone)]
pub struct FileCheckpoints {
    folder: Arc<Folder>,
}

impl FileCheckpoints {
    /// Opens the folder, makes it if it is absent (mode 0700), and sweeps what killed processes left.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process writes for too long, [`Error::Io`] when the folder is not usable.
    pub async fn open(path: PathBuf) -> Result<Self, Error> {
        let folder = blocking(path.clone(), move || Folder::open(path)).await?;
        let store = Self { folder: Arc::new(folder) };
        store.write(Folder::sweep).await?;
        Ok(store)
    }

    /// Puts the last good copy in the place of a damaged or missing file, which is kept as `.damaged`, and says what is
    /// kept now. A good file stays.
    ///
    /// # Errors
    /// [`Error::NoBackup`] when there is no good copy, or when the file system fails.
    pub async fn restore(&self, key: &StreamKey) -> Result<SavedCheckpoint, Error> {
        let key = key.clone();
        self.write(move |folder| folder.restore(&key)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let folder = Arc::clone(&self.folder);
        blocking(folder.path().to_owned(), move || work(&folder)).await
    }

    /// The lock goes with the work, so that it holds until the end even when the caller gives up.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let lock = lock::acquire(self.folder.lock_file()).await?;
        self.read(move |folder| {
            let done = work(folder);
            drop(lock);
            done
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(
    path: PathBuf,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|cause| Err(Error::Io { path, source: std::io::Error::other(cause) }))
}

#[async_trait]
impl CheckpointStore for FileCheckpoints {
    async fn get(&self, key: &StreamKey) -> Result<Option<SavedCheckpoint>, Error> {
        let key = key.clone();
        self.read(move |folder| folder.get(&key)).await
    }

    async fn put(&self, key: &StreamKey, checkpoint: &OpaqueCheckpoint, version: i64) -> Result<(), Error> {
        let saved = SavedCheckpoint { key: key.clone(), checkpoint: checkpoint.clone(), version: checked(version)? };
        self.write(move |folder| match folder.get(&saved.key)? {
            Some(stored) if stored == saved => Ok(()),
            Some(stored) if stored.version >= saved.version => {
                Err(Error::Stale { key: saved.key, stored: stored.version, offered: saved.version })
            }
            _ => folder.replace(&saved),
        })
        .await
    }

    async fn compare_and_set(
        &self,
        key: &StreamKey,
        expected: Option<i64>,
        checkpoint: &OpaqueCheckpoint,
    ) -> Result<i64, Error> {
        let version = version_after(expected)?;
        let saved = SavedCheckpoint { key: key.clone(), checkpoint: checkpoint.clone(), version };
        self.write(move |folder| {
            let stored = folder.get(&saved.key)?.map(|stored| stored.version);
            if stored != expected {
                return Err(Error::Moved { key: saved.key, expected, stored });
            }
            folder.replace(&saved)?;
            Ok(version)
        })
        .await
    }

    async fn keys(&self, after: Option<&StreamKey>, limit: u32) -> Result<Vec<StreamKey>, Error> {
        let (after, limit) = (after.cloned(), limit.min(LONGEST_LIST));
        self.read(move |folder| folder.keys(after.as_ref(), limit)).await
    }

    async fn remove(&self, key: &StreamKey) -> Result<bool, Error> {
        let key = key.clone();
        self.write(move |folder| folder.remove(&key)).await
    }
}
