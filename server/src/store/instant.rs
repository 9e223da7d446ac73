//! Times as the database keeps them: microseconds since 1970 UTC.

use jiff::Timestamp;

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
