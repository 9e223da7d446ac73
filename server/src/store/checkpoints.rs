//! Checkpoints under a text key: the cursors of leaders' streams, and those of any other stream.

use async_trait::async_trait;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict, Query, UpdateStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set,
    StatementBuilder,
};
use serde_json::Value;
use uuid::Uuid;

use super::entity::ingest_streams::{ActiveModel, Column, Entity};
use super::ingest::{Entry, StreamKind};
use super::text::json;
use super::{Error, Store};
use crate::domain::{Checkpoint, OpaqueCheckpoint, SavedCheckpoint, StreamKey};
use crate::store::bounded::Transaction;

/// Keeps checkpoints under text keys. Every change of a leader's stream stands in the ledger, like a page without
/// records, and fences off the worker that is reading it.
#[async_trait]
pub trait Checkpoints: Send + Sync {
    /// The checkpoint of a stream.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is none that can be kept, or when the database fails.
    async fn checkpoint(&self, key: &StreamKey) -> Result<Option<SavedCheckpoint>, Error>;

    /// Keeps a checkpoint if nothing or an older version is kept; false when not.
    ///
    /// # Errors
    /// When the database fails.
    async fn advance_checkpoint(&self, saved: &SavedCheckpoint) -> Result<bool, Error>;

    /// Keeps a checkpoint if the version `expected` is kept, None meaning nothing; false when not.
    ///
    /// # Errors
    /// When the database fails.
    async fn replace_checkpoint(&self, expected: Option<i64>, saved: &SavedCheckpoint) -> Result<bool, Error>;

    /// At most `limit` keys after `after`, in an order of the database's own.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when one is no stream key, or when the database fails.
    async fn checkpoint_keys(&self, after: Option<&StreamKey>, limit: u32) -> Result<Vec<StreamKey>, Error>;

    /// Forgets a checkpoint; false when there is none. The stream of a leader stays, with an empty checkpoint and the
    /// next version. Since when the leader has its account is not forgotten.
    ///
    /// # Errors
    /// When the database fails.
    async fn remove_checkpoint(&self, key: &StreamKey) -> Result<bool, Error>;
}

/// A stream whose checkpoint was changed.
#[derive(FromQueryResult)]
struct Changed {
    id: Uuid,
    leader_id: Option<Uuid>,
    cursor: Value,
    cursor_version: i64,
    lease_epoch: i64,
}

const CHANGED: [Column; 5] = [Column::Id, Column::LeaderId, Column::Cursor, Column::CursorVersion, Column::LeaseEpoch];

#[async_trait]
impl Checkpoints for Store {
    async fn checkpoint(&self, key: &StreamKey) -> Result<Option<SavedCheckpoint>, Error> {
        let query = Entity::find().filter(Column::StreamKey.eq(key.as_str())).select_only();
        let row = query.columns([Column::Cursor, Column::CursorVersion]).into_tuple::<(Value, i64)>().one(&self.db);
        let Some((cursor, version)) = row.await? else { return Ok(None) };
        let checkpoint = OpaqueCheckpoint::new(cursor).map_err(|_| Error::Corrupt { what: "checkpoint" })?;
        Ok(Some(SavedCheckpoint { key: key.clone(), checkpoint, version }))
    }

    async fn advance_checkpoint(&self, saved: &SavedCheckpoint) -> Result<bool, Error> {
        let newer = OnConflict::column(Column::StreamKey)
            .update_columns([Column::Cursor, Column::CursorVersion])
            .action_and_where(Expr::cust("ingest_streams.cursor_version < excluded.cursor_version"))
            .to_owned();
        self.insert_checkpoint(saved, newer).await
    }

    async fn replace_checkpoint(&self, expected: Option<i64>, saved: &SavedCheckpoint) -> Result<bool, Error> {
        let Some(expected) = expected else {
            let first = OnConflict::column(Column::StreamKey).do_nothing().to_owned();
            return self.insert_checkpoint(saved, first).await;
        };
        let update = update(&saved.key, saved.checkpoint.as_json().clone())
            .value(Column::CursorVersion, saved.version)
            .and_where(Expr::col(Column::CursorVersion).eq(expected))
            .to_owned();
        let tx = self.begin().await?;
        let is_changed = self.change(&tx, &update).await?;
        tx.commit().await?;
        Ok(is_changed)
    }

    async fn checkpoint_keys(&self, after: Option<&StreamKey>, limit: u32) -> Result<Vec<StreamKey>, Error> {
        let mut query = Entity::find().select_only().column(Column::StreamKey).order_by_asc(Column::StreamKey);
        if let Some(after) = after {
            query = query.filter(Column::StreamKey.gt(after.as_str()));
        }
        let keys = query.limit(u64::from(limit)).into_tuple::<String>().all(&self.db).await?;
        keys.iter().map(|key| key.parse().map_err(|_| Error::Corrupt { what: "stream key" })).collect()
    }

    async fn remove_checkpoint(&self, key: &StreamKey) -> Result<bool, Error> {
        let tx = self.begin().await?;
        let cursor = Entity::find().filter(Column::StreamKey.eq(key.as_str())).select_only().column(Column::Cursor);
        let cursor = cursor.lock(LockType::NoKeyUpdate).into_tuple::<Value>().one(&tx).await?;
        let empty = emptied(cursor.and_then(|cursor| serde_json::from_value(cursor).ok()).unwrap_or_default());
        let reset = update(key, json(&empty))
            .value(Column::CursorVersion, Expr::col(Column::CursorVersion).add(1))
            .and_where(Expr::col(Column::LeaderId).is_not_null())
            .to_owned();
        let is_removed = self.change(&tx, &reset).await? || {
            let other = Entity::delete_many().filter(Column::StreamKey.eq(key.as_str()));
            other.filter(Column::LeaderId.is_null()).exec(&tx).await?.rows_affected == 1
        };
        tx.commit().await?;
        Ok(is_removed)
    }
}

impl Store {
    async fn insert_checkpoint(&self, saved: &SavedCheckpoint, known: OnConflict) -> Result<bool, Error> {
        let kind = saved.key.part().unwrap_or(StreamKind::Posts.as_str());
        let row = ActiveModel {
            id: Set(self.entropy.uuid_v7(self.now())),
            stream_key: Set(saved.key.to_string()),
            leader_id: Set(None),
            platform: Set(saved.key.source().to_owned()),
            kind: Set(kind.to_owned()),
            cursor: Set(saved.checkpoint.as_json().clone()),
            cursor_version: Set(saved.version),
            lease_owner: Set(None),
            lease_epoch: Set(0),
            lease_until: Set(0),
            last_success_at: Set(None),
            last_error: Set(None),
        };
        let mut insert = Entity::insert(row).on_conflict(known).into_query();
        insert.returning(Query::returning().columns(CHANGED));
        let tx = self.begin().await?;
        let is_changed = self.change(&tx, &insert).await?;
        tx.commit().await?;
        Ok(is_changed)
    }

    /// Executes a statement that changes at most one stream, and enters the change of a leader's one in the ledger.
    async fn change(&self, tx: &Transaction, statement: &impl StatementBuilder) -> Result<bool, Error> {
        let Some(row) = tx.query_one(statement).await? else { return Ok(false) };
        let changed = Changed::from_query_result(&row, "")?;
        if changed.leader_id.is_some() {
            let Changed { id: stream, cursor_version: version, lease_epoch: epoch, cursor, .. } = changed;
            let entry = Entry { stream, version, epoch, cursor };
            entry.enter(tx, self.now()).await?;
        }
        Ok(true)
    }
}

/// Nothing is read, but what is stored may still be of another account.
fn emptied(Checkpoint { account, account_since, .. }: Checkpoint) -> Checkpoint {
    let account = account_since.and(account);
    Checkpoint { account, account_since, ..Checkpoint::default() }
}

fn update(key: &StreamKey, cursor: Value) -> UpdateStatement {
    Query::update()
        .table(Entity)
        .value(Column::Cursor, cursor)
        .and_where(Expr::col(Column::StreamKey).eq(key.as_str()))
        .returning(Query::returning().columns(CHANGED))
        .to_owned()
}
