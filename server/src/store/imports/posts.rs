//! Posts of another service.

use std::collections::{BTreeMap, BTreeSet};

use ring::digest::{SHA256, digest};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, QueryTrait, Set,
};
use uuid::Uuid;

use super::{Imported, ImportedPost, KnownPosts};
use crate::domain::{ExternalId, Label, Platform, PostId, PostOrigin};
use crate::store::bounded::Transaction;
use crate::store::entity::post_metrics;
use crate::store::entity::posts::{ActiveModel, Column, Entity, Model};
use crate::store::ingest::Owner;
use crate::store::ingest::upsert::{self, row};
use crate::store::posts::Tone;
use crate::store::text::{clean, json};
use crate::store::{Error, Store, bulk};

/// A post that is there.
#[derive(FromQueryResult)]
pub(super) struct Known {
    id: Uuid,
    platform: String,
    root_id: String,
    external_id: String,
    content_hash: Vec<u8>,
    origin: String,
    first_seen_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
}

const KNOWN: [Column; 9] = [
    Column::Id,
    Column::Platform,
    Column::RootId,
    Column::ExternalId,
    Column::ContentHash,
    Column::Origin,
    Column::FirstSeenAt,
    Column::UpdatedAt,
    Column::DeletedAt,
];

impl Known {
    /// Nobody but an import wrote it.
    fn is_as_imported(&self) -> bool {
        self.origin == PostOrigin::Imported.as_str()
            && self.updated_at == self.first_seen_at
            && self.deleted_at.is_none()
    }
}

/// The posts with these ids or these numbers on X. A post that was edited has two numbers.
pub(super) async fn known<C: ConnectionTrait>(
    db: &C,
    ids: &[PostId],
    numbers: &[ExternalId],
) -> Result<Vec<Known>, Error> {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let on_x = Condition::all().add(Column::Platform.eq(Platform::X.as_str()));
    let mut found = Vec::new();
    for which in [
        Condition::all().add(Column::Id.is_in(ids.iter().map(|id| id.0))),
        on_x.clone().add(Column::RootId.is_in(numbers.clone())),
        on_x.add(Column::Edited.eq(true)).add(Column::ExternalId.is_in(numbers)),
    ] {
        let query = Entity::find().select_only().columns(KNOWN).filter(which);
        found.extend(query.into_model::<Known>().all(db).await?);
    }
    Ok(found)
}

pub(super) fn by_name(rows: &[Known]) -> KnownPosts {
    let mut known = KnownPosts::default();
    for row in rows {
        let id = PostId(row.id);
        known.ids.insert(id, id);
        let numbers = [&row.root_id, &row.external_id].into_iter().filter(|_| row.platform == Platform::X.as_str());
        known.numbers.extend(numbers.filter_map(|number| Some((number.parse().ok()?, id))));
    }
    known
}

pub(super) async fn import(store: &Store, posts: &[ImportedPost], rehearse: bool) -> Result<Vec<Imported>, Error> {
    let ids: Vec<_> = posts.iter().map(|post| post.id).collect();
    let numbers: Vec<_> = posts.iter().filter_map(|post| post.number).collect();
    let tx = store.begin().await?;
    let rows = known(&tx, &ids, &numbers).await?;
    let mut names = by_name(&rows);
    let as_imported: BTreeMap<_, _> = rows.iter().filter(|row| row.is_as_imported()).map(|row| (row.id, row)).collect();

    let mut outcomes = Vec::with_capacity(posts.len());
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for post in posts {
        let earlier = as_imported.get(&post.id.0).filter(|row| row.content_hash != content_hash(post));
        outcomes.push(match (names.find(post.id, post.number), earlier) {
            (None, _) => {
                names.ids.insert(post.id, post.id);
                names.numbers.extend(post.number.map(|number| (number, post.id)));
                new.push(post);
                Imported::Stored
            }
            (Some(_), None) => Imported::Known,
            (Some(_), Some(_)) => {
                changed.push(post);
                Imported::Updated
            }
        });
    }
    if rehearse {
        return Ok(outcomes);
    }
    for post in changed {
        update(&tx, store, post).await?;
    }
    let inserted = insert(&tx, store, &new).await?;
    // A server that runs may have stored some of them at the same time.
    for (outcome, post) in outcomes.iter_mut().zip(posts) {
        if *outcome == Imported::Stored && !inserted.contains(&post.id.0) {
            *outcome = Imported::Known;
        }
    }
    tx.commit().await?;
    Ok(outcomes)
}

/// Inserts posts with all that belongs to them; answers which were new.
async fn insert(tx: &Transaction, store: &Store, posts: &[&ImportedPost]) -> Result<BTreeSet<Uuid>, Error> {
    let mut inserted = BTreeSet::new();
    // The root is what makes a post the same post; rows are locked in one order everywhere, which is that of numbers.
    let mut in_order = posts.to_vec();
    in_order.sort_by_cached_key(|post| (post.platform, post.number, root(post)));
    for chunk in in_order.chunks(bulk::ROWS) {
        let rows: Vec<Model> = chunk.iter().map(|post| model(post)).collect();
        let mut insert = bulk::insert::<Entity>(tx.get_database_backend(), rows);
        insert.on_conflict(OnConflict::new().do_nothing().to_owned());
        insert.returning(Query::returning().column(Column::Id));
        for row in tx.query_all(&insert).await? {
            inserted.insert(row.try_get::<Uuid>("", "id")?);
        }
    }
    let mut new: Vec<_> = posts.iter().filter(|post| inserted.contains(&post.id.0)).copied().collect();
    let owner = |post: &ImportedPost| Owner { leader: post.leader, platform: post.platform };
    upsert::count_by_day(tx, new.iter().map(|post| (owner(post), post.posted_at.as_microsecond()))).await?;
    for chunk in new.chunks(bulk::ROWS) {
        let rows = chunk.iter().map(|post| metrics(post, store)).collect();
        tx.execute(&bulk::insert::<post_metrics::Entity>(tx.get_database_backend(), rows)).await?;
    }
    new.sort_by_key(|post| (post.posted_at, post.id));
    let ids: Vec<_> = new.iter().map(|post| post.id.0).collect();
    store.number_arrivals(tx, &ids).await?;
    Ok(inserted)
}

/// Changes what the other service could change, unless somebody else did so since.
async fn update(tx: &Transaction, store: &Store, post: &ImportedPost) -> Result<(), Error> {
    let tone = Tone::of(post.sentiment);
    let change = ActiveModel {
        body: Set(clean(&post.text)),
        language: Set(clean(&post.language)),
        sentiment_label: Set(tone.label),
        sentiment_score: Set(tone.score),
        sentiment_model: Set(tone.model),
        unscored_reason: Set(tone.unscored),
        verification_status: Set(post.verification.as_str().to_owned()),
        content_hash: Set(content_hash(post)),
        ..Default::default()
    };
    let mut update = Entity::update_many()
        .set(change)
        .col_expr(Column::Revision, Expr::col(Column::Revision).add(1))
        .filter(Column::Id.eq(post.id.0))
        .filter(Expr::col(Column::UpdatedAt).eq(Expr::col(Column::FirstSeenAt)))
        .filter(Column::DeletedAt.is_null())
        .into_query();
    update.returning(Query::returning().column(Column::Id));
    if tx.query_one(&update).await?.is_none() {
        return Ok(());
    }
    let (mut newest, differs) = row::newest_counts();
    newest.update_column(post_metrics::Column::UpdatedAt).action_and_where(Expr::cust(differs));
    let counts = vec![metrics(post, store)];
    tx.execute(bulk::insert::<post_metrics::Entity>(tx.get_database_backend(), counts).on_conflict(newest)).await?;
    Ok(())
}

/// What makes the post the same post on its platform: its number on X, else its own name.
fn root(post: &ImportedPost) -> String {
    post.number.map_or_else(|| post.id.to_string(), |number| number.to_string())
}

fn model(post: &ImportedPost) -> Model {
    let tone = Tone::of(post.sentiment);
    let first_seen_at = post.first_seen_at.as_microsecond();
    Model {
        id: post.id.0,
        platform: post.platform.as_str().to_owned(),
        root_id: root(post),
        external_id: clean(&post.number.map_or_else(|| post.external_id.clone(), |number| number.to_string())),
        version: post.number.map_or(0, |number| number.0),
        leader_id: post.leader.0,
        author_handle: clean(&post.author.handle),
        author_name: clean(&post.author.name),
        author_avatar_url: post.author.avatar_url.as_deref().map(clean),
        body: clean(&post.text),
        hashtags: json(&[(); 0]),
        media: json(&[(); 0]),
        posted_at: post.posted_at.as_microsecond(),
        language: clean(&post.language),
        sentiment_label: tone.label,
        sentiment_score: tone.score,
        sentiment_model: tone.model,
        unscored_reason: tone.unscored,
        content_hash: content_hash(post),
        revision: 1,
        permalink: clean(&post.permalink),
        edited: false,
        truncated: false,
        withheld_in: json(&[(); 0]),
        first_seen_at,
        updated_at: first_seen_at,
        deleted_at: None,
        deleted_reason: None,
        verification_status: post.verification.as_str().to_owned(),
        origin: PostOrigin::Imported.as_str().to_owned(),
        platform_name: post.platform_name.as_deref().map(clean),
    }
}

/// Tells whether the other service changed the post since. It is never that of a post that X told, so that X has the last
/// word.
fn content_hash(post: &ImportedPost) -> Vec<u8> {
    let counts = &post.metrics;
    let counts = [counts.likes, counts.reposts, counts.replies, counts.quotes, counts.bookmarks, counts.impressions];
    let label = post.sentiment.label().map(Label::as_str);
    let whole = json(&("imported", &post.text, label, post.verification.as_str(), counts)).to_string();
    digest(&SHA256, whole.as_bytes()).as_ref().to_vec()
}

fn metrics(post: &ImportedPost, store: &Store) -> post_metrics::Model {
    let now = store.now();
    let next_check_at = if post.is_asked_again { row::first_check(store, post.platform, now) } else { None };
    row::metrics(post.id.0, &post.metrics, now, next_check_at)
}
