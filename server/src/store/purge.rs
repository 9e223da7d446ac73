//! Forgets what is old, in portions: however much has gathered, no statement takes longer than it may.

use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, EntityTrait};

use super::Error;

/// The most rows that go at once. They are forgotten every minute, so this is far more than what comes.
pub(super) const PORTION: u64 = 100_000;

/// The most rows at once of a table whose rows are wide or have others that depend on them: each costs more.
pub(super) const SMALL_PORTION: u64 = 5_000;

/// The rows of a table that are old.
pub(super) struct Old<'a, E: EntityTrait> {
    /// What names a row.
    pub(super) key: &'a [E::Column],
    /// In whose order they go, so that what is left has no hole; the table has an index of it.
    pub(super) by: E::Column,
    /// What is true for them.
    pub(super) rule: Expr,
}

impl<E: EntityTrait> Old<'_, E> {
    /// The keys of the oldest ones.
    pub(super) fn first(&self, most: u64) -> SelectStatement {
        Query::select()
            .columns(self.key.iter().copied())
            .from(E::default())
            .and_where(self.rule.clone())
            .order_by(self.by, Order::Asc)
            .limit(most)
            .to_owned()
    }

    /// Deletes the oldest ones and says how many.
    pub(super) async fn forget(self, db: &impl ConnectionTrait, most: u64) -> Result<u64, Error> {
        let named = Expr::tuple(self.key.iter().copied().map(Expr::col)).in_subquery(self.first(most));
        let delete = Query::delete().from_table(E::default()).and_where(named).to_owned();
        Ok(db.execute(&delete).await?.rows_affected())
    }
}
