//! Why the store could not do what it was asked for.

use std::path::PathBuf;
use std::sync::Arc;

use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

use super::StreamId;
use crate::domain::LeaderId;

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
    /// Another worker reads the leader by now; nothing was changed.
    #[error("the lease for the leader {leader} is lost")]
    LeaseLost {
        /// Which leader.
        leader: LeaderId,
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

impl Error {
    /// The failure of a call that several callers waited for.
    #[must_use]
    pub fn shared(error: Arc<Self>) -> Self {
        match *error {
            Self::Unavailable { .. } => Self::Unavailable { source: error.into() },
            Self::Corrupt { what } => Self::Corrupt { what },
            _ => Self::Internal { source: error.into() },
        }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if error.sql_err().is_some_and(|kind| {
            matches!(kind, SqlErr::UniqueConstraintViolation(_) | SqlErr::ForeignKeyConstraintViolation(_))
        }) {
            return Self::Conflict { what: "record" };
        }
        match &error {
            DbErr::Conn(RuntimeErr::SqlxError(cause)) if matches!(**cause, sqlx::Error::Configuration(_)) => {
                Self::BadUrl { reason: "the driver cannot read it" }
            }
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unavailable { source: error.into() },
            DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
                if is_outage(cause) {
                    return Self::Unavailable { source: error.into() };
                }
                if matches!(**cause, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) {
                    return Self::Corrupt { what: "row" };
                }
                Self::Internal { source: error.into() }
            }
            DbErr::TryIntoErr { .. } | DbErr::Type(_) | DbErr::Json(_) => Self::Corrupt { what: "row" },
            _ => Self::Internal { source: error.into() },
        }
    }
}

fn is_outage(cause: &sqlx::Error) -> bool {
    match cause {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(said) => said.code().is_some_and(|code| is_outage_code(&code)),
        _ => false,
    }
}

/// Whether a code of the database means that the same statement can succeed later.
///
/// Five letters are an SQLSTATE of PostgreSQL (appendix A of its manual), other codes are SQLite's result codes, whose
/// low byte is the primary one.
fn is_outage_code(code: &str) -> bool {
    if code.len() == 5 {
        let class = &code[..2];
        // Connection, transaction rollback (deadlock), resources, operator intervention (shutdown, timeout), I/O;
        // a lock that was not to be had; a session that was ended for being idle inside a transaction.
        return matches!(class, "08" | "40" | "53" | "57" | "58") || matches!(code, "55P03" | "25P03");
    }
    // BUSY, LOCKED, IOERR, FULL, CANTOPEN.
    code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drivers_words_stay_inside() {
        let said = RuntimeErr::Internal("password=hunter2 host=10.0.0.1".to_owned());
        for error in [DbErr::Conn(said.clone()), DbErr::Query(said.clone()), DbErr::Custom("hunter2".to_owned())] {
            let text = Error::from(error).to_string();
            assert!(!text.contains("hunter2") && !text.contains("10.0.0.1"), "{text}");
        }
    }

    #[test]
    fn only_what_passes_by_itself_is_an_outage() {
        for code in ["08006", "57P01", "57014", "53300", "40P01", "55P03", "25P03", "5", "517", "6", "13", "14"] {
            assert!(is_outage_code(code), "{code}");
        }
        for code in ["42601", "42P01", "23514", "22P05", "21000", "1", "19", "275", "2067", "11"] {
            assert!(!is_outage_code(code), "{code}");
        }
    }

    #[test]
    fn a_pool_without_a_free_connection_is_an_outage() {
        let error = DbErr::Query(RuntimeErr::SqlxError(std::sync::Arc::new(sqlx::Error::PoolTimedOut)));
        assert!(matches!(Error::from(error), Error::Unavailable { .. }));
    }
}
