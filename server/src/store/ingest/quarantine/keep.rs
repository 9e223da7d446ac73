//! Keeps the records of a page that are no valid posts.

use std::collections::{BTreeMap, BTreeSet};

use ring::digest::{SHA256, digest};
use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{ConnectionTrait, EntityTrait, QueryTrait, Set};
use uuid::Uuid;

use super::QuarantineStatus;
use crate::store::bounded::Transaction;
use crate::store::entity::quarantine::{ActiveModel, Column, Entity};
use crate::store::ingest::{Rejected, StreamId};
use crate::store::reviews::enter;
use crate::store::text::clean;
use crate::store::{Error, Store, number};

/// The most bytes of a record that are kept.
const LONGEST_RECORD: usize = 64 * 1024;

/// Rows of one statement, far below both databases' limits of bound values.
const ROWS: usize = 500;

/// Keeps each distinct record once and says how many the page had. One that was dealt with before stays so; a new one
/// enters the review queue.
pub(in crate::store::ingest) async fn keep(
    tx: &Transaction,
    store: &Store,
    stream: StreamId,
    rejected: &[Rejected],
) -> Result<u64, Error> {
    let now = store.now();
    let mut rows: BTreeMap<Vec<u8>, ActiveModel> = BTreeMap::new();
    for record in rejected {
        let raw = record.raw.to_string();
        let hash = digest(&SHA256, raw.as_bytes()).as_ref().to_vec();
        let row = ActiveModel {
            id: Set(store.entropy.uuid_v7(now)),
            stream_id: Set(stream.0),
            raw_hash: Set(hash.clone()),
            raw: Set(clean(&raw[..raw.floor_char_boundary(LONGEST_RECORD)])),
            reason: Set(clean(&record.reason)),
            path: Set(clean(&record.path)),
            status: Set(QuarantineStatus::Open.as_str().to_owned()),
            attempts: Set(0),
            outcome: Set(None),
            first_seen_at: Set(now.as_microsecond()),
            last_seen_at: Set(now.as_microsecond()),
            closed_at: Set(None),
        };
        rows.entry(hash).or_insert(row);
    }
    let rows: Vec<_> = rows.into_values().collect();
    let mut kept = BTreeSet::new();
    for chunk in rows.chunks(ROWS) {
        let seen_again = OnConflict::columns([Column::StreamId, Column::RawHash])
            .update_columns([Column::Reason, Column::Path, Column::LastSeenAt])
            .to_owned();
        let mut insert = Entity::insert_many(chunk.to_vec()).on_conflict(seen_again).into_query();
        insert.returning(Query::returning().column(Column::Id));
        for row in tx.query_all(&insert).await? {
            kept.insert(row.try_get::<Uuid>("", "id")?);
        }
    }
    // One that was seen before keeps the name that it has.
    let new: Vec<Uuid> =
        rows.iter().filter_map(|row| row.id.try_as_ref().copied()).filter(|id| kept.contains(id)).collect();
    enter::records(tx, store, &new).await?;
    Ok(number::len(&rows))
}
