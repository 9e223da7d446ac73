//! Counts, which the contract keeps signed, and page sizes.

use crate::usecase::Error;

/// A count; one beyond the range of the message becomes the greatest.
pub(super) fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A small count; one beyond the range of the message becomes the greatest.
pub(super) fn small<T: TryInto<i32>>(count: T) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}

/// Reads a page size; 0 asks for the default. What is above the limit is for the use case to cut.
pub(in crate::grpc) fn page_size(asked: i32, default: u32) -> Result<u32, Error> {
    match u32::try_from(asked) {
        Ok(0) => Ok(default),
        Ok(size) => Ok(size),
        Err(_) => Err(Error::field("page_size", "page_size must not be negative; 0 asks for the default")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_size_means_the_default_and_a_negative_one_is_refused() {
        assert_eq!(page_size(0, 20).unwrap(), 20);
        assert_eq!(page_size(7, 20).unwrap(), 7);
        assert!(matches!(page_size(-1, 20), Err(Error::Invalid(bad)) if bad[0].field == "page_size"));
    }

    #[test]
    fn a_count_never_turns_negative() {
        assert_eq!((count(7), count(u64::MAX)), (7, i64::MAX));
        assert_eq!((small(7_u32), small(u32::MAX), small(usize::MAX)), (7, i32::MAX, i32::MAX));
    }
}
