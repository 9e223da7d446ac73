//! How far each stream is read: list, look at one, begin one anew.

use super::error::Missing;
use super::{Error, page_token};
use crate::auth::require_role;
use crate::checkpoints::Places;
use crate::domain::{Principal, Role, SavedCheckpoint, StreamKey, StreamKeyError};

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
    places: Places,
}

impl Checkpoints {
    /// The most checkpoints on one page.
    pub const MAX_PAGE_SIZE: u32 = 100;
    /// Checkpoints on a page when the caller does not say.
    pub const DEFAULT_PAGE_SIZE: u32 = 50;

    /// Works on what is kept in `places`.
    #[must_use]
    pub fn new(places: Places) -> Self {
        Self { places }
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
        let (checkpoints, last) = self.places.page(after.as_ref(), size).await?;
        let next = last.map(|last| page_token::encode_text(last.as_str()));
        Ok(CheckpointPage { checkpoints, next: next.unwrap_or_default() })
    }

    /// One checkpoint. Reviewers and admins.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`], [`Error::NotFound`], or when a store fails.
    pub async fn get(&self, caller: &Principal, key: &str) -> Result<SavedCheckpoint, Error> {
        require_role(caller, Role::Reviewer)?;
        self.places.get(&stream_key(key)?).await?.ok_or(Error::NotFound(Missing::Checkpoint))
    }

    /// Forgets how far a stream is read: the next run reads it as a new one. What is stored stays. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`], [`Error::NotFound`], or when a store fails; the call may be repeated then.
    pub async fn reset(&self, caller: &Principal, key: &str) -> Result<(), Error> {
        require_role(caller, Role::Admin)?;
        let existed = self.places.reset(&stream_key(key)?).await?;
        existed.then_some(()).ok_or(Error::NotFound(Missing::Checkpoint))
    }
}

fn stream_key(text: &str) -> Result<StreamKey, Error> {
    text.parse().map_err(|error: StreamKeyError| Error::field("key", error.to_string()))
}
