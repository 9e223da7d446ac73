//! A row of an old table, as texts.

use std::collections::BTreeMap;

use sea_orm::{DbErr, QueryResult};

/// A row of an old table: what is NULL or not there is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its key.
    pub id: String,
    /// The columns whose bytes are no text.
    pub unreadable: Vec<&'static str>,
    values: BTreeMap<&'static str, String>,
}

impl Row {
    pub(super) fn read(row: &QueryResult, columns: &[&'static str]) -> Result<Self, DbErr> {
        let mut read = Self { id: row.try_get("", "id")?, unreadable: Vec::new(), values: BTreeMap::new() };
        for column in columns {
            match row.try_get::<Option<String>>("", column) {
                Ok(Some(text)) => drop(read.values.insert(column, text)),
                Ok(None) => {}
                Err(_) => read.unreadable.push(column),
            }
        }
        Ok(read)
    }

    /// A row of these values.
    #[must_use]
    pub fn new<'a>(id: &str, values: impl IntoIterator<Item = (&'static str, &'a str)>) -> Self {
        let values = values.into_iter().map(|(column, text)| (column, text.to_owned())).collect();
        Self { id: id.to_owned(), unreadable: Vec::new(), values }
    }

    /// What a column holds.
    #[must_use]
    pub fn text(&self, column: &str) -> Option<&str> {
        self.values.get(column).map(String::as_str)
    }
}
