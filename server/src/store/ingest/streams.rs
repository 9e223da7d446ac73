//! Streams: how far each timeline is read.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use super::{Stream, StreamId, StreamKind};
use crate::domain::{Checkpoint, LeaderId, Platform};
use crate::store::entity::ingest_streams::{ActiveModel, Column, Entity, Model};
use crate::store::text::{clean, from_json, json};
use crate::store::{Error, Store, instant};

impl Store {
    pub(super) async fn open_stream(
        &self,
        leader: LeaderId,
        platform: Platform,
        kind: StreamKind,
    ) -> Result<Stream, Error> {
        if let Some(stream) = self.find_stream(leader, platform, kind).await? {
            return Ok(stream);
        }
        let row = ActiveModel {
            id: Set(self.entropy.uuid_v7(self.now())),
            leader_id: Set(leader.0),
            platform: Set(platform.as_str().to_owned()),
            kind: Set(kind.as_str().to_owned()),
            cursor: Set(json(&Checkpoint::default())),
            cursor_version: Set(0),
            last_success_at: Set(None),
            last_error: Set(None),
        };
        // Another worker may have been faster: then its stream is the one.
        let first = OnConflict::columns([Column::LeaderId, Column::Platform, Column::Kind]).do_nothing().to_owned();
        Entity::insert(row).on_conflict(first).exec_without_returning(&self.db).await?;
        self.find_stream(leader, platform, kind).await?.ok_or(Error::Conflict { what: "stream" })
    }

    async fn find_stream(
        &self,
        leader: LeaderId,
        platform: Platform,
        kind: StreamKind,
    ) -> Result<Option<Stream>, Error> {
        let query = Entity::find()
            .filter(Column::LeaderId.eq(leader.0))
            .filter(Column::Platform.eq(platform.as_str()))
            .filter(Column::Kind.eq(kind.as_str()));
        query.one(&self.db).await?.map(read).transpose()
    }

    pub(super) async fn all_streams(&self) -> Result<Vec<Stream>, Error> {
        let rows = Entity::find().order_by_asc(Column::Id).all(&self.db).await?;
        rows.into_iter().map(read).collect()
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

fn read(row: Model) -> Result<Stream, Error> {
    Ok(Stream {
        id: StreamId(row.id),
        leader_id: LeaderId(row.leader_id),
        platform: Platform::parse(&row.platform).ok_or(Error::Corrupt { what: "platform" })?,
        kind: StreamKind::parse(&row.kind).ok_or(Error::Corrupt { what: "kind of a stream" })?,
        checkpoint: from_json(row.cursor, "checkpoint")?,
        version: row.cursor_version,
        last_success_at: instant::read_opt(row.last_success_at)?,
        last_error: row.last_error,
    })
}
