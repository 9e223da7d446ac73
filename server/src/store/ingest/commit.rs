//! A page and the checkpoint that covers it, in one transaction.
//!
//! The order is fixed: first the fence, which also locks the stream, so that a worker that was overtaken writes nothing
//! and two workers never meet on the same rows in opposite order.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, InsertStatement, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryTrait, Set};
use serde_json::Value;
use uuid::Uuid;

use super::upsert::{self, Known, Race};
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
        match self.commit_with(page, Race::Fails).await {
            // Perhaps somebody else has stored one of its posts meanwhile.
            Err(Error::Conflict { .. }) => self.commit_with(page, Race::Joins).await,
            done => done,
        }
    }

    async fn commit_with(&self, page: &PageCommit, race: Race) -> Result<Committed, Error> {
        let tx = self.begin().await?;
        let committed = self.write(&tx, page, race).await?;
        tx.commit().await?;
        Ok(committed)
    }

    /// Does everything but keep it, so that what it counts is what a commit would count.
    pub(super) async fn rehearse(&self, page: &PageCommit) -> Result<RunCounters, Error> {
        let tx = self.begin().await?;
        let rehearsed = self.write(&tx, page, Race::Joins).await?;
        tx.rollback().await?;
        Ok(rehearsed.counters)
    }

    async fn write(&self, tx: &Transaction, page: &PageCommit, race: Race) -> Result<Committed, Error> {
        let held = number::len(&page.posts) + number::len(&page.rejected);
        if held != page.fetched {
            return Err(Error::Unbalanced { fetched: page.fetched, held });
        }
        let posts = newest_of_each(&page.posts);
        let (owner, known) = pass_fence(tx, page, &posts).await?;
        let written = upsert::changes(tx, self, owner, &posts, &known, race).await?;
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
        let arrivals = NewArrivals { posts: &written.new, at: self.now() };
        let cancel_requested = finish(tx, page.run, &counters, entry, &arrivals).await?;
        Ok(Committed { version, counters, cancel_requested })
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

/// Writes `entry`, adds to the counters of the run and numbers new posts. Everybody who works for the run needs its row, and who
/// stores posts the clock of arrivals: so this comes last. Says whether the run is to end or over.
async fn finish(
    tx: &Transaction,
    run: RunId,
    counters: &RunCounters,
    entry: InsertStatement,
    arrivals: &NewArrivals<'_>,
) -> Result<bool, Error> {
    use ingest_runs::Column;
    let mut update = Query::update()
        .table(ingest_runs::Entity)
        .value(Column::Seq, Expr::col(Column::Seq).add(1))
        .and_where(Column::Id.eq(run.0))
        .to_owned();
    for (column, count) in columns(counters) {
        update.value(column, Expr::col(column).add(count));
    }
    let is_over = Expr::col(Column::CancelRequested).or(Expr::col(Column::EndedAt).is_not_null());
    let missing = Error::Conflict { what: "run" };
    if tx.get_database_backend() == DbBackend::Postgres {
        let mut with = bulk::parts([entry]);
        let numbered = arrivals.join(&mut with);
        update.returning(Query::returning().exprs([is_over, numbered]));
        let row = tx.query_one(&update.with(with)).await?.ok_or(missing)?;
        arrivals.check(row.try_get_by_index(1)?)?;
        return Ok(row.try_get_by_index(0)?);
    }
    tx.execute(&entry).await?;
    update.returning(Query::returning().expr(is_over));
    let row = tx.query_one(&update).await?.ok_or(missing)?;
    arrivals.number(tx).await?;
    Ok(row.try_get_by_index(0)?)
}

/// Moves the checkpoint if nobody else did since the page was planned, and nobody else may by now; tells which of its posts are
/// stored already.
async fn pass_fence(tx: &Transaction, page: &PageCommit, posts: &[&ScoredPost]) -> Result<(Owner, Known), Error> {
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
    let passed = Known::of_stream(tx, advance, page.lease.leader, posts).await?;
    passed.ok_or(Error::Fenced { stream: page.stream })
}

/// One post per chain of edits, its newest version, in the order of the chains: rows are locked in one order everywhere.
fn newest_of_each(posts: &[ScoredPost]) -> Vec<&ScoredPost> {
    let mut chains: BTreeMap<ExternalId, &ScoredPost> = BTreeMap::new();
    for post in posts {
        let known = chains.get(&post.post.edit_root);
        if known.is_none_or(|known| known.post.id < post.post.id) {
            chains.insert(post.post.edit_root, post);
        }
    }
    chains.into_values().collect()
}
