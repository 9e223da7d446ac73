//! The streams of a leader that is given another handle on X.
//!
//! They are kept, with their checkpoints: who is asked for under the new handle may be the account of before. A
//! checkpoint says which account it is of, and a walk of another account begins anew. Whoever reads the leader right
//! now loses the lease, so that no post of the old account is stored under the new handle.

use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::StreamKind;
use super::commit::Entry;
use super::streams::{key, own_name};
use crate::domain::{Checkpoint, Handle, Leader, LeaderId, Platform, StreamKey};
use crate::store::bounded::Transaction;
use crate::store::entity::ingest_streams::{Column, Entity, Model};
use crate::store::text::{from_json, json};
use crate::store::{Error, Store};

/// A stream that goes on under another key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedStream {
    /// Its key of before.
    pub from: StreamKey,
    /// Its key from now on.
    pub to: StreamKey,
    /// How far it is read.
    pub checkpoint: Checkpoint,
    /// The version of that; 0 for a stream that was never read.
    pub version: i64,
}

impl Store {
    /// Lets the streams of `leader`, as it was before, be those of the handle `to`. Without one they rest, and their
    /// keys are free for others. The caller has locked the leader.
    pub(in crate::store) async fn hand_over_streams(
        &self,
        tx: &Transaction,
        leader: &Leader,
        to: Option<&Handle>,
    ) -> Result<Vec<MovedStream>, Error> {
        let mut streams = Entity::find()
            .filter(Column::LeaderId.eq(leader.id.0))
            .filter(Column::Platform.eq(Platform::X.as_str()))
            .order_by_asc(Column::Id)
            .lock(LockType::Update)
            .all(tx)
            .await?;
        if let (true, Some(handle)) = (streams.is_empty(), to) {
            self.insert_streams(tx, leader.id, handle).await?;
        }
        // Who wants the same keys takes them in the order of `insert_streams`.
        streams.sort_by(|one, other| other.kind.cmp(&one.kind));
        // All streams of a leader are leased under one epoch.
        let epoch = streams.iter().map(|stream| stream.lease_epoch).max().unwrap_or_default() + 1;
        let mut moved = Vec::with_capacity(streams.len());
        for stream in streams {
            moved.push(self.hand_over(tx, leader, stream, to, epoch).await?);
        }
        Ok(moved)
    }

    async fn hand_over(
        &self,
        tx: &Transaction,
        leader: &Leader,
        stream: Model,
        to: Option<&Handle>,
        epoch: i64,
    ) -> Result<MovedStream, Error> {
        let kind = StreamKind::parse(&stream.kind).ok_or(Error::Corrupt { what: "kind of a stream" })?;
        let new_key = match (to, leader.x_handle()) {
            (Some(handle), _) => self.free_key(tx, &stream, leader.id, (&handle.folded(), kind)).await?,
            (None, Some(before)) => key(&own_name(&before.folded(), leader.id), kind),
            (None, None) => stream.stream_key.clone(),
        };
        let checkpoint = owned(from_json(stream.cursor, "checkpoint")?, leader);
        // A stream that was never read stays one: the file of a lost database may still be taken up.
        let version = stream.cursor_version + i64::from(stream.cursor_version > 0);
        let update = Entity::update_many()
            .col_expr(Column::StreamKey, Expr::value(new_key.as_str()))
            .col_expr(Column::Cursor, Expr::value(json(&checkpoint)))
            .col_expr(Column::CursorVersion, Expr::value(version))
            .col_expr(Column::LeaseEpoch, Expr::value(epoch))
            .col_expr(Column::LeaseOwner, Expr::value(None::<Uuid>))
            .col_expr(Column::LeaseUntil, Expr::value(0_i64))
            .col_expr(Column::LastError, Expr::value(None::<String>));
        update.filter(Column::Id.eq(stream.id)).exec(tx).await?;
        if version > 0 {
            let entry = Entry { stream: stream.id, version, epoch, cursor: json(&checkpoint) };
            entry.enter(tx, self.now()).await?;
        }
        let parse = |key: &str| key.parse().map_err(|_| Error::Corrupt { what: "stream key" });
        Ok(MovedStream { from: parse(&stream.stream_key)?, to: parse(&new_key)?, checkpoint, version })
    }

    /// The key of a name if nobody has it, else one that only this leader can have.
    async fn free_key(
        &self,
        tx: &Transaction,
        stream: &Model,
        leader: LeaderId,
        (name, kind): (&str, StreamKind),
    ) -> Result<String, Error> {
        let wanted = key(name, kind);
        if stream.stream_key == wanted {
            return Ok(wanted);
        }
        // A row that is gone again with this transaction: of two who want the key at once, one waits for the other here.
        if !self.insert_stream(tx, None, kind, wanted.clone()).await? {
            return Ok(key(&own_name(name, leader), kind));
        }
        Entity::delete_many().filter(Column::StreamKey.eq(wanted.as_str())).exec(tx).await?;
        Ok(wanted)
    }
}

/// The checkpoint with the account that it is of. One of which nobody knows the account could be used for any.
fn owned(checkpoint: Checkpoint, leader: &Leader) -> Checkpoint {
    match (checkpoint.account, leader.x_user_id) {
        (Some(_), _) => checkpoint,
        (None, Some(account)) if checkpoint != Checkpoint::default() => checkpoint.of_account(account),
        (None, _) => Checkpoint::default(),
    }
}
