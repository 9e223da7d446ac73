//! Posts of a page: new ones inserted, changed ones updated, all others untouched.

mod known;
mod new;
pub(in crate::store) mod row;

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, InsertStatement, OnConflict, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryResult};
use uuid::Uuid;

pub(super) use self::known::Known;
pub(super) use self::new::NewPosts;
use super::commit::Owner;
use crate::domain::{ReviewReason, ScoredPost, Verification};
use crate::store::bounded::Transaction;
use crate::store::entity::posts::{Column, Entity, Model};
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
struct Changed {
    id: Uuid,
    revision: i64,
    posted_at: i64,
    leader_id: Uuid,
    /// Nobody has reviewed its text.
    is_new_text: bool,
}

impl Changed {
    /// Those of [`Changed::read`].
    const COLUMNS: [Column; 6] =
        [Column::RootId, Column::Id, Column::Revision, Column::PostedAt, Column::LeaderId, Column::VerificationStatus];

    /// Reads the name of the chain and the row, by the places of the columns: to look for each name in each of many rows
    /// takes long.
    fn read(row: &QueryResult) -> Result<(String, Self), DbErr> {
        let (id, revision, posted_at, leader_id, status): (_, _, _, _, String) = (
            row.try_get_by_index(1)?,
            row.try_get_by_index(2)?,
            row.try_get_by_index(3)?,
            row.try_get_by_index(4)?,
            row.try_get_by_index(5)?,
        );
        let is_new_text = status == Verification::NeedsReview.as_str();
        Ok((row.try_get_by_index(0)?, Self { id, revision, posted_at, leader_id, is_new_text }))
    }
}

/// Stores `distinct` posts, of which no two belong to one chain of edits.
pub(in crate::store) async fn posts(
    tx: &Transaction,
    store: &Store,
    owner: Owner,
    distinct: &[&ScoredPost],
) -> Result<Written, Error> {
    let known = Known::of(tx, owner, distinct).await?;
    changes(tx, store, owner, distinct, &known).await
}

/// Stores what is new or changed among `distinct` posts, of which those in `known` were found.
pub(in crate::store) async fn changes(
    tx: &Transaction,
    store: &Store,
    owner: Owner,
    distinct: &[&ScoredPost],
    known: &Known,
) -> Result<Written, Error> {
    let mut written = Written::default();
    for chunk in distinct.chunks(bulk::ROWS) {
        let (mut different, mut seen) = (Vec::new(), Vec::new());
        for post in chunk.iter().copied() {
            match known.row(post) {
                Some(row) if !row.is_changed_by(post) => seen.extend(row.listens_to(post).then_some((row.id, post))),
                _ => different.push(post),
            }
        }
        let wrote = write(tx, store, owner, &different).await?;
        written.new.extend(wrote.new);
        written.updated += wrote.updated;
        refresh_metrics(tx, store, owner, seen).await?;
    }
    Ok(written)
}

/// Stores posts that are not there, or not so.
async fn write(tx: &Transaction, store: &Store, owner: Owner, different: &[&ScoredPost]) -> Result<Written, Error> {
    if different.is_empty() {
        return Ok(Written::default());
    }
    let backend = tx.get_database_backend();
    let now = store.now();
    let rows = different.iter().map(|post| row::of(post, owner, store.entropy.as_ref(), now)).collect();
    let by_root: BTreeMap<_, _> = different.iter().map(|post| (root(post), *post)).collect();
    let changed = upsert(tx, rows).await?.into_iter();
    let changed: Vec<_> = changed.filter_map(|(root, row)| Some((*by_root.get(&root)?, row))).collect();
    let (mut inserted, updated): (Vec<_>, Vec<_>) = changed.iter().partition(|(_, row)| row.revision == 1);
    inserted.sort_by_key(|(_, row)| (row.posted_at, row.id));
    forget_hashtags(tx, &updated).await?;
    let mut inserts = hashtags(backend, &changed);
    if !inserted.is_empty() {
        let counts = inserted.iter().map(|(post, row)| row::metrics_of(store, owner, (row.id, post), now)).collect();
        inserts.push(bulk::insert::<post_metrics::Entity>(backend, counts));
    }
    inserts.extend(counts_by_day(backend, inserted.iter().map(|(_, row)| (owner, row.posted_at))));
    bulk::execute(tx, inserts).await?;
    refresh_metrics(tx, store, owner, updated.iter().map(|(post, row)| (row.id, *post)).collect()).await?;
    enter_doubtful(tx, store, &changed).await?;
    Ok(Written { new: inserted.iter().map(|(_, row)| row.id).collect(), updated: number::len(&updated) })
}

/// The name of the chain of edits.
fn root(post: &ScoredPost) -> String {
    post.post.edit_root.to_string()
}

async fn upsert(tx: &Transaction, rows: Vec<Model>) -> Result<Vec<(String, Changed)>, Error> {
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
    let mut insert = bulk::insert::<Entity>(tx.get_database_backend(), rows);
    insert.on_conflict(changed).returning(Query::returning().columns(Changed::COLUMNS));
    let rows = tx.query_all(&insert).await?;
    Ok(rows.iter().map(Changed::read).collect::<Result<_, _>>()?)
}

/// Counts new posts, by whose they are and the times at which they were published.
pub(in crate::store) async fn count_by_day(
    tx: &Transaction,
    inserted: impl IntoIterator<Item = (Owner, i64)>,
) -> Result<(), Error> {
    if let Some(count) = counts_by_day(tx.get_database_backend(), inserted) {
        tx.execute(&count).await?;
    }
    Ok(())
}

/// None when there is nothing to count.
fn counts_by_day(backend: DbBackend, inserted: impl IntoIterator<Item = (Owner, i64)>) -> Option<InsertStatement> {
    let days = days(inserted);
    if days.is_empty() {
        return None;
    }
    Some(bulk::insert::<post_counts::Entity>(backend, days).on_conflict(more_of_a_day()).take())
}

/// How many posts there are of each day.
fn days(inserted: impl IntoIterator<Item = (Owner, i64)>) -> Vec<post_counts::Model> {
    use post_counts::Model;
    // Rows are locked in one order everywhere, which is that of the names.
    let mut days: BTreeMap<(Uuid, &str, i64), i64> = BTreeMap::new();
    for (owner, posted_at) in inserted {
        *days.entry((owner.leader.0, owner.platform.as_str(), posted_at.div_euclid(DAY))).or_default() += 1;
    }
    let row =
        |((leader_id, platform, day), n): ((_, &str, _), _)| Model { leader_id, platform: platform.to_owned(), day, n };
    days.into_iter().map(row).collect()
}

/// How new posts are added to those that were counted before.
fn more_of_a_day() -> OnConflict {
    use post_counts::Column;
    OnConflict::columns([Column::LeaderId, Column::Platform, Column::Day])
        .value(Column::N, Expr::cust("post_counts.n + excluded.n"))
        .to_owned()
}

async fn forget_hashtags(tx: &Transaction, updated: &[&(&ScoredPost, Changed)]) -> Result<(), Error> {
    use post_hashtags::{Column, Entity};
    if !updated.is_empty() {
        let posts = updated.iter().map(|(_, row)| row.id);
        Entity::delete_many().filter(Column::PostId.is_in(posts)).exec(tx).await?;
    }
    Ok(())
}

fn hashtags(backend: DbBackend, changed: &[(&ScoredPost, Changed)]) -> Vec<InsertStatement> {
    let rows = changed.iter().flat_map(|(post, row)| row::hashtags(post, (row.id, row.leader_id, row.posted_at)));
    let rows: Vec<_> = rows.collect();
    rows.chunks(bulk::ROWS).map(|chunk| bulk::insert::<post_hashtags::Entity>(backend, chunk.to_vec())).collect()
}

/// Takes over what X counts now of posts that were stored before. A count that X leaves out stays.
async fn refresh_metrics(
    tx: &Transaction,
    store: &Store,
    owner: Owner,
    seen: Vec<(Uuid, &ScoredPost)>,
) -> Result<(), Error> {
    use post_metrics::{Column, Entity};
    if seen.is_empty() {
        return Ok(());
    }
    let now = store.now();
    let rows = seen.into_iter().map(|seen| row::metrics_of(store, owner, seen, now)).collect();
    let (mut newest, differs) = row::newest_counts();
    newest.update_column(Column::UpdatedAt).action_and_where(Expr::cust(differs));
    tx.execute(bulk::insert::<Entity>(tx.get_database_backend(), rows).on_conflict(newest)).await?;
    Ok(())
}

/// Puts posts into the review queue whose text is new, sounds good and bad at once, and was not reviewed.
async fn enter_doubtful(tx: &Transaction, store: &Store, changed: &[(&ScoredPost, Changed)]) -> Result<(), Error> {
    let new = changed.iter().filter(|(post, row)| post.is_doubtful && row.is_new_text);
    let new: Vec<_> = new.map(|(_, row)| row.id).collect();
    enter::posts(tx, store, &new, ReviewReason::LowConfidence, None).await
}
