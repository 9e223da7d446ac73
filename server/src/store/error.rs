//! Why the store could not do what it was asked for.

use std::path::PathBuf;

use super::StreamId;

/// What the database's driver said: for logs, never for callers.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why the store could not do what it was asked for. The texts never hold the driver's words nor the database's URL.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached or has no time; the same call can succeed later.
    #[error("the database is not available")]
    Unavailable {
        /// What the driver said.
        #[source]
        source: Cause,
    },
    /// Another worker moved the stream on; nothing was stored.
    #[error("the stream {stream} was moved on by another worker")]
    Fenced {
        /// Which stream.
        stream: StreamId,
    },
    /// The record clashes with another one, or one that it needs is missing.
    #[error("the {what} clashes with what is stored")]
    Conflict {
        /// What kind of record.
        what: &'static str,
    },
    /// A page does not hold as many records as were fetched; nothing was stored.
    #[error("the page holds {held} records, but {fetched} were fetched")]
    Unbalanced {
        /// Records that X returned.
        fetched: u64,
        /// Posts and rejected records in the page.
        held: u64,
    },
    /// A stored value cannot be understood.
    #[error("the stored {what} cannot be understood")]
    Corrupt {
        /// Which value.
        what: &'static str,
    },
    /// The URL of the database names no database that Amber knows.
    #[error("the database URL is not usable: {reason}")]
    BadUrl {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Another process has the SQLite file open.
    #[error("the database file {} is in use by another process", path.display())]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// The database refused a statement; a defect of Amber or of the schema.
    #[error("the database refused a statement")]
    Internal {
        /// What the driver said.
        #[source]
        source: Cause,
    },
}
