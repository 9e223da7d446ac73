//! The leaders that Amber follows.

use async_trait::async_trait;
use jiff::Timestamp;

use super::Error;
use crate::domain::{Leader, LeaderId, LeaderState, NewLeader, UserId};

/// A place in the list of leaders: the last one that was shown. The next page starts after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaderCursor {
    /// When that leader was added.
    pub created_at: Timestamp,
    /// That leader.
    pub id: LeaderId,
}

/// Keeps the leaders.
#[async_trait]
pub trait Leaders: Send + Sync {
    /// At most `limit` leaders after `after`, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    async fn list(&self, after: Option<LeaderCursor>, limit: u32) -> Result<Vec<Leader>, Error>;

    /// One leader.
    ///
    /// # Errors
    /// When the database fails.
    async fn get(&self, id: LeaderId) -> Result<Option<Leader>, Error>;

    /// Those of `ids` that exist, in the order of [`Leaders::list`].
    ///
    /// # Errors
    /// When the database fails.
    async fn get_many(&self, ids: &[LeaderId]) -> Result<Vec<Leader>, Error>;

    /// Adds a leader.
    ///
    /// # Errors
    /// When the database fails.
    async fn create(&self, leader: NewLeader) -> Result<Leader, Error>;

    /// Removes a leader with its streams and posts; false when there was none.
    ///
    /// # Errors
    /// When the database fails.
    async fn delete(&self, id: LeaderId) -> Result<bool, Error>;

    /// Notes what X says of the leader's account; false when there is no such leader.
    ///
    /// # Errors
    /// When the database fails.
    async fn set_account(
        &self,
        id: LeaderId,
        user_id: UserId,
        avatar_url: Option<String>,
        state: LeaderState,
    ) -> Result<bool, Error>;

    /// Notes whether the leader's posts can be fetched; false when there is no such leader.
    ///
    /// # Errors
    /// When the database fails.
    async fn set_state(&self, id: LeaderId, state: LeaderState) -> Result<bool, Error>;

    /// How many leaders there are.
    ///
    /// # Errors
    /// When the database fails.
    async fn count(&self) -> Result<u64, Error>;
}
