//! A page and the checkpoint that covers it, in one transaction.
//!
//! The order is fixed: first the fence, which also locks the stream, so that a worker that was overtaken writes nothing
//! and two workers never meet on the same rows in opposite order.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, InsertStatement, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryTrait, Set};
use serde_json::Value;
use uuid::Uuid;

use super::{Committed, PageCommit, quarantine, upsert};
use crate::domain::{ExternalId, LeaderId, Platform, RunCounters, RunId, ScoredPost};
use crate::store::bounded::Transaction;
use crate::store::entity::{ingest_commits, ingest_runs, ingest_streams};
use crate::store::runs::row::columns;
use crate::store::text::json;
use crate::store::{Error, Store, bulk, number};

/// Whose posts a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Owner {
    pub(in crate::store) leader: LeaderId,
    pub(in crate::store) platform: Platform,
}

impl Store {
    pub(super) async fn commit(&self, page: PageCommit) -> Result<Committed, Error> {
        let tx = self.begin().await?;
        let (committed, new) = self.write(&tx, page).await?;
        self.number_arrivals(&tx, &new).await?;
        tx.commit().await?;
        Ok(committed)
    }

    /// Does everything but keep it, so that what it counts is what a commit would count.
    pub(super) async fn rehearse(&self, page: PageCommit) -> Result<RunCounters, Error> {
        let tx = self.begin().await?;
        let (rehearsed, _) = self.write(&tx, page).await?;
        tx.rollback().await?;
        Ok(rehearsed.counters)
    }

    /// Writes everything of a page but the numbers of its new posts, which are answered.
    async fn write(&self, tx: &Transaction, mut page: PageCommit) -> Result<(Committed, Vec<Uuid>), Error> {
        let held = number::len(&page.posts) + number::len(&page.rejected);
        if held != page.fetched {
            return Err(Error::Unbalanced { fetched: page.fetched, held });
        }
        let owner = pass_fence(tx, &page).await?;

        let posts = newest_of_each(std::mem::take(&mut page.posts));
        let written = upsert::posts(tx, self, owner, &posts).await?;
        let quarantined = quarantine::keep(tx, self, page.stream, &page.rejected).await?;
        let distinct = number::len(&posts);
        let counters = RunCounters {
            fetched: page.fetched,
            inserted: written.inserted(),
            updated: written.updated,
            unchanged: distinct - written.inserted() - written.updated,
            quarantined,
            duplicates: page.fetched - distinct - quarantined,
            pages: 1,
        };
        let version = page.version + 1;
        let entry = Entry { stream: page.stream.0, version, epoch: page.lease.epoch, cursor: json(&page.checkpoint) };
        let entry = entry.insert(Some(page.run), &counters, self.now());
        let cancel_requested = count_for_run(tx, page.run, &counters, entry).await?;
        Ok((Committed { version, counters, cancel_requested }, written.new))
    }
}

/// A line of the ledger: how a stream's checkpoint was changed, and by what right.
pub(in crate::store) struct Entry {
    pub(in crate::store) stream: Uuid,
    pub(in crate::store) version: i64,
    pub(in crate::store) epoch: i64,
    pub(in crate::store) cursor: Value,
}

impl Entry {
    /// The statement that enters it, with what came with the change.
    fn insert(self, run: Option<RunId>, counters: &RunCounters, now: Timestamp) -> InsertStatement {
        let entry = ingest_commits::ActiveModel {
            stream_id: Set(self.stream),
            cursor_version: Set(self.version),
            lease_epoch: Set(self.epoch),
            run_id: Set(run.map(|run| run.0)),
            cursor: Set(self.cursor),
            committed_at: Set(now.as_microsecond()),
            fetched: Set(number::write(counters.fetched)),
            inserted: Set(number::write(counters.inserted)),
            updated: Set(number::write(counters.updated)),
            unchanged: Set(number::write(counters.unchanged)),
            quarantined: Set(number::write(counters.quarantined)),
            duplicates: Set(number::write(counters.duplicates)),
        };
        ingest_commits::Entity::insert(entry).into_query()
    }

    /// Enters a change that came with no page.
    pub(in crate::store) async fn enter(self, tx: &Transaction, now: Timestamp) -> Result<(), Error> {
        tx.execute(&self.insert(None, &RunCounters::default(), now)).await?;
        Ok(())
    }
}

#[derive(FromQueryResult)]
struct RunRow {
    cancel_requested: bool,
    ended_at: Option<i64>,
}

/// Writes `entry` and adds to the counters of the run, whose row everybody who works for it needs: so this comes late. Says
/// whether the run is to end or over.
async fn count_for_run(
    tx: &Transaction,
    run: RunId,
    counters: &RunCounters,
    entry: InsertStatement,
) -> Result<bool, Error> {
    use ingest_runs::Column;
    let mut update = Query::update()
        .table(ingest_runs::Entity)
        .value(Column::Seq, Expr::col(Column::Seq).add(1))
        .and_where(Column::Id.eq(run.0))
        .returning(Query::returning().columns([Column::CancelRequested, Column::EndedAt]))
        .to_owned();
    for (column, count) in columns(counters) {
        update.value(column, Expr::col(column).add(count));
    }
    let row = bulk::query_one(tx, entry, update).await?.ok_or(Error::Conflict { what: "run" })?;
    let row = RunRow::from_query_result(&row, "")?;
    Ok(row.cancel_requested || row.ended_at.is_some())
}

#[derive(FromQueryResult)]
struct OwnerRow {
    platform: String,
}

/// Moves the checkpoint if nobody else did since the page was planned, and nobody else may by now.
async fn pass_fence(tx: &Transaction, page: &PageCommit) -> Result<Owner, Error> {
    use ingest_streams::Column;
    let advance = Query::update()
        .table(ingest_streams::Entity)
        .value(Column::Cursor, json(&page.checkpoint))
        .value(Column::CursorVersion, page.version + 1)
        .and_where(Expr::col(Column::Id).eq(page.stream.0))
        .and_where(Expr::col(Column::CursorVersion).eq(page.version))
        .and_where(Expr::col(Column::LeaderId).eq(page.lease.leader.0))
        .and_where(Expr::col(Column::LeaseOwner).eq(page.lease.worker.0))
        .and_where(Expr::col(Column::LeaseEpoch).eq(page.lease.epoch))
        .returning(Query::returning().column(Column::Platform))
        .to_owned();
    let Some(row) = tx.query_one(&advance).await? else {
        return Err(Error::Fenced { stream: page.stream });
    };
    let row = OwnerRow::from_query_result(&row, "")?;
    let platform = Platform::parse(&row.platform).ok_or(Error::Corrupt { what: "platform" })?;
    Ok(Owner { leader: page.lease.leader, platform })
}

/// One post per chain of edits, its newest version, in the order of the chains: rows are locked in one order everywhere.
fn newest_of_each(posts: Vec<ScoredPost>) -> Vec<ScoredPost> {
    let mut chains: BTreeMap<ExternalId, ScoredPost> = BTreeMap::new();
    for post in posts {
        let known = chains.get(&post.post.edit_root);
        if known.is_none_or(|known| known.post.id < post.post.id) {
            chains.insert(post.post.edit_root, post);
        }
    }
    chains.into_values().collect()
}
