//! Forgets what is old, in portions: however much has gathered, no statement takes longer than it may.

use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, EntityTrait};

use super::Error;

/// The most rows that go at once. They are forgotten every minute, so this is far more than what comes.
pub(super) const PORTION: u64 = 100_000;

/// Deletes rows that `old` is true for and that `key` names, and says how many.
pub(super) async fn forget<E: EntityTrait>(
    db: &impl ConnectionTrait,
    key: &[E::Column],
    old: Expr,
) -> Result<u64, Error> {
    let columns = || key.iter().copied();
    let some = Query::select().columns(columns()).from(E::default()).and_where(old).limit(PORTION).to_owned();
    let named = Expr::tuple(columns().map(Expr::col)).in_subquery(some);
    let delete = Query::delete().from_table(E::default()).and_where(named).to_owned();
    Ok(db.execute(&delete).await?.rows_affected())
}
