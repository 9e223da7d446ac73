//! Times as the database keeps them: microseconds since 1970 UTC.

use std::time::Duration;

use jiff::Timestamp;
use sea_orm::DbBackend;
use sea_orm::sea_query::Expr;
use uuid::Uuid;

use super::Error;

/// Microseconds of a UTC day.
pub(super) const DAY: i64 = 86_400_000_000;

/// Reads a stored time.
pub(super) fn read(micros: i64) -> Result<Timestamp, Error> {
    Timestamp::from_microsecond(micros).map_err(|_| Error::Corrupt { what: "time" })
}

/// Reads a stored time that may be absent.
pub(super) fn read_opt(micros: Option<i64>) -> Result<Option<Timestamp>, Error> {
    micros.map(read).transpose()
}

/// The least of the ids that begin with a time (version 7, RFC 9562) and were made then or later.
pub(super) fn first_id(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.as_millisecond()).unwrap_or_default();
    Uuid::from_u128(millis << 80)
}

/// The present by the clock of the database, which all replicas share.
pub(super) fn of_database(backend: DbBackend) -> Expr {
    Expr::cust(match backend {
        DbBackend::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS bigint)",
        _ => "CAST(unixepoch('subsec') * 1000000 AS integer)",
    })
}

/// A stretch of time.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 2)
}
