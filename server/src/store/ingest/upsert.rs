//! Posts of a page: new ones inserted, changed ones updated, all others untouched.

pub(in crate::store) mod row;

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Set,
};
use uuid::Uuid;

use super::commit::Owner;
use crate::domain::{ReviewReason, ScoredPost, Verification};
use crate::store::entity::posts::{Column, Entity};
use crate::store::entity::{post_counts, post_hashtags, post_metrics};
use crate::store::instant::DAY;
use crate::store::posts::given;
use crate::store::reviews::enter;
use crate::store::{Error, Store, bulk, number};

/// What became of the posts of a page; the others are unchanged.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct Written {
    /// The posts that are new, oldest first; the transaction numbers them last of all.
    pub(in crate::store) new: Vec<Uuid>,
    pub(in crate::store) updated: u64,
}

impl Written {
    pub(in crate::store) fn inserted(&self) -> u64 {
        number::len(&self.new)
    }
}

/// A row that was inserted or updated.
#[derive(FromQueryResult)]
struct Changed {
    id: Uuid,
    root_id: String,
    revision: i64,
    posted_at: i64,
    leader_id: Uuid,
    verification_status: String,
}

#[derive(FromQueryResult)]
struct Known {
    id: Uuid,
    root_id: String,
    version: i64,
    deleted_at: Option<i64>,
}

/// Stores `distinct` posts, of which no two belong to one chain of edits.
pub(in crate::store) async fn posts(
    tx: &DatabaseTransaction,
    store: &Store,
    owner: Owner,
    distinct: &[ScoredPost],
) -> Result<Written, Error> {
    let mut written = Written::default();
    for chunk in distinct.chunks(bulk::ROWS) {
        let changed = upsert(tx, store, owner, chunk).await?;
        let mut inserted: Vec<_> = changed.iter().filter(|row| row.revision == 1).collect();
        inserted.sort_by_key(|row| (row.posted_at, row.id));
        written.new.extend(inserted.iter().map(|row| row.id));
        written.updated += number::len(&changed) - number::len(&inserted);
        count_by_day(tx, owner, inserted.iter().map(|row| row.posted_at)).await?;
        replace_hashtags(tx, &changed, chunk).await?;
        refresh_metrics(tx, store, owner, (&changed, chunk)).await?;
        enter_doubtful(tx, store, &changed, chunk).await?;
    }
    Ok(written)
}

async fn upsert(
    tx: &DatabaseTransaction,
    store: &Store,
    owner: Owner,
    posts: &[ScoredPost],
) -> Result<Vec<Changed>, Error> {
    let now = store.now();
    let rows = posts.iter().map(|post| row::of(post, owner, store.entropy.as_ref(), now));
    // An equal row is not written, and an older version never replaces a newer one. The time, which the indexes sort
    // by, and the owner stay as they were.
    let changed = OnConflict::columns([Column::Platform, Column::RootId])
        .update_columns(row::CONTENT)
        .values(row::TONE.map(|(column, name)| (column, given::kept(name))))
        // What was reviewed is a text.
        .value(
            Column::VerificationStatus,
            Expr::cust(
                "CASE WHEN posts.body = excluded.body THEN posts.verification_status \
                 ELSE excluded.verification_status END",
            ),
        )
        .value(Column::Revision, Expr::cust("posts.revision + 1"))
        .action_and_where(Expr::cust(
            "posts.content_hash <> excluded.content_hash \
             AND posts.version <= excluded.version AND posts.deleted_at IS NULL",
        ))
        .to_owned();
    let mut insert = bulk::insert::<Entity>(tx.get_database_backend(), rows.collect());
    insert.on_conflict(changed).returning(Query::returning().columns([
        Column::Id,
        Column::RootId,
        Column::Revision,
        Column::PostedAt,
        Column::LeaderId,
        Column::VerificationStatus,
    ]));
    let rows = tx.query_all(&insert).await?;
    Ok(rows.iter().map(|row| Changed::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

/// Counts new posts, by the times at which they were published.
pub(in crate::store) async fn count_by_day(
    tx: &DatabaseTransaction,
    owner: Owner,
    inserted: impl IntoIterator<Item = i64>,
) -> Result<(), Error> {
    use post_counts::{ActiveModel, Column, Entity};
    let mut days: BTreeMap<i64, i64> = BTreeMap::new();
    for posted_at in inserted {
        *days.entry(posted_at.div_euclid(DAY)).or_default() += 1;
    }
    if days.is_empty() {
        return Ok(());
    }
    let rows = days.into_iter().map(|(day, n)| ActiveModel {
        leader_id: Set(owner.leader.0),
        platform: Set(owner.platform.as_str().to_owned()),
        day: Set(day),
        n: Set(n),
    });
    let more = OnConflict::columns([Column::LeaderId, Column::Platform, Column::Day])
        .value(Column::N, Expr::cust("post_counts.n + excluded.n"))
        .to_owned();
    Entity::insert_many(rows).on_conflict(more).exec_without_returning(tx).await?;
    Ok(())
}

async fn replace_hashtags(tx: &DatabaseTransaction, changed: &[Changed], posts: &[ScoredPost]) -> Result<(), Error> {
    use post_hashtags::{Column, Entity, Model};
    let updated: Vec<_> = changed.iter().filter(|row| row.revision > 1).map(|row| row.id).collect();
    if !updated.is_empty() {
        Entity::delete_many().filter(Column::PostId.is_in(updated)).exec(tx).await?;
    }
    let by_root: BTreeMap<_, _> = posts.iter().map(|post| (post.post.edit_root.to_string(), post)).collect();
    let mut rows = Vec::new();
    for row in changed {
        let Some(post) = by_root.get(&row.root_id) else { continue };
        rows.extend(row::topics(&post.post.hashtags).into_iter().map(|tag| Model {
            post_id: row.id,
            tag,
            leader_id: row.leader_id,
            posted_at: row.posted_at,
        }));
    }
    for chunk in rows.chunks(bulk::ROWS) {
        tx.execute(&bulk::insert::<Entity>(tx.get_database_backend(), chunk.to_vec())).await?;
    }
    Ok(())
}

/// Takes over what X counts now, also for posts whose content is unchanged. A count that X leaves out stays.
async fn refresh_metrics(
    tx: &DatabaseTransaction,
    store: &Store,
    owner: Owner,
    (changed, posts): (&[Changed], &[ScoredPost]),
) -> Result<(), Error> {
    use post_metrics::{Column, Entity};
    let mut unchanged: BTreeMap<_, _> = posts.iter().map(|post| (post.post.edit_root.to_string(), post)).collect();
    let mut current: Vec<_> =
        changed.iter().filter_map(|row| Some((row.id, unchanged.remove(&row.root_id)?))).collect();
    if !unchanged.is_empty() {
        let known = known(tx, owner, unchanged.keys().cloned()).await?;
        let known = known.iter().filter_map(|row| Some((row, *unchanged.get(&row.root_id)?)));
        current.extend(known.filter(|(row, post)| row.version <= post.post.id.0).map(|(row, post)| (row.id, post)));
    }
    let rows: Vec<_> = current
        .into_iter()
        .map(|(id, post)| row::metrics(id, &post.post.metrics, store.now(), row::first_check(store, owner.platform)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let (mut newest, differs) = row::newest_counts();
    newest.update_column(Column::UpdatedAt).action_and_where(Expr::cust(differs));
    tx.execute(bulk::insert::<Entity>(tx.get_database_backend(), rows).on_conflict(newest)).await?;
    Ok(())
}

/// Puts posts into the review queue whose text is new, sounds good and bad at once, and was not reviewed.
async fn enter_doubtful(
    tx: &DatabaseTransaction,
    store: &Store,
    changed: &[Changed],
    posts: &[ScoredPost],
) -> Result<(), Error> {
    let doubtful: BTreeSet<_> =
        posts.iter().filter(|post| post.is_doubtful).map(|post| post.post.edit_root.to_string()).collect();
    let is_new = |row: &&Changed| row.verification_status == Verification::NeedsReview.as_str();
    let new = changed.iter().filter(is_new).filter(|row| doubtful.contains(&row.root_id));
    let new: Vec<_> = new.map(|row| row.id).collect();
    enter::posts(tx, store, &new, ReviewReason::LowConfidence, None).await
}

/// The living posts of these chains of edits. What is deleted is left out here and not by the database, which on a table
/// without statistics would take the index of the living posts and read all of them.
async fn known(
    tx: &DatabaseTransaction,
    owner: Owner,
    roots: impl Iterator<Item = String>,
) -> Result<Vec<Known>, Error> {
    let known = Entity::find()
        .select_only()
        .columns([Column::Id, Column::RootId, Column::Version, Column::DeletedAt])
        .filter(Column::Platform.eq(owner.platform.as_str()))
        .filter(Column::RootId.is_in(roots));
    let mut known: Vec<Known> = known.into_model().all(tx).await?;
    known.retain(|post| post.deleted_at.is_none());
    Ok(known)
}
