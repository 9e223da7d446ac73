//! Which tokens were issued under an id of the caller's own, so that a repeated call gets the same token.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use super::entity::embed_requests::{ActiveModel, Column, Entity};
use super::purge::{Old, PORTION};
use super::{Error, Store, instant};
use crate::domain::{ClientId, TokenId};

/// What makes a token again: its id and its times. The token itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// A digest of everything that was asked for.
    pub fingerprint: Vec<u8>,
    /// The id that the token got.
    pub token_id: TokenId,
    /// When it was issued.
    pub issued_at: Timestamp,
}

/// Remembers calls by the ids that their callers gave them.
#[async_trait]
pub trait EmbedRequests: Send + Sync {
    /// Remembers a call until `forget_at`, unless the client made one under this id before; answers the one that counts: the
    /// first.
    ///
    /// # Errors
    /// When the database fails.
    async fn remember(
        &self,
        client: &ClientId,
        request_id: &str,
        call: Remembered,
        forget_at: Timestamp,
    ) -> Result<Remembered, Error>;

    /// Forgets the calls whose time is over at `now`, a portion at a time, and says how many they were.
    ///
    /// # Errors
    /// When the database fails.
    async fn purge_requests(&self, now: Timestamp) -> Result<u64, Error>;
}

#[async_trait]
impl EmbedRequests for Store {
    async fn remember(
        &self,
        client: &ClientId,
        request_id: &str,
        call: Remembered,
        forget_at: Timestamp,
    ) -> Result<Remembered, Error> {
        let key = (client.0.clone(), request_id.to_owned());
        // An older call whose time is over does not count any more.
        Entity::delete_many()
            .filter(Column::ClientId.eq(&key.0))
            .filter(Column::RequestId.eq(&key.1))
            .filter(Column::ForgetAt.lte(call.issued_at.as_microsecond()))
            .exec(&self.db)
            .await?;
        let row = ActiveModel {
            client_id: Set(key.0.clone()),
            request_id: Set(key.1.clone()),
            fingerprint: Set(call.fingerprint.clone()),
            token_id: Set(call.token_id.0.clone()),
            issued_at: Set(call.issued_at.as_microsecond()),
            forget_at: Set(forget_at.as_microsecond()),
        };
        let first = OnConflict::columns([Column::ClientId, Column::RequestId]).do_nothing().to_owned();
        if Entity::insert(row).on_conflict(first).exec_without_returning(&self.db).await? == 1 {
            return Ok(call);
        }
        let Some(kept) = Entity::find_by_id(key).one(&self.db).await? else { return Ok(call) };
        Ok(Remembered {
            fingerprint: kept.fingerprint,
            token_id: TokenId(kept.token_id),
            issued_at: instant::read(kept.issued_at)?,
        })
    }

    async fn purge_requests(&self, now: Timestamp) -> Result<u64, Error> {
        let (key, rule) = (&[Column::ClientId, Column::RequestId], Column::ForgetAt.lte(now.as_microsecond()));
        Old::<Entity> { key, by: Column::ForgetAt, rule }.forget(&self.db, PORTION).await
    }
}
