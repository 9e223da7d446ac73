//! How far each stream is read, behind one interface: kept in the database or in files.
//!
//! Both keep any checkpoint under any [`StreamKey`], Amber's own or not, and never let a version go backwards.

mod database;
mod error;
mod file;
mod mirror;
mod places;

use std::sync::Arc;

use async_trait::async_trait;

pub use database::DatabaseCheckpoints;
pub use error::Error;
pub use file::FileCheckpoints;
pub use mirror::Mirror;
pub use places::Places;

use crate::config;
use crate::domain::{OpaqueCheckpoint, SavedCheckpoint, StreamKey};

/// The most keys that one call lists.
pub const LONGEST_LIST: u32 = 1_000;

/// Keeps checkpoints.
#[async_trait]
pub trait CheckpointStore: Send + Sync {
    /// The checkpoint of a stream; None when there is none.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::Foreign`] when what is kept cannot be read, or when the store fails.
    async fn get(&self, key: &StreamKey) -> Result<Option<SavedCheckpoint>, Error>;

    /// Keeps a checkpoint whose version the caller counts. The same checkpoint with the same version may be put again.
    ///
    /// # Errors
    /// [`Error::Stale`] when as new a version is kept, [`Error::BadVersion`] for one out of bounds, those of
    /// [`CheckpointStore::get`], or when the store fails. What was kept stays as it was.
    async fn put(&self, key: &StreamKey, checkpoint: &OpaqueCheckpoint, version: i64) -> Result<(), Error>;

    /// Keeps a checkpoint if the version kept so far is `expected`, None meaning that nothing is kept, and says the new
    /// version, which is the next one.
    ///
    /// # Errors
    /// [`Error::Moved`] when another version is kept, [`Error::BadVersion`] when no version comes after it, those of
    /// [`CheckpointStore::get`], or when the store fails. What was kept stays as it was.
    async fn compare_and_set(
        &self,
        key: &StreamKey,
        expected: Option<i64>,
        checkpoint: &OpaqueCheckpoint,
    ) -> Result<i64, Error>;

    /// At most `limit` keys after `after`, in an order of the store's own; never more than [`LONGEST_LIST`].
    ///
    /// # Errors
    /// When the store fails.
    async fn keys(&self, after: Option<&StreamKey>, limit: u32) -> Result<Vec<StreamKey>, Error>;

    /// Forgets how far a stream is read; false when nothing was kept. The stream of a leader begins anew: it keeps an
    /// empty checkpoint with the next version, so that a worker that is reading it cannot store on. Under any other key
    /// nothing remains, and the next version may be any.
    ///
    /// # Errors
    /// When the store fails.
    async fn remove(&self, key: &StreamKey) -> Result<bool, Error>;
}

/// The version after `expected`.
fn version_after(expected: Option<i64>) -> Result<i64, Error> {
    let next = expected.map_or(Some(1), |version| version.checked_add(1));
    checked(next.unwrap_or(i64::MAX))
}

/// Opens the files that the configuration names; None when it names none.
///
/// # Errors
/// When their folder cannot be opened.
pub async fn files(place: &config::Checkpoints) -> Result<Option<Arc<dyn CheckpointStore>>, Error> {
    match place {
        config::Checkpoints::Database => Ok(None),
        config::Checkpoints::Files(folder) => Ok(Some(Arc::new(FileCheckpoints::open(folder.clone()).await?))),
    }
}

/// A version within its bounds.
fn checked(version: i64) -> Result<i64, Error> {
    if !(0..=SavedCheckpoint::LAST_VERSION).contains(&version) {
        return Err(Error::BadVersion { version });
    }
    Ok(version)
}
