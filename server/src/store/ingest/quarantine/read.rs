//! Reads records in quarantine together with whose they are.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait, Select,
};
use uuid::Uuid;

use super::{QuarantineFilter, QuarantineId, QuarantineStatus, Quarantined, ReplayOutcome};
use crate::domain::{LeaderId, Platform};
use crate::store::entity::ingest_streams;
use crate::store::entity::quarantine::{Column, Entity, Relation};
use crate::store::ingest::StreamId;
use crate::store::{Error, Store, instant};

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    stream_id: Uuid,
    leader_id: Uuid,
    platform: String,
    raw: String,
    reason: String,
    path: String,
    status: String,
    attempts: i32,
    outcome: Option<String>,
    first_seen_at: i64,
    last_seen_at: i64,
    closed_at: Option<i64>,
}

pub(super) async fn page(
    store: &Store,
    filter: QuarantineFilter,
    before: Option<QuarantineId>,
    limit: u32,
) -> Result<Vec<Quarantined>, Error> {
    let mut query = with_owner().order_by_desc(Column::Id).limit(u64::from(limit));
    if let Some(status) = filter.status {
        query = query.filter(Column::Status.eq(status.as_str()));
    }
    if let Some(leader) = filter.leader {
        query = query.filter(ingest_streams::Column::LeaderId.eq(leader.0));
    }
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before.0));
    }
    query.into_model::<Row>().all(&store.db).await?.into_iter().map(read).collect()
}

pub(super) async fn one(db: &impl ConnectionTrait, id: QuarantineId) -> Result<Option<Quarantined>, Error> {
    let query = with_owner().filter(Column::Id.eq(id.0));
    query.into_model::<Row>().one(db).await?.map(read).transpose()
}

/// The records with these names.
pub(in crate::store) async fn records_of(
    db: &impl ConnectionTrait,
    ids: Vec<Uuid>,
) -> Result<HashMap<Uuid, Quarantined>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = with_owner().filter(Column::Id.is_in(ids)).into_model::<Row>().all(db).await?;
    rows.into_iter().map(|row| Ok((row.id, read(row)?))).collect()
}

fn with_owner() -> Select<Entity> {
    Entity::find()
        .join(JoinType::InnerJoin, Relation::Stream.def())
        .column(ingest_streams::Column::LeaderId)
        .column(ingest_streams::Column::Platform)
}

fn read(row: Row) -> Result<Quarantined, Error> {
    let outcome = |name: String| ReplayOutcome::parse(&name).ok_or(Error::Corrupt { what: "outcome of a replay" });
    Ok(Quarantined {
        id: QuarantineId(row.id),
        stream: StreamId(row.stream_id),
        leader_id: LeaderId(row.leader_id),
        platform: Platform::parse(&row.platform).ok_or(Error::Corrupt { what: "platform" })?,
        raw: row.raw,
        reason: row.reason,
        path: row.path,
        status: QuarantineStatus::parse(&row.status).ok_or(Error::Corrupt { what: "status in quarantine" })?,
        attempts: u32::try_from(row.attempts).map_err(|_| Error::Corrupt { what: "count" })?,
        outcome: row.outcome.map(outcome).transpose()?,
        first_seen_at: instant::read(row.first_seen_at)?,
        last_seen_at: instant::read(row.last_seen_at)?,
        closed_at: instant::read_opt(row.closed_at)?,
    })
}
