//! Which embed tokens were used, so that each opens its dashboard once.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use super::entity::embed_tokens_used::{self, Column, Entity};
use super::{Error, Store};
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

#[async_trait]
impl EmbedTokens for Store {
    async fn consume(&self, issuer: &str, token_id: &TokenId, expires_at: Timestamp) -> Result<bool, Error> {
        let token = embed_tokens_used::ActiveModel {
            issuer: Set(issuer.to_owned()),
            token_id: Set(token_id.0.clone()),
            expires_at: Set(expires_at.as_microsecond()),
        };
        let first = OnConflict::columns([Column::Issuer, Column::TokenId]).do_nothing().to_owned();
        let inserted = Entity::insert(token).on_conflict(first).exec_without_returning(&self.db).await?;
        Ok(inserted == 1)
    }

    async fn purge_expired(&self, now: Timestamp) -> Result<u64, Error> {
        let expired = Entity::delete_many().filter(Column::ExpiresAt.lte(now.as_microsecond()));
        Ok(expired.exec(&self.db).await?.rows_affected)
    }
}
