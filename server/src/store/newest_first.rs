//! Lists that show the newest first, page by page.

use sea_orm::ColumnTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Value};

/// What stands behind a place of such a list: what is older, and of one instant what has a lesser id. `order` are the columns
/// of time and id.
pub(super) fn behind<C: ColumnTrait>(order: [C; 2], at: i64, id: impl Into<Value>) -> Expr {
    Expr::tuple(order.map(Expr::col)).lt(Expr::tuple([Expr::value(at), Expr::value(id)]))
}
