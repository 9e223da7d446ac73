//! Many rows in one statement.

mod chain;

use std::fmt::Write;
use std::sync::Arc;

use sea_orm::sea_query::{
    Asterisk, CommonTableExpression, Expr, ExprTrait, Func, InsertStatement, IntoIden, PostgresQueryBuilder, Query,
    SelectStatement, SubQueryStatement, TableBuilder, WithClause, WithQuery,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ColumnType, ConnectionTrait, DbBackend, DbErr, EntityTrait, IdenStatic,
    IntoActiveModel, Iterable, QueryTrait, Value,
};

pub(super) use self::chain::Chain;
use super::bounded::Transaction;

/// The most rows of one statement: 31 columns each stay below SQLite's limit of 32,766 bound values.
pub(super) const ROWS: usize = 1_000;

/// Inserts `rows`, at most [`ROWS`] of them, with every column.
///
/// PostgreSQL gets one array for each column and makes rows of them: its statement reads the same however many rows there
/// are, so that it is planned once, and a value costs it little more than its bytes.
pub(super) fn insert<E>(backend: DbBackend, rows: Vec<E::Model>) -> InsertStatement
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    if backend != DbBackend::Postgres {
        return E::insert_many(rows.into_iter().map(IntoActiveModel::into_active_model)).into_query();
    }
    from::<E>(arrays::<E>(rows, &[]))
}

/// The statement of PostgreSQL that does so only if `condition` holds. All rows have the same in the columns `shared`, which is
/// sent once.
fn insert_if<E>(condition: Expr, rows: Vec<E::Model>, shared: &[E::Column]) -> InsertStatement
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    from::<E>(arrays::<E>(rows, shared).and_where(condition).take())
}

fn arrays<E>(rows: Vec<E::Model>, shared: &[E::Column]) -> SelectStatement
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    let mut rows: Vec<E::ActiveModel> = rows.into_iter().map(IntoActiveModel::into_active_model).collect();
    let mut read = Query::select();
    for column in E::Column::iter() {
        let definition = column.def();
        let kind = definition.get_column_type();
        let mut values = rows.iter_mut().map(|row| row.take(column));
        if shared.iter().any(|same| same.as_str() == column.as_str()) {
            let value = values.next().and_then(ActiveValue::into_value).expect("a row has every column");
            debug_assert!(values.all(|other| other.into_value().as_ref() == Some(&value)), "{}", column.as_str());
            read.expr(Expr::val(value).cast_as(name_of(kind)));
        } else {
            let kind = ColumnType::Array(Arc::new(kind.clone()));
            read.expr(Func::cust("unnest").arg(Expr::val(array(values)).cast_as(name_of(&kind))));
        }
    }
    read
}

fn from<E: EntityTrait>(rows: SelectStatement) -> InsertStatement {
    Query::insert()
        .into_table(E::default())
        .columns(E::Column::iter())
        .select_from(rows)
        .expect("both sides name the same columns")
        .take()
}

/// Executes all of them: as one statement where the database can, which spares round trips.
pub(super) async fn execute(tx: &Transaction, mut inserts: Vec<InsertStatement>) -> Result<(), DbErr> {
    if tx.get_database_backend() != DbBackend::Postgres {
        for insert in &inserts {
            tx.execute(insert).await?;
        }
        return Ok(());
    }
    let Some(last) = inserts.pop() else { return Ok(()) };
    if inserts.is_empty() {
        tx.execute(&last).await?;
    } else {
        tx.execute(&with(parts(inserts), last)).await?;
    }
    Ok(())
}

/// Statements that are part of another one.
pub(super) fn parts(inserts: impl IntoIterator<Item = InsertStatement>) -> WithClause {
    let mut parts = WithClause::new();
    for (number, insert) in inserts.into_iter().enumerate() {
        parts.cte(part(format!("part_{number}"), insert));
    }
    parts
}

/// A statement with its parts, which are moved: the methods of the builder that do so copy every value.
pub(super) fn with(parts: WithClause, statement: impl Into<SubQueryStatement>) -> WithQuery {
    let mut whole = WithQuery::new();
    whole.with_clause(parts).query(statement);
    whole
}

/// A statement that is part of another one, under a name.
pub(super) fn part(name: impl IntoIden, statement: impl Into<SubQueryStatement>) -> CommonTableExpression {
    let mut part = CommonTableExpression::new();
    part.table_name(name).query(statement);
    part
}

/// How many rows a part answers. To count them, PostgreSQL has to bring it to its end.
pub(super) fn rows_of(part: &'static str) -> Expr {
    let count = Query::select().expr(Func::count(Expr::col(Asterisk))).from(part).take();
    Expr::SubQuery(None, Box::new(count.into()))
}

/// How PostgreSQL names such values.
fn name_of(kind: &ColumnType) -> String {
    let mut name = String::new();
    PostgresQueryBuilder.prepare_column_type(kind, &mut name);
    name
}

/// Values in the text form of an array of PostgreSQL.
fn array(values: impl ExactSizeIterator<Item = ActiveValue<Value>>) -> String {
    let mut text = String::with_capacity(2 + 24 * values.len());
    text.push('{');
    for value in values {
        write_element(&mut text, value.into_value());
        text.push(',');
    }
    if text.len() > 1 {
        text.pop();
    }
    text.push('}');
    text
}

fn write_element(array: &mut String, value: Option<Value>) {
    const STRING: &str = "a string takes every text";
    match value {
        Some(Value::BigInt(Some(number))) => write!(array, "{number}").expect(STRING),
        Some(Value::Double(Some(number))) => write!(array, "{number}").expect(STRING),
        Some(Value::Bool(Some(flag))) => array.push(if flag { 't' } else { 'f' }),
        Some(Value::Uuid(Some(id))) => write!(array, "{id}").expect(STRING),
        Some(Value::Bytes(Some(bytes))) => {
            array.push_str("\"\\\\x");
            let mut digits = vec![0; 2 * bytes.len()];
            hex::encode_to_slice(bytes, &mut digits).expect("each byte has two digits");
            array.push_str(str::from_utf8(&digits).expect("digits are text"));
            array.push('"');
        }
        Some(Value::String(Some(text))) => write_quoted(array, &text),
        Some(Value::Json(Some(json))) => write_quoted(array, &json.to_string()),
        Some(value) if value == value.as_null() => array.push_str("NULL"),
        other => unreachable!("no table of ours has a column for {other:?}"),
    }
}

fn write_quoted(array: &mut String, text: &str) {
    array.push('"');
    // Most texts have neither, which is found out faster than where they are.
    if text.contains('"') || text.contains('\\') {
        write_escaped(array, text);
    } else {
        array.push_str(text);
    }
    array.push('"');
}

fn write_escaped(array: &mut String, text: &str) {
    for part in text.split_inclusive(['"', '\\']) {
        match part.strip_suffix(['"', '\\']) {
            Some(plain) => {
                array.push_str(plain);
                array.push('\\');
                array.push_str(&part[plain.len()..]);
            }
            None => array.push_str(part),
        }
    }
}
