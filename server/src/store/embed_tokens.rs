//! Which embed tokens were used, so that each opens its dashboard once.

use async_trait::async_trait;
use jiff::Timestamp;

use super::Error;
use crate::domain::TokenId;

/// Remembers used tokens until they expire.
#[async_trait]
pub trait EmbedTokens: Send + Sync {
    /// Uses up a token; true for the first caller only, whatever their number.
    ///
    /// # Errors
    /// When the database fails; the token must then not be admitted.
    async fn consume(&self, issuer: &str, token_id: &TokenId, expires_at: Timestamp) -> Result<bool, Error>;

    /// Forgets the tokens that are expired at `now` and says how many they were.
    ///
    /// # Errors
    /// When the database fails.
    async fn purge_expired(&self, now: Timestamp) -> Result<u64, Error>;
}
