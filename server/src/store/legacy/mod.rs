//! The database of the Python service that Amber replaces. It is only ever read.
//!
//! Its tables have no types that could be trusted, and differ from version to version. So every value is asked for as a
//! text, by the same statements on SQLite and PostgreSQL, and the reader of the text decides what it is worth.

mod open;
mod row;
#[cfg(test)]
mod tests;

use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use secrecy::SecretString;

pub use row::Row;

/// A table of the old service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// The people whose posts were read.
    Leaders,
    /// Their posts.
    Posts,
    /// What reviewers were asked, and what they said.
    ReviewItems,
}

impl Table {
    /// Every table, each after those that it refers to.
    pub const ALL: [Self; 3] = [Self::Leaders, Self::Posts, Self::ReviewItems];

    /// Its name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Leaders => "leaders",
            Self::Posts => "posts",
            Self::ReviewItems => "review_items",
        }
    }

    /// Its columns besides `id`; those of later versions may be missing.
    fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Leaders => &["name", "handles", "tracking_topics", "created_at"],
            Self::Posts => &[
                "leader_id",
                "platform",
                "content",
                "timestamp",
                "sentiment",
                "metrics",
                "verification_status",
                "created_at",
                "platform_post_id",
            ],
            Self::ReviewItems => &["post_id", "state", "notes", "reviewer", "reviewed_at", "updated_at"],
        }
    }
}

/// Why the old database cannot be read. The texts never hold the driver's words nor the database's URL.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was named is neither a file nor a database that Amber knows.
    #[error("the old database is named by the path of its SQLite file or by a URL: {reason}")]
    BadPlace {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is no such file.
    #[error("there is no file {}", path.display())]
    NoFile {
        /// The file.
        path: std::path::PathBuf,
    },
    /// It does not have what every version of the old service had.
    #[error("the old database has no table {table} with a column id; is it the one of the Python service?")]
    NoTable {
        /// Which table.
        table: &'static str,
    },
    /// The database cannot be reached, or refused a statement.
    #[error("the old database cannot be read")]
    Unreadable {
        /// What the driver said.
        #[source]
        source: super::Cause,
    },
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::Unreadable { source: error.into() }
    }
}

/// The old database.
#[derive(Debug, Clone)]
pub struct Legacy {
    db: DatabaseConnection,
    /// The columns that each table has, by [`Table`]; none where there is no such table.
    columns: [Vec<&'static str>; 3],
}

impl Legacy {
    /// Opens a database, by the path of an SQLite file or by a URL, for nothing but reading.
    ///
    /// # Errors
    /// When it cannot be opened, or has no tables of leaders and posts.
    pub async fn open(place: &SecretString) -> Result<Self, Error> {
        let db = open::connect(place).await?;
        let mut columns = [const { Vec::new() }; 3];
        for table in Table::ALL {
            columns[table as usize] = open::columns(&db, table).await?;
        }
        let legacy = Self { db, columns };
        match [Table::Leaders, Table::Posts].into_iter().find(|table| !legacy.has(*table)) {
            Some(table) => Err(Error::NoTable { table: table.name() }),
            None => Ok(legacy),
        }
    }

    /// Whether it has this table; the oldest versions had no review.
    #[must_use]
    pub fn has(&self, table: Table) -> bool {
        self.columns[table as usize].contains(&"id")
    }

    /// How many rows a table has now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count(&self, table: Table) -> Result<u64, Error> {
        if !self.has(table) {
            return Ok(0);
        }
        let count = Query::select().expr_as(Func::count(Expr::col("id")), "n").from(table.name()).to_owned();
        let row = self.db.query_one(&count).await?;
        let n: i64 = row.map(|row| row.try_get("", "n")).transpose()?.unwrap_or_default();
        Ok(u64::try_from(n).unwrap_or_default())
    }

    /// At most `limit` rows behind the one with the id `after`, by id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn page(&self, table: Table, after: Option<&str>, limit: u32) -> Result<Vec<Row>, Error> {
        if !self.has(table) {
            return Ok(Vec::new());
        }
        let mut page = self.select(table);
        page.and_where_option(after.map(|after| Expr::col("id").gt(after)));
        page.order_by("id", sea_orm::Order::Asc).limit(u64::from(limit));
        self.rows(table, &page).await
    }

    /// Those of the rows with these ids that there are, in any order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, table: Table, ids: &[&str]) -> Result<Vec<Row>, Error> {
        if ids.is_empty() || !self.has(table) {
            return Ok(Vec::new());
        }
        let mut found = self.select(table);
        found.and_where(Expr::col("id").is_in(ids.iter().copied()));
        self.rows(table, &found).await
    }

    /// Closes the connection.
    ///
    /// # Errors
    /// When that fails.
    pub async fn close(self) -> Result<(), Error> {
        Ok(self.db.close().await?)
    }

    fn select(&self, table: Table) -> SelectStatement {
        let mut select = Query::select().from(table.name()).to_owned();
        for column in &self.columns[table as usize] {
            select.expr_as(Expr::col(*column).cast_as("text"), *column);
        }
        select
    }

    async fn rows(&self, table: Table, select: &SelectStatement) -> Result<Vec<Row>, Error> {
        let columns = &self.columns[table as usize];
        let rows = self.db.query_all(select).await?;
        Ok(rows.iter().map(|row| Row::read(row, columns)).collect::<Result<_, _>>()?)
    }
}
