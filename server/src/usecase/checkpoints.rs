//! How far each stream is read: list, look at one, begin one anew.

use std::sync::Arc;

use super::error::Missing;
use super::{Error, page_token};
use crate::auth::require_role;
use crate::checkpoints::CheckpointStore;
use crate::domain::{Principal, Role, SavedCheckpoint, StreamKey};

/// A page of checkpoints, by key.
#[derive(Debug, Clone)]
pub struct CheckpointPage {
    /// The checkpoints.
    pub checkpoints: Vec<SavedCheckpoint>,
    /// Where the next page starts; empty at the end.
    pub next: String,
}

/// The checkpoints.
pub struct Checkpoints {
    database: Arc<dyn CheckpointStore>,
    files: Option<Arc<dyn CheckpointStore>>,
}

impl Checkpoints {
    /// The most checkpoints on one page.
    pub const MAX_PAGE_SIZE: u32 = 100;
    /// Checkpoints on a page when the caller does not say.
    pub const DEFAULT_PAGE_SIZE: u32 = 50;

    /// Keeps the cursors of `database`, by which ingestion reads, and, where there are some, the `files` that mirror
    /// them.
    #[must_use]
    pub fn new(database: Arc<dyn CheckpointStore>, files: Option<Arc<dyn CheckpointStore>>) -> Self {
        Self { database, files }
    }

    /// A page of checkpoints, by key. Reviewers and admins.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::PageToken`], or when a store fails.
    pub async fn list(&self, caller: &Principal, page_size: u32, token: &str) -> Result<CheckpointPage, Error> {
        require_role(caller, Role::Reviewer)?;
        let after = page_token::decode_text(token)?;
        let after: Option<StreamKey> = after.map(|key| key.parse()).transpose().map_err(|_| Error::PageToken)?;
        let size = page_size.clamp(1, Self::MAX_PAGE_SIZE);
        let mut keys = self.shown().keys(after.as_ref(), size + 1).await?;
        let has_more = keys.len() > size as usize;
        keys.truncate(size as usize);
        let next = keys.last().filter(|_| has_more).map(|last| page_token::encode_text(last.as_str()));
        let mut checkpoints = Vec::with_capacity(keys.len());
        for key in &keys {
            // One that was removed meanwhile is left out.
            checkpoints.extend(self.shown().get(key).await?);
        }
        Ok(CheckpointPage { checkpoints, next: next.unwrap_or_default() })
    }

    /// One checkpoint. Reviewers and admins.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`], [`Error::NotFound`], or when a store fails.
    pub async fn get(&self, caller: &Principal, key: &str) -> Result<SavedCheckpoint, Error> {
        require_role(caller, Role::Reviewer)?;
        self.shown().get(&stream_key(key)?).await?.ok_or(Error::NotFound(Missing::Checkpoint))
    }

    /// Forgets how far a stream is read: the next run reads it as a new one. What is stored stays. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`], [`Error::NotFound`], or when a store fails; the call may be repeated then.
    pub async fn reset(&self, caller: &Principal, key: &str) -> Result<(), Error> {
        require_role(caller, Role::Admin)?;
        let existed = self.forget(&stream_key(key)?).await?;
        existed.then_some(()).ok_or(Error::NotFound(Missing::Checkpoint))
    }

    /// The database comes first: a worker that is reading is fenced off by that, and mirrors nothing any more.
    async fn forget(&self, key: &StreamKey) -> Result<bool, Error> {
        let in_database = self.database.remove(key).await?;
        let Some(files) = &self.files else { return Ok(in_database) };
        Ok(files.remove(key).await? || in_database)
    }

    fn shown(&self) -> &dyn CheckpointStore {
        self.files.as_deref().unwrap_or(self.database.as_ref())
    }
}

fn stream_key(text: &str) -> Result<StreamKey, Error> {
    text.parse().map_err(|error: crate::domain::StreamKeyError| Error::field("key", error.to_string()))
}
