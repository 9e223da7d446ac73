//! Opens the old database so that nothing can be written to it.

use std::path::PathBuf;
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait, Func, Query};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend};
use secrecy::{ExposeSecret, SecretString};

use super::{Error, Table};

/// How long is waited for the server, and for the old service when it is just writing.
const PATIENCE: Duration = Duration::from_secs(10);

/// PostgreSQL itself refuses every change in such a session.
const READ_ONLY: [(&str, &str); 1] = [("default_transaction_read_only", "on")];

pub(super) async fn connect(place: &SecretString) -> Result<DatabaseConnection, Error> {
    let place = place.expose_secret();
    let options = match place.split_once("://") {
        // SQLAlchemy names its driver after a plus sign.
        Some((scheme, rest)) => match scheme.split('+').next().unwrap_or(scheme) {
            "postgres" | "postgresql" => {
                let mut options = options(&format!("postgres://{rest}"));
                options.map_sqlx_postgres_opts(|postgres| postgres.options(READ_ONLY));
                options
            }
            "sqlite" => file(path_of(rest.split('?').next().unwrap_or(rest)))?,
            _ => return Err(Error::BadPlace { reason: "its scheme is neither sqlite nor postgres" }),
        },
        None if place.is_empty() => return Err(Error::BadPlace { reason: "it is empty" }),
        None => file(PathBuf::from(place))?,
    };
    Ok(Database::connect(options).await?)
}

/// `SQLAlchemy` writes three slashes before a relative path and four before an absolute one, others one less.
fn path_of(rest: &str) -> PathBuf {
    let as_written = PathBuf::from(rest);
    rest.strip_prefix('/').map(PathBuf::from).filter(|path| path.is_file()).unwrap_or(as_written)
}

fn options(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).connect_timeout(PATIENCE).acquire_timeout(PATIENCE).sqlx_logging(false);
    options
}

fn file(path: PathBuf) -> Result<ConnectOptions, Error> {
    if !path.is_file() {
        return Err(Error::NoFile { path });
    }
    let mut options = options("sqlite://");
    options.map_sqlx_sqlite_opts(move |sqlite| sqlite.filename(&path).read_only(true).busy_timeout(PATIENCE));
    Ok(options)
}

/// The columns that a table has, of those that Amber knows; none when there is no such table.
///
/// A statement that names a missing column would not do: SQLite takes its name for a text.
pub(super) async fn columns(db: &DatabaseConnection, table: Table) -> Result<Vec<&'static str>, Error> {
    let mut known = Query::select();
    match db.get_database_backend() {
        DbBackend::Postgres => known
            .expr_as(Expr::col("column_name").cast_as("text"), "name")
            .from(("information_schema", "columns"))
            .and_where(Expr::col("table_name").eq(table.name()))
            .and_where(Expr::col("table_schema").eq(Expr::cust("current_schema()"))),
        _ => known.column("name").from_function(Func::cust("pragma_table_info").arg(table.name()), "columns"),
    };
    let rows = db.query_all(&known).await?;
    let names: Vec<String> = rows.iter().map(|row| row.try_get("", "name")).collect::<Result<_, _>>()?;
    let all = ["id"].iter().chain(table.columns());
    Ok(all.copied().filter(|column| names.iter().any(|name| name == column)).collect())
}
