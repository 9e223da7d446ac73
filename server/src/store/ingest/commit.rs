//! A page and the checkpoint that covers it, in one transaction.
//!
//! The order is fixed: first the fence, which also locks the stream, so that a worker that was overtaken writes nothing
//! and two workers never meet on the same rows in opposite order.

mod at_once;

use std::collections::BTreeMap;

use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query, UpdateStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend};
use serde_json::Value;
use uuid::Uuid;

use super::upsert::{self, Known};
use super::{Committed, PageCommit, quarantine};
use crate::domain::{ExternalId, LeaderId, Platform, RunCounters, RunId, ScoredPost};
use crate::store::arrivals::NewArrivals;
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
    pub(super) async fn commit(&self, page: &PageCommit) -> Result<Committed, Error> {
        let posts = newest_of_each(page)?;
        if let Some(committed) = self.commit_at_once(page, &posts).await? {
            return Ok(committed);
        }
        let tx = self.begin().await?;
        let committed = self.write(&tx, page, &posts).await?;
        tx.commit().await?;
        Ok(committed)
    }

    /// Does everything but keep it, so that what it counts is what a commit would count.
    pub(super) async fn rehearse(&self, page: &PageCommit) -> Result<RunCounters, Error> {
        let posts = newest_of_each(page)?;
        let tx = self.begin().await?;
        let rehearsed = self.write(&tx, page, &posts).await?;
        tx.rollback().await?;
        Ok(rehearsed.counters)
    }

    async fn write(&self, tx: &Transaction, page: &PageCommit, posts: &[&ScoredPost]) -> Result<Committed, Error> {
        let owner = owner(page);
        let known = Known::behind(tx, pass_fence(page), owner, posts).await?;
        let known = known.ok_or(Error::Fenced { stream: page.stream })?;
        let written = upsert::changes(tx, self, owner, posts, &known).await?;
        let quarantined = quarantine::keep(tx, self, page.stream, &page.rejected).await?;
        let distinct = number::len(posts);
        let counters = RunCounters {
            fetched: page.fetched,
            inserted: written.inserted(),
            updated: written.updated,
            unchanged: distinct - written.inserted() - written.updated,
            quarantined,
            duplicates: page.fetched - distinct - quarantined,
            pages: 1,
        };
        let entry = entry(page).row(Some(page.run), &counters, self.now());
        let arrivals = NewArrivals { posts: &written.new, at: self.now() };
        let cancel_requested = finish(tx, page.run, &counters, entry, &arrivals).await?;
        Ok(Committed { version: page.version + 1, counters, cancel_requested })
    }
}

fn owner(page: &PageCommit) -> Owner {
    Owner { leader: page.lease.leader, platform: page.platform }
}

fn entry(page: &PageCommit) -> Entry {
    let cursor = json(&page.checkpoint);
    Entry { stream: page.stream.0, version: page.version + 1, epoch: page.lease.epoch, cursor }
}

/// A line of the ledger: how a stream's checkpoint was changed, and by what right.
pub(in crate::store) struct Entry {
    pub(in crate::store) stream: Uuid,
    pub(in crate::store) version: i64,
    pub(in crate::store) epoch: i64,
    pub(in crate::store) cursor: Value,
}

impl Entry {
    /// Its row, with what came with the change.
    fn row(self, run: Option<RunId>, counters: &RunCounters, now: Timestamp) -> ingest_commits::Model {
        ingest_commits::Model {
            stream_id: self.stream,
            cursor_version: self.version,
            lease_epoch: self.epoch,
            run_id: run.map(|run| run.0),
            cursor: self.cursor,
            committed_at: now.as_microsecond(),
            fetched: number::write(counters.fetched),
            inserted: number::write(counters.inserted),
            updated: number::write(counters.updated),
            unchanged: number::write(counters.unchanged),
            quarantined: number::write(counters.quarantined),
            duplicates: number::write(counters.duplicates),
        }
    }

    /// Enters a change that came with no page.
    pub(in crate::store) async fn enter(self, tx: &Transaction, now: Timestamp) -> Result<(), Error> {
        let row = self.row(None, &RunCounters::default(), now);
        tx.execute(&bulk::insert::<ingest_commits::Entity>(tx.get_database_backend(), vec![row])).await?;
        Ok(())
    }
}

/// Writes `entry`, adds to the counters of the run and numbers new posts. Everybody who works for the run needs its row, and who
/// stores posts the clock of arrivals: so this comes last. Says whether the run is to end or over.
async fn finish(
    tx: &Transaction,
    run: RunId,
    counters: &RunCounters,
    entry: ingest_commits::Model,
    arrivals: &NewArrivals<'_>,
) -> Result<bool, Error> {
    let backend = tx.get_database_backend();
    let entry = bulk::insert::<ingest_commits::Entity>(backend, vec![entry]);
    let (mut update, is_over) = (add_to_run(run, counters), is_over());
    let missing = Error::Conflict { what: "run" };
    if backend == DbBackend::Postgres {
        let mut with = bulk::parts([entry]);
        let numbered = arrivals.join(&mut with, None);
        update.returning(Query::returning().exprs([is_over, numbered]));
        let row = tx.query_one(&bulk::with(with, update)).await?.ok_or(missing)?;
        arrivals.check(row.try_get_by_index(1)?)?;
        return Ok(row.try_get_by_index(0)?);
    }
    tx.execute(&entry).await?;
    update.returning(Query::returning().expr(is_over));
    let row = tx.query_one(&update).await?.ok_or(missing)?;
    arrivals.number(tx).await?;
    Ok(row.try_get_by_index(0)?)
}

fn add_to_run(run: RunId, counters: &RunCounters) -> UpdateStatement {
    use ingest_runs::Column;
    let mut update = Query::update()
        .table(ingest_runs::Entity)
        .value(Column::Seq, Expr::col(Column::Seq).add(1))
        .and_where(Column::Id.eq(run.0))
        .to_owned();
    for (column, count) in columns(counters) {
        update.value(column, Expr::col(column).add(count));
    }
    update
}

/// Whether the run is to end or over.
fn is_over() -> Expr {
    use ingest_runs::Column;
    Expr::col(Column::CancelRequested).or(Expr::col(Column::EndedAt).is_not_null())
}

/// Moves the checkpoint if nobody else did since the page was planned, and nobody else may by now; returns the stream then.
fn pass_fence(page: &PageCommit) -> UpdateStatement {
    use ingest_streams::Column;
    Query::update()
        .table(ingest_streams::Entity)
        .value(Column::Cursor, json(&page.checkpoint))
        .value(Column::CursorVersion, page.version + 1)
        .and_where(Expr::col(Column::Id).eq(page.stream.0))
        .and_where(Expr::col(Column::CursorVersion).eq(page.version))
        .and_where(Expr::col(Column::LeaderId).eq(page.lease.leader.0))
        .and_where(Expr::col(Column::Platform).eq(page.platform.as_str()))
        .and_where(Expr::col(Column::LeaseOwner).eq(page.lease.worker.0))
        .and_where(Expr::col(Column::LeaseEpoch).eq(page.lease.epoch))
        .returning(Query::returning().column(Column::Id))
        .to_owned()
}

/// One post per chain of edits, its newest version, in the order of the chains: rows are locked in one order everywhere.
fn newest_of_each(page: &PageCommit) -> Result<Vec<&ScoredPost>, Error> {
    let held = number::len(&page.posts) + number::len(&page.rejected);
    if held != page.fetched {
        return Err(Error::Unbalanced { fetched: page.fetched, held });
    }
    let mut chains: BTreeMap<ExternalId, &ScoredPost> = BTreeMap::new();
    for post in &page.posts {
        let known = chains.get(&post.post.edit_root);
        if known.is_none_or(|known| known.post.id < post.post.id) {
            chains.insert(post.post.edit_root, post);
        }
    }
    Ok(chains.into_values().collect())
}
