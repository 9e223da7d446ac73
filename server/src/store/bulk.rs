//! Many rows in one statement.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, InsertStatement, Query};
use sea_orm::{DbBackend, EntityTrait, IntoActiveModel, Iterable, QueryTrait};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// The most rows of one statement: 31 columns each stay below SQLite's limit of 32,766 bound values.
pub(super) const ROWS: usize = 1_000;

/// Inserts `rows`, at most [`ROWS`] of them.
///
/// PostgreSQL gets them as one JSON document, which it turns into rows by itself: its statement reads the same however
/// many rows there are, so that it is planned once, and it costs a third of one value for each column of each row. What
/// all rows share stands in a document of its own, so that it is read once.
pub(super) fn insert<E>(backend: DbBackend, rows: Vec<E::Model>) -> InsertStatement
where
    E: EntityTrait,
    E::Model: Serialize + IntoActiveModel<E::ActiveModel>,
{
    if backend != DbBackend::Postgres {
        return E::insert_many(rows.into_iter().map(IntoActiveModel::into_active_model)).into_query();
    }
    let (shared, rows) = split(&rows);
    let row_type = Expr::cust(format!("NULL::{}", E::default().table_name()));
    let document = |json: String| Expr::val(json).cast_as("json");
    let shared = Func::cust("json_populate_record").arg(row_type).arg(document(shared));
    let read = Func::cust("json_populate_recordset").arg(shared).arg(document(rows));
    let rows = Query::select().columns(E::Column::iter()).from_function(read, Alias::new("rows")).to_owned();
    Query::insert()
        .into_table(E::default())
        .columns(E::Column::iter())
        .select_from(rows)
        .expect("both sides name the same columns")
        .to_owned()
}

/// What all rows share, and what is left of each, as JSON. Every value is written once and not taken apart again.
fn split(rows: &[impl Serialize]) -> (String, String) {
    const JSON: &str = "a row is its columns, which are always JSON";
    let texts: Vec<_> = rows.iter().map(|row| serde_json::to_string(row).expect(JSON)).collect();
    let read = |text| serde_json::from_str::<BTreeMap<&str, &RawValue>>(text).expect(JSON);
    let mut rows: Vec<_> = texts.iter().map(|text| read(text)).collect();
    let mut shared = rows.first().cloned().unwrap_or_default();
    shared.retain(|column, value| rows.iter().all(|row| row[column].get() == value.get()));
    for row in &mut rows {
        row.retain(|column, _| !shared.contains_key(column));
    }
    (serde_json::to_string(&shared).expect(JSON), serde_json::to_string(&rows).expect(JSON))
}

/// Bytes as PostgreSQL reads them from a text.
pub(super) fn bytea<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("\\x{}", hex::encode(bytes)))
}
