//! Counts as the database keeps them: signed, 64 bits.

use super::Error;

/// A count for the database.
pub(super) fn write(count: u64) -> i64 {
    i64::try_from(count).expect("nothing here is counted beyond 2^63")
}

/// The length of a collection.
pub(super) fn len<'a, T: ?Sized>(collection: &'a T) -> u64
where
    &'a T: IntoIterator<IntoIter: ExactSizeIterator>,
{
    u64::try_from(collection.into_iter().len()).expect("what is in memory has fewer than 2^64 elements")
}

/// Reads a stored count.
pub(super) fn read(stored: i64) -> Result<u64, Error> {
    u64::try_from(stored).map_err(|_| Error::Corrupt { what: "count" })
}
