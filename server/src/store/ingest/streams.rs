//! Streams: how far each timeline is read.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use super::{Stream, StreamId, StreamKind};
use crate::domain::{Checkpoint, Handle, LeaderId, Platform};
use crate::store::bounded::Transaction;
use crate::store::entity::ingest_streams::{ActiveModel, Column, Entity, Model};
use crate::store::text::{clean, from_json, json};
use crate::store::work::Lease;
use crate::store::{Error, Store, instant};

impl Store {
    /// Makes the streams of a new leader on X, so that they can be leased from the start.
    pub(in crate::store) async fn insert_streams(
        &self,
        tx: &Transaction,
        leader: LeaderId,
        handle: &Handle,
    ) -> Result<(), Error> {
        let name = handle.folded();
        for kind in [StreamKind::Posts, StreamKind::Backfill] {
            if !self.insert_stream(tx, Some(leader), kind, key(&name, kind)).await? {
                // Another leader has the same handle.
                self.insert_stream(tx, Some(leader), kind, key(&own_name(&name, leader), kind)).await?;
            }
        }
        Ok(())
    }

    /// False when the key is taken.
    pub(super) async fn insert_stream<C: ConnectionTrait>(
        &self,
        db: &C,
        leader: Option<LeaderId>,
        kind: StreamKind,
        key: String,
    ) -> Result<bool, Error> {
        let row = ActiveModel {
            id: Set(self.entropy.uuid_v7(self.now())),
            stream_key: Set(key),
            leader_id: Set(leader.map(|leader| leader.0)),
            platform: Set(Platform::X.as_str().to_owned()),
            kind: Set(kind.as_str().to_owned()),
            cursor: Set(json(&Checkpoint::default())),
            cursor_version: Set(0),
            lease_owner: Set(None),
            lease_epoch: Set(0),
            lease_until: Set(0),
            last_success_at: Set(None),
            last_error: Set(None),
        };
        let first = OnConflict::column(Column::StreamKey).do_nothing().to_owned();
        Ok(Entity::insert(row).on_conflict(first).exec_without_returning(db).await? == 1)
    }

    pub(super) async fn leased_stream(
        &self,
        lease: &Lease,
        platform: Platform,
        kind: StreamKind,
    ) -> Result<Stream, Error> {
        let query = Entity::find()
            .filter(Column::LeaderId.eq(lease.leader.0))
            .filter(Column::Platform.eq(platform.as_str()))
            .filter(Column::Kind.eq(kind.as_str()));
        let row = query.one(&self.db).await?.ok_or(Error::Conflict { what: "stream" })?;
        if row.lease_owner != Some(lease.worker.0) || row.lease_epoch != lease.epoch {
            return Err(Error::LeaseLost { leader: lease.leader });
        }
        read(row, lease.leader)
    }

    pub(super) async fn all_streams(&self) -> Result<Vec<Stream>, Error> {
        let rows =
            Entity::find().filter(Column::LeaderId.is_not_null()).order_by_asc(Column::StreamKey).all(&self.db).await?;
        let of_leader = |row: Model| row.leader_id.map(|leader| read(row, LeaderId(leader)));
        rows.into_iter().filter_map(of_leader).collect()
    }

    pub(super) async fn mark_read(&self, stream: StreamId) -> Result<(), Error> {
        let update = Entity::update_many()
            .col_expr(Column::LastSuccessAt, Expr::value(self.now().as_microsecond()))
            .col_expr(Column::LastError, Expr::value(None::<String>))
            .filter(Column::Id.eq(stream.0));
        update.exec(&self.db).await?;
        Ok(())
    }

    pub(super) async fn mark_failed(&self, stream: StreamId, reason: &str) -> Result<(), Error> {
        let update = Entity::update_many().col_expr(Column::LastError, Expr::value(clean(reason)));
        update.filter(Column::Id.eq(stream.0)).exec(&self.db).await?;
        Ok(())
    }
}

/// A name that no other leader has.
pub(super) fn own_name(name: &str, leader: LeaderId) -> String {
    format!("{name}~{leader}")
}

/// The key of a stream, by the name of its account.
pub(super) fn key(name: &str, kind: StreamKind) -> String {
    match kind {
        StreamKind::Posts => format!("x:{name}"),
        StreamKind::Backfill => format!("x:{name}#backfill"),
    }
}

fn read(row: Model, leader: LeaderId) -> Result<Stream, Error> {
    Ok(Stream {
        id: StreamId(row.id),
        key: row.stream_key,
        leader_id: leader,
        platform: Platform::parse(&row.platform).ok_or(Error::Corrupt { what: "platform" })?,
        kind: StreamKind::parse(&row.kind).ok_or(Error::Corrupt { what: "kind of a stream" })?,
        checkpoint: from_json(row.cursor, "checkpoint")?,
        version: row.cursor_version,
        last_success_at: instant::read_opt(row.last_success_at)?,
        last_error: row.last_error,
    })
}
