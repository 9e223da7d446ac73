//! The ledger of stored pages, which tells how each checkpoint came to be what it is.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::ColumnTrait;
use sea_orm::sea_query::ExprTrait;

use super::entity::ingest_commits::{Column, Entity};
use super::purge::{Old, PORTION};
use super::{Error, Store, instant};

/// Keeps the ledger.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Forgets lines of runs that were asked for before then, and lines without a run that were written before then, a
    /// portion of each at a time; says how many. The posts stay.
    ///
    /// # Errors
    /// When the database fails.
    async fn purge_ledger(&self, before: Timestamp) -> Result<u64, Error>;
}

#[async_trait]
impl Ledger for Store {
    async fn purge_ledger(&self, before: Timestamp) -> Result<u64, Error> {
        let key = &[Column::StreamId, Column::CursorVersion];
        let of_runs = Old::<Entity> { key, by: Column::RunId, rule: Column::RunId.lt(instant::first_id(before)) };
        // A checkpoint that somebody changed by hand.
        let is_old = Column::RunId.is_null().and(Column::CommittedAt.lt(before.as_microsecond()));
        let of_nobody = Old::<Entity> { key, by: Column::CommittedAt, rule: is_old };
        Ok(of_runs.forget(&self.db, PORTION).await? + of_nobody.forget(&self.db, PORTION).await?)
    }
}
