//! The ledger of stored pages, which tells how each checkpoint came to be what it is.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait};
use uuid::Uuid;

use super::entity::ingest_commits::{Column, Entity};
use super::purge::{Old, PORTION};
use super::{Error, Store};

/// Keeps the ledger.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Forgets lines of runs that were asked for before then, a portion at a time, and says how many; the posts stay.
    ///
    /// # Errors
    /// When the database fails.
    async fn purge_ledger(&self, before: Timestamp) -> Result<u64, Error>;
}

#[async_trait]
impl Ledger for Store {
    async fn purge_ledger(&self, before: Timestamp) -> Result<u64, Error> {
        // The ids of runs begin with their time, and there is an index of them.
        let millis = u128::try_from(before.as_millisecond()).unwrap_or_default();
        let rule = Expr::col(Column::RunId).lt(Uuid::from_u128(millis << 80));
        let key = &[Column::StreamId, Column::CursorVersion];
        Old::<Entity> { key, by: Column::RunId, rule }.forget(&self.db, PORTION).await
    }
}
