//! Deals with records in quarantine: stores them as posts, leaves them with a new reason, or discards them.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany};

use super::{QuarantineId, QuarantineStatus, Quarantined, ReplayOutcome, read};
use crate::domain::ScoredPost;
use crate::store::bounded::Transaction;
use crate::store::entity::quarantine::{Column, Entity};
use crate::store::entity::{ingest_streams, posts};
use crate::store::ingest::commit::Owner;
use crate::store::ingest::upsert;
use crate::store::reviews::enter;
use crate::store::text::clean;
use crate::store::{Error, Store};

pub(super) async fn replay(store: &Store, id: QuarantineId, post: &ScoredPost) -> Result<Option<ReplayOutcome>, Error> {
    let tx = store.begin().await?;
    let record = read::one(&tx, id).await?.filter(|record| record.status == QuarantineStatus::Open);
    let Some(record) = record else { return Ok(None) };
    hold_pages(&tx, &record).await?;
    let mut new = Vec::new();
    let outcome = if is_stored(&tx, &record, post).await? {
        ReplayOutcome::Unchanged
    } else {
        let owner = Owner { leader: record.leader_id, platform: record.platform };
        let written = upsert::posts(&tx, store, owner, &[post]).await?;
        let outcome = match (written.inserted(), written.updated) {
            (0, 0) => ReplayOutcome::Unchanged,
            (0, _) => ReplayOutcome::Updated,
            _ => ReplayOutcome::Inserted,
        };
        new = written.new;
        outcome
    };
    let close = closed(store, id, QuarantineStatus::Replayed)
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .col_expr(Column::Outcome, Expr::value(outcome.as_str()));
    // Somebody may have been faster: then the post is left to them. The transaction ends here without a trace.
    if close.exec(&tx).await?.rows_affected == 0 {
        return Ok(None);
    }
    enter::record_became(&tx, id.0, living_post(&tx, &record, post).await?).await?;
    store.number_arrivals(&tx, &new).await?;
    tx.commit().await?;
    Ok(Some(outcome))
}

pub(super) async fn refuse(store: &Store, id: QuarantineId, reason: &str, path: &str) -> Result<bool, Error> {
    let update = if_open(id)
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .col_expr(Column::Reason, Expr::value(clean(reason)))
        .col_expr(Column::Path, Expr::value(clean(path)));
    Ok(update.exec(&store.db).await?.rows_affected == 1)
}

pub(super) async fn discard(store: &Store, id: QuarantineId) -> Result<bool, Error> {
    let tx = store.begin().await?;
    let is_discarded = closed(store, id, QuarantineStatus::Discarded).exec(&tx).await?.rows_affected == 1;
    if is_discarded {
        enter::record_discarded(&tx, store, id.0).await?;
        tx.commit().await?;
    }
    Ok(is_discarded)
}

/// The post that the record became, unless it is deleted.
async fn living_post(tx: &Transaction, record: &Quarantined, post: &ScoredPost) -> Result<Option<uuid::Uuid>, Error> {
    use posts::{Column, Entity};
    let stored = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Platform.eq(record.platform.as_str()))
        .filter(Column::RootId.eq(post.post.edit_root.to_string()))
        .filter(Column::DeletedAt.is_null());
    Ok(stored.into_tuple().one(tx).await?)
}

fn closed(store: &Store, id: QuarantineId, status: QuarantineStatus) -> UpdateMany<Entity> {
    if_open(id)
        .col_expr(Column::Status, Expr::value(status.as_str()))
        .col_expr(Column::ClosedAt, Expr::value(store.now().as_microsecond()))
}

fn if_open(id: QuarantineId) -> UpdateMany<Entity> {
    let open = Column::Status.eq(QuarantineStatus::Open.as_str());
    Entity::update_many().filter(Column::Id.eq(id.0)).filter(open)
}

/// Makes pages of this timeline wait until the replay is over. A page locks its stream before its posts, and so does
/// this, hence the two never wait for each other. On SQLite the transaction alone keeps every writer out.
async fn hold_pages(tx: &Transaction, record: &Quarantined) -> Result<(), Error> {
    use ingest_streams::{Column, Entity};
    let streams = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::LeaderId.eq(record.leader_id.0))
        .filter(Column::Platform.eq(record.platform.as_str()))
        .order_by_asc(Column::Id)
        .lock_exclusive();
    streams.into_tuple::<uuid::Uuid>().all(tx).await?;
    Ok(())
}

/// Whether as new a version is stored already. It came in a whole page, with media and the full text of what it
/// repeats, which a lone record lacks.
async fn is_stored(tx: &Transaction, record: &Quarantined, post: &ScoredPost) -> Result<bool, Error> {
    use posts::{Column, Entity};
    let stored = Entity::find()
        .select_only()
        .column(Column::Version)
        .filter(Column::Platform.eq(record.platform.as_str()))
        .filter(Column::RootId.eq(post.post.edit_root.to_string()))
        .into_tuple::<i64>()
        .one(tx)
        .await?;
    Ok(stored.is_some_and(|version| version >= post.post.id.0))
}
