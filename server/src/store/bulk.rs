//! Many rows in one statement.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, InsertStatement, Query};
use sea_orm::{DbBackend, EntityTrait, IntoActiveModel, Iterable, QueryTrait};
use serde::{Serialize, Serializer};

/// The most rows of one statement: 31 columns each stay below SQLite's limit of 32,766 bound values.
pub(super) const ROWS: usize = 1_000;

/// Inserts `rows`, at most [`ROWS`] of them.
///
/// PostgreSQL gets them as one JSON document, which it turns into rows by itself: its statement reads the same however
/// many rows there are, so that it is planned once, and it costs a third of one value for each column of each row.
pub(super) fn insert<E>(backend: DbBackend, rows: Vec<E::Model>) -> InsertStatement
where
    E: EntityTrait,
    E::Model: Serialize + IntoActiveModel<E::ActiveModel>,
{
    if backend != DbBackend::Postgres {
        return E::insert_many(rows.into_iter().map(IntoActiveModel::into_active_model)).into_query();
    }
    let rows = serde_json::to_string(&rows).expect("rows are names, numbers and texts, which are always JSON");
    let row_type = Expr::cust(format!("NULL::{}", E::default().table_name()));
    let read = Func::cust("json_populate_recordset").arg(row_type).arg(Expr::val(rows).cast_as("json"));
    let rows = Query::select().columns(E::Column::iter()).from_function(read, Alias::new("rows")).to_owned();
    Query::insert()
        .into_table(E::default())
        .columns(E::Column::iter())
        .select_from(rows)
        .expect("both sides name the same columns")
        .to_owned()
}

/// Bytes as PostgreSQL reads them from a text.
pub(super) fn bytea<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("\\x{}", hex::encode(bytes)))
}
