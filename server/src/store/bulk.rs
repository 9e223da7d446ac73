//! Many rows in one statement.

use std::fmt::{self, Formatter};

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, InsertStatement, Query};
use sea_orm::{DbBackend, EntityTrait, IntoActiveModel, Iterable, QueryTrait};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
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
    let rows: Vec<_> = texts.iter().map(|text| serde_json::from_str::<Fields>(text).expect(JSON).0).collect();
    let first = rows.first().map_or(&[][..], Vec::as_slice);
    let is_shared = |n: usize| rows.iter().all(|row| row[n].1.get() == first[n].1.get());
    let (shared, own): (Vec<_>, Vec<_>) = (0..first.len()).partition(|n| is_shared(*n));
    let mut left = String::with_capacity(texts.iter().map(String::len).sum());
    for row in &rows {
        left.push(if left.is_empty() { '[' } else { ',' });
        write_object(&mut left, row, &own);
    }
    left.push_str(if left.is_empty() { "[]" } else { "]" });
    let mut base = String::new();
    write_object(&mut base, first, &shared);
    (base, left)
}

/// The fields of a row in their order, which is the same in all of them, with their values as they are written.
struct Fields<'a>(Vec<(&'a str, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, form: &mut Formatter<'_>) -> fmt::Result {
                form.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::with_capacity(32);
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Writes some of the fields as an object. Names of columns need no escapes.
fn write_object(json: &mut String, fields: &[(&str, &RawValue)], chosen: &[usize]) {
    json.push('{');
    for (at, (name, value)) in chosen.iter().map(|n| &fields[*n]).enumerate() {
        for part in [if at == 0 { "\"" } else { ",\"" }, name, "\":", value.get()] {
            json.push_str(part);
        }
    }
    json.push('}');
}

/// Bytes as PostgreSQL reads them from a text.
pub(super) fn bytea<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("\\x{}", hex::encode(bytes)))
}
