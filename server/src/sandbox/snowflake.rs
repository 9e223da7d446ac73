//! Ids as X makes them: a post's id carries its time, a user's id is an opaque number.

use std::fmt;

use jiff::Timestamp;

/// Where X's snowflakes begin, in milliseconds since 1970.
const EPOCH_MS: i64 = 1_288_834_974_657;
/// Bits below the time: machine and sequence.
const LOW_BITS: u32 = 22;
const LOW_MASK: i64 = (1 << LOW_BITS) - 1;
/// Bits of the sequence, below the machine.
const SEQUENCE_BITS: u32 = 12;
const SEQUENCE_MASK: i64 = (1 << SEQUENCE_BITS) - 1;

/// The id of a post: a decimal number below 2^63 whose upper bits are the time of posting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostId(pub(super) i64);

impl PostId {
    /// Greater than all that there are.
    pub(super) const MAX: Self = Self(i64::MAX);

    /// The smallest id of the millisecond `ms` (since 1970).
    pub(super) fn first_of(ms: i64) -> Self {
        Self((ms - EPOCH_MS).max(0) << LOW_BITS)
    }

    /// The largest id of the millisecond `ms` (since 1970).
    pub(super) fn last_of(ms: i64) -> Self {
        Self(Self::first_of(ms).0 | LOW_MASK)
    }

    /// The id in `ms` that belongs to the machine `number`.
    pub(super) fn made_by(number: i64, ms: i64) -> Self {
        Self(Self::first_of(ms).0 | ((number << SEQUENCE_BITS) & LOW_MASK))
    }

    /// The machine that made the id.
    pub(super) fn machine(self) -> i64 {
        (self.0 & LOW_MASK) >> SEQUENCE_BITS
    }

    /// The largest id of the same machine and millisecond.
    pub(super) fn last_of_machine(self) -> Self {
        Self(self.0 | SEQUENCE_MASK)
    }

    pub(super) fn successor(self) -> Self {
        Self(self.0 + 1)
    }

    /// Milliseconds since 1970 at which the post was made: `(id >> 22) + 1288834974657`.
    pub(super) fn ms(self) -> i64 {
        (self.0 >> LOW_BITS) + EPOCH_MS
    }

    /// When the post was made, to the millisecond.
    ///
    /// # Panics
    /// Never for ids that the sandbox made.
    #[must_use]
    pub fn posted_at(self) -> Timestamp {
        Timestamp::from_millisecond(self.ms()).expect("41 bits of milliseconds after 2010 are a representable time")
    }

    /// `created_at` as X writes it: cut to whole seconds, with three zero digits behind the point.
    pub(super) fn created_at(self) -> String {
        written(self.ms())
    }
}

impl fmt::Display for PostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The numeric id of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UserId(pub(super) i64);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number as X's `^[0-9]{1,19}$` allows it, below 2^63.
pub(super) fn number(text: &str) -> Option<i64> {
    let digits = (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// A time as X writes it, cut to whole seconds.
pub(super) fn written(ms: i64) -> String {
    let at = Timestamp::from_second(ms.div_euclid(1000)).expect("the sandbox's clock is a representable time");
    let text = at.to_string();
    format!("{}.000Z", text.trim_end_matches('Z'))
}
