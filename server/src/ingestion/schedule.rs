//! When the next run is due.

use std::fmt;
use std::time::Duration;

use croner::Cron;
pub use croner::errors::CronError;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::resilience::furthest;
use crate::store::Tick;

/// The most missed cron times that are counted one by one.
const COUNTED: usize = 10_000;

/// A rhythm of runs.
#[derive(Debug, Clone)]
pub enum Schedule {
    /// So long after the tick before.
    Every(Duration),
    /// At the times of five cron fields, on the clocks of a time zone.
    Cron(Box<Cron>, TimeZone),
}

impl Schedule {
    /// The rhythm of the configuration; the cron fields win.
    ///
    /// # Errors
    /// When the cron fields are not valid.
    pub fn new(interval: Duration, cron: Option<&str>, zone: TimeZone) -> Result<Self, CronError> {
        let Some(fields) = cron else { return Ok(Self::Every(interval)) };
        Ok(Self::Cron(Box::new(fields.parse()?), zone))
    }

    /// The first tick after `now`.
    #[must_use]
    pub fn next_after(&self, now: Timestamp) -> Timestamp {
        match self {
            Self::Every(interval) => later(now, *interval, 1),
            Self::Cron(cron, zone) => {
                let found = cron.find_next_occurrence(&now.to_zoned(zone.clone()), false);
                found.map_or(Timestamp::MAX, |at| at.timestamp())
            }
        }
    }

    /// The first tick of a schedule that starts or changes at `now`: one that was missed since the tick `last` is due at
    /// once, however many there were. A tick of the future is that of a clock that was wrong.
    #[must_use]
    pub fn first(&self, now: Timestamp, last: Option<Timestamp>) -> Timestamp {
        let last = last.filter(|last| *last <= furthest(now, Duration::ZERO));
        last.map_or(now, |last| self.next_after(last).max(now))
    }

    /// Whether a tick can have been planned for `due`, as seen at `now`: later than the next one only by a wrong clock.
    #[must_use]
    pub fn may_be_due(&self, due: Timestamp, now: Timestamp) -> bool {
        due <= self.next_after(furthest(now, Duration::ZERO))
    }

    /// The tick to run now, when one was due at `due`: the newest that has passed. Those between are missed, and the
    /// next one lies in the future, so that an outage is never followed by a burst.
    #[must_use]
    pub fn tick(&self, due: Timestamp, now: Timestamp) -> Tick {
        match self {
            Self::Every(interval) => {
                let passed = now.duration_since(due).as_nanos().max(0) / interval.as_nanos().max(1).cast_signed();
                let missed = u64::try_from(passed).unwrap_or_default();
                let at = later(due, *interval, missed);
                Tick { due, at, missed, next: later(at, *interval, 1) }
            }
            Self::Cron(cron, zone) => {
                let times = cron.iter_after(due.to_zoned(zone.clone())).map(|at| at.timestamp());
                let (mut at, mut missed) = (due, 0);
                for time in times.take_while(|time| *time <= now).take(COUNTED) {
                    (at, missed) = (time, missed + 1);
                }
                Tick { due, at, missed, next: self.next_after(now) }
            }
        }
    }
}

impl fmt::Display for Schedule {
    /// As `interval[0:30:00]` or `cron[*/15 * * * *]`, with the time zone when it is not UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(interval) => {
                let seconds = interval.as_secs();
                write!(f, "interval[{}:{:02}:{:02}]", seconds / 3_600, seconds / 60 % 60, seconds % 60)
            }
            Self::Cron(cron, zone) => {
                write!(f, "cron[{}]", cron.pattern)?;
                match zone.iana_name() {
                    None | Some("UTC" | "Etc/UTC") => Ok(()),
                    Some(name) => write!(f, " {name}"),
                }
            }
        }
    }
}

fn later(from: Timestamp, step: Duration, times: u64) -> Timestamp {
    let steps = i32::try_from(times).unwrap_or(i32::MAX);
    let ahead = SignedDuration::try_from(step).ok().and_then(|step| step.checked_mul(steps));
    ahead.and_then(|ahead| from.checked_add(ahead).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn half_hours() -> Schedule {
        Schedule::new(Duration::from_mins(30), None, TimeZone::UTC).unwrap()
    }

    fn cron(fields: &str, zone: &str) -> Schedule {
        Schedule::new(Duration::from_mins(30), Some(fields), TimeZone::get(zone).unwrap()).unwrap()
    }

    #[test]
    fn a_tick_on_time_misses_none_and_the_next_follows_it() {
        let tick = half_hours().tick(at("2026-01-01T00:10:00Z"), at("2026-01-01T00:10:01Z"));
        assert_eq!((tick.at, tick.missed), (at("2026-01-01T00:10:00Z"), 0));
        assert_eq!(tick.next, at("2026-01-01T00:40:00Z"), "the delay of a second does not add up");
    }

    #[test]
    fn after_an_outage_the_newest_tick_runs_and_the_others_are_missed() {
        let now = at("2026-01-01T05:05:00Z");
        for schedule in [half_hours(), cron("*/30 * * * *", "UTC")] {
            let tick = schedule.tick(at("2026-01-01T03:30:00Z"), now);
            assert_eq!((tick.at, tick.missed), (at("2026-01-01T05:00:00Z"), 3), "{schedule}");
            assert_eq!(tick.next, at("2026-01-01T05:30:00Z"));
        }
    }

    #[test]
    fn a_cron_text_wins_and_counts_on_the_clocks_of_its_zone() {
        let schedule = cron("0 3 * * *", "Asia/Kolkata");
        assert_eq!(schedule.next_after(at("2026-01-01T00:00:00Z")), at("2026-01-01T21:30:00Z"));
        assert_eq!(schedule.to_string(), "cron[0 3 * * *] Asia/Kolkata");
        assert_eq!(cron("*/20 3 * * *", "UTC").to_string(), "cron[*/20 3 * * *]");
    }

    #[test]
    fn a_change_to_summer_time_neither_doubles_nor_drops_a_day() {
        let schedule = cron("30 2 * * *", "Europe/Berlin");
        let mut due = at("2026-03-27T12:00:00Z");
        let mut days = Vec::new();
        for _ in 0..4 {
            due = schedule.next_after(due);
            days.push(due.to_zoned(TimeZone::get("Europe/Berlin").unwrap()).day());
        }
        assert_eq!(days, [28, 29, 30, 31]);
    }

    #[test]
    fn missed_ticks_become_one_that_is_due_at_once() {
        let schedule = half_hours();
        let now = at("2026-01-02T00:00:00Z");
        assert_eq!(schedule.first(now, Some(at("2026-01-01T00:00:00Z"))), now);
        assert_eq!(schedule.first(now, Some(at("2026-01-01T23:50:00Z"))), at("2026-01-02T00:20:00Z"));
        assert_eq!(schedule.first(now, None), now);
        assert_eq!(schedule.first(now, Some(at("2027-01-01T00:00:00Z"))), now, "a clock was a year ahead");
    }

    #[test]
    fn no_tick_is_planned_beyond_the_next_one_but_by_a_wrong_clock() {
        let now = at("2026-01-02T00:00:00Z");
        for schedule in [half_hours(), cron("*/30 * * * *", "UTC")] {
            for (due, may_be) in
                [("2025-12-01T00:00:00Z", true), ("2026-01-02T00:30:00Z", true), ("2026-01-02T02:00:00Z", false)]
            {
                assert_eq!(schedule.may_be_due(at(due), now), may_be, "{schedule} {due}");
            }
        }
    }

    #[test]
    fn an_interval_is_shown_as_a_clock() {
        assert_eq!(half_hours().to_string(), "interval[0:30:00]");
    }
}
