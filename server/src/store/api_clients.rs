//! The services that call with API keys of their own.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::entity::api_clients::{ActiveModel, Column, Entity, Model};
use super::newest_first::behind;
use super::text::{clean, from_json, json};
use super::{Error, Store, instant};
use crate::domain::{ApiClient, ApiKeyId, Origin, Scope};

/// A client with what its key is recognised by.
#[derive(Clone)]
pub struct StoredClient {
    /// The client.
    pub client: ApiClient,
    /// The MAC of the secret part of its key.
    pub mac: Vec<u8>,
}

/// A place in the list of clients: the last one that was shown. The next page starts after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCursor {
    /// When that client was made.
    pub created_at: Timestamp,
    /// Its key.
    pub id: ApiKeyId,
}

/// Keeps the clients.
#[async_trait]
pub trait ApiClients: Send + Sync {
    /// Adds a client.
    ///
    /// # Errors
    /// When the database fails.
    async fn add(&self, client: &StoredClient) -> Result<(), Error>;

    /// One client, revoked or not.
    ///
    /// # Errors
    /// When the database fails.
    async fn find(&self, id: &ApiKeyId) -> Result<Option<StoredClient>, Error>;

    /// Those of these clients that there are, revoked or not, in any order.
    ///
    /// # Errors
    /// When the database fails.
    async fn find_many(&self, ids: &[ApiKeyId]) -> Result<Vec<StoredClient>, Error>;

    /// At most `limit` clients after `after`, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    async fn clients(&self, after: Option<&ClientCursor>, limit: u32) -> Result<Vec<ApiClient>, Error>;

    /// Revokes a key unless it is revoked already; answers the client as it is then, None when there is none.
    ///
    /// # Errors
    /// When the database fails.
    async fn revoke_client(&self, id: &ApiKeyId, at: Timestamp) -> Result<Option<ApiClient>, Error>;

    /// Notes that keys were used at `at`, unless a later use is noted; ids that no key has are passed over.
    ///
    /// # Errors
    /// When the database fails.
    async fn note_use(&self, ids: &[ApiKeyId], at: Timestamp) -> Result<(), Error>;
}

#[async_trait]
impl ApiClients for Store {
    async fn add(&self, stored: &StoredClient) -> Result<(), Error> {
        let StoredClient { client, mac } = stored;
        let row = ActiveModel {
            id: Set(client.id.0.clone()),
            name: Set(clean(&client.name)),
            mac: Set(mac.clone()),
            scopes: Set(json(&client.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>())),
            origins: Set(json(&client.origins.iter().map(Origin::as_str).collect::<Vec<_>>())),
            created_at: Set(client.created_at.as_microsecond()),
            last_used_at: Set(None),
            revoked_at: Set(None),
        };
        Entity::insert(row).exec_without_returning(&self.db).await?;
        Ok(())
    }

    async fn find(&self, id: &ApiKeyId) -> Result<Option<StoredClient>, Error> {
        Entity::find_by_id(id.0.clone()).one(&self.db).await?.map(read_whole).transpose()
    }

    async fn find_many(&self, ids: &[ApiKeyId]) -> Result<Vec<StoredClient>, Error> {
        let named = Column::Id.is_in(ids.iter().map(|id| &id.0));
        Entity::find().filter(named).all(&self.db).await?.into_iter().map(read_whole).collect()
    }

    async fn clients(&self, after: Option<&ClientCursor>, limit: u32) -> Result<Vec<ApiClient>, Error> {
        let mut query =
            Entity::find().order_by_desc(Column::CreatedAt).order_by_desc(Column::Id).limit(u64::from(limit));
        if let Some(ClientCursor { created_at, id }) = after {
            query = query.filter(behind([Column::CreatedAt, Column::Id], created_at.as_microsecond(), id.0.as_str()));
        }
        query.all(&self.db).await?.into_iter().map(read).collect()
    }

    async fn revoke_client(&self, id: &ApiKeyId, at: Timestamp) -> Result<Option<ApiClient>, Error> {
        Entity::update_many()
            .col_expr(Column::RevokedAt, Expr::value(at.as_microsecond()))
            .filter(Column::Id.eq(&id.0))
            .filter(Column::RevokedAt.is_null())
            .exec(&self.db)
            .await?;
        Ok(self.find(id).await?.map(|stored| stored.client))
    }

    async fn note_use(&self, ids: &[ApiKeyId], at: Timestamp) -> Result<(), Error> {
        Entity::update_many()
            .col_expr(Column::LastUsedAt, Expr::value(at.as_microsecond()))
            .filter(Column::Id.is_in(ids.iter().map(|id| &id.0)))
            .filter(Column::LastUsedAt.is_null().or(Column::LastUsedAt.lt(at.as_microsecond())))
            .exec(&self.db)
            .await?;
        Ok(())
    }
}

fn read_whole(row: Model) -> Result<StoredClient, Error> {
    Ok(StoredClient { mac: row.mac.clone(), client: read(row)? })
}

fn read(row: Model) -> Result<ApiClient, Error> {
    let scopes: Vec<String> = from_json(row.scopes, "scopes")?;
    let origins: Vec<String> = from_json(row.origins, "origins")?;
    let scope = |name: &String| Scope::parse(name).ok_or(Error::Corrupt { what: "scopes" });
    let origin = |text: &String| Origin::parse(text).map_err(|_| Error::Corrupt { what: "origins" });
    Ok(ApiClient {
        id: ApiKeyId(row.id),
        name: row.name,
        scopes: scopes.iter().map(scope).collect::<Result<_, _>>()?,
        origins: origins.iter().map(origin).collect::<Result<_, _>>()?,
        created_at: instant::read(row.created_at)?,
        last_used_at: row.last_used_at.map(instant::read).transpose()?,
        revoked_at: row.revoked_at.map(instant::read).transpose()?,
    })
}
