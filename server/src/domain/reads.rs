//! How much is read from X, which bills each post and each account, and the calendar by which it is counted.

use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// What X returned, and bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reads {
    /// Posts, those in `includes` too.
    pub posts: u64,
    /// Accounts, those in `includes` too.
    pub users: u64,
}

impl Reads {
    /// Nothing was read.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Adds what was read elsewhere.
    pub fn add(&mut self, other: Self) {
        self.posts = self.posts.saturating_add(other.posts);
        self.users = self.users.saturating_add(other.users);
    }
}

/// What was read so far, against what may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Since the last midnight, UTC.
    pub today: Reads,
    /// Since the first of the month, UTC.
    pub month: Reads,
    /// The posts that may be read in a month; None is no bound.
    pub budget: Option<u64>,
}

impl Usage {
    /// The posts that may still be read this month; None is no bound.
    #[must_use]
    pub fn left(&self) -> Option<u64> {
        self.budget.map(|budget| budget.saturating_sub(self.month.posts))
    }
}

/// A calendar month in UTC, by which X bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    first: Date,
}

impl Month {
    /// The month of an instant.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        Self { first: at.to_zoned(TimeZone::UTC).date().first_of_month() }
    }

    /// Its days, counted from 1970-01-01.
    #[must_use]
    pub fn days(self) -> Range<i64> {
        day_of(midnight(self.first))..day_of(self.end())
    }

    /// When the next month begins.
    #[must_use]
    pub fn end(self) -> Timestamp {
        midnight(self.first.saturating_add(1.month()))
    }
}

/// The UTC day of an instant, counted from 1970-01-01.
#[must_use]
pub fn day_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86_400)
}

fn midnight(date: Date) -> Timestamp {
    date.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_ends_where_the_next_begins() {
        for (now, end, days) in [
            ("2024-02-29T23:59:59.999Z", "2024-03-01T00:00:00Z", 29),
            ("2026-12-31T12:00:00Z", "2027-01-01T00:00:00Z", 31),
            ("2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z", 30),
        ] {
            let month = Month::of(at(now));
            assert_eq!(month.end(), at(end));
            assert_eq!(month.days().end - month.days().start, days);
            assert!(month.days().contains(&day_of(at(now))) && !month.days().contains(&day_of(at(end))));
        }
    }

    #[test]
    fn what_is_left_is_never_below_zero() {
        let month = Reads { posts: 12, users: 900 };
        assert_eq!(Usage { month, budget: Some(20), ..Usage::default() }.left(), Some(8));
        assert_eq!(Usage { month, budget: Some(10), ..Usage::default() }.left(), Some(0));
        assert_eq!(Usage { month, ..Usage::default() }.left(), None);
    }
}
