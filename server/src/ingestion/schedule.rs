//! When the next run is due.

use std::time::Duration;

use croner::Cron;
pub use croner::errors::CronError;
use jiff::{Timestamp, tz::TimeZone};

/// A rhythm of runs, in UTC.
#[derive(Debug, Clone)]
pub enum Schedule {
    /// So long after the last one.
    Every(Duration),
    /// At the times of five cron fields.
    Cron(Box<Cron>),
}

impl Schedule {
    /// The rhythm of the configuration; the cron fields win.
    ///
    /// # Errors
    /// When the cron fields are not valid.
    pub fn new(interval: Duration, cron: Option<&str>) -> Result<Self, CronError> {
        let Some(fields) = cron else { return Ok(Self::Every(interval)) };
        Ok(Self::Cron(Box::new(fields.parse()?)))
    }

    /// The first due time after `now`. However many were missed before, there is one next.
    #[must_use]
    pub fn next_after(&self, now: Timestamp) -> Timestamp {
        match self {
            Self::Every(interval) => now + *interval,
            Self::Cron(cron) => {
                let found = cron.find_next_occurrence(&now.to_zoned(TimeZone::UTC), false);
                found.map_or(Timestamp::MAX, |at| at.timestamp())
            }
        }
    }

    /// The due time of a process that starts at `now`, given the start of the last scheduled run: a missed tick is
    /// caught up at once, and only once.
    #[must_use]
    pub fn first_after_start(&self, now: Timestamp, last: Option<Timestamp>) -> Timestamp {
        last.map_or(now, |last| self.next_after(last).max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_interval_counts_from_the_last_run() {
        let schedule = Schedule::new(Duration::from_mins(30), None).unwrap();
        assert_eq!(schedule.next_after(at("2026-01-01T00:10:00Z")), at("2026-01-01T00:40:00Z"));
    }

    #[test]
    fn a_cron_text_wins_and_counts_in_utc() {
        let schedule = Schedule::new(Duration::from_mins(30), Some("*/20 3 * * *")).unwrap();
        assert_eq!(schedule.next_after(at("2026-01-01T03:20:00Z")), at("2026-01-01T03:40:00Z"));
        assert_eq!(schedule.next_after(at("2026-01-01T03:40:00Z")), at("2026-01-02T03:00:00Z"));
    }

    #[test]
    fn missed_ticks_become_one_that_is_due_at_once() {
        let schedule = Schedule::new(Duration::from_mins(30), None).unwrap();
        let now = at("2026-01-02T00:00:00Z");
        assert_eq!(schedule.first_after_start(now, Some(at("2026-01-01T00:00:00Z"))), now);
        assert_eq!(schedule.first_after_start(now, Some(at("2026-01-01T23:50:00Z"))), at("2026-01-02T00:20:00Z"));
        assert_eq!(schedule.first_after_start(now, None), now);
    }
}
