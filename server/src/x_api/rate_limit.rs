//! What the headers of an answer tell about limits and times.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::resilience::{Window, WindowKind};

/// How much of a limit is left. What X does not tell is None, which does not mean used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateLimit {
    /// Calls per window.
    pub limit: Option<u64>,
    /// Calls that are left in this window.
    pub remaining: Option<u64>,
    /// When the next window begins, by the clock of X.
    pub reset: Option<Timestamp>,
}

/// The windows of X: the short one, and two of a day that only some plans have.
const WINDOWS: [(WindowKind, &str); 3] = [
    (WindowKind::Short, "x-rate-limit"),
    (WindowKind::AppDay, "x-app-limit-24hour"),
    (WindowKind::UserDay, "x-user-limit-24hour"),
];

/// The headers about limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Limits {
    windows: [(WindowKind, RateLimit); 3],
    now: Timestamp,
    /// The time of X when it answered, else ours.
    date: Timestamp,
    retry_after: Option<Duration>,
}

impl Limits {
    /// Reads the headers of an answer that came at `now`, which stands in for a missing `Date`.
    pub(super) fn read(headers: &HeaderMap, now: Timestamp) -> Self {
        let date = header(headers, DATE.as_str()).and_then(http_date).unwrap_or(now);
        let retry_after = header(headers, RETRY_AFTER.as_str()).and_then(|text| match text.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => until(http_date(text)?, date),
        });
        let windows = WINDOWS.map(|(kind, name)| (kind, read_window(headers, name)));
        Self { windows, now, date, retry_after }
    }

    /// The limit that matters most of the time: that of the short window.
    pub(super) fn short_window(&self) -> RateLimit {
        self.windows[0].1
    }

    /// The wait that X asked for in so many words.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The windows that are told whole and not over, by the own clock: what is missing is not used up.
    pub(super) fn windows(&self) -> Vec<(WindowKind, Window)> {
        let told = self.windows.iter().filter_map(|(kind, told)| {
            let (remaining, reset) = (told.remaining?, told.reset?);
            let left = until(reset, self.date)?.min(kind.longest());
            let over_at = self.now.checked_add(left).ok()?;
            Some((*kind, Window { limit: told.limit, remaining, reset, over_at }))
        });
        told.collect()
    }

    /// How long to rest after a refusal: what X asks for, else until the used-up windows are over, else until the
    /// window that is known is over (X also refuses with calls left). None when no header tells.
    pub(super) fn rest(&self) -> Option<Duration> {
        let used_up = || self.latest_reset(|window| window.remaining == Some(0));
        self.retry_after.or_else(used_up).or_else(|| self.latest_reset(|_| true))
    }

    /// The longest rest that can be right: a day when a window of a day is used up.
    pub(super) fn longest_rest(&self) -> Duration {
        let used_up = self.windows.iter().filter(|(_, window)| window.remaining == Some(0)).map(|(kind, _)| *kind);
        used_up.chain([WindowKind::Short]).map(WindowKind::longest).max().unwrap_or_default()
    }

    fn latest_reset(&self, matters: impl Fn(&RateLimit) -> bool) -> Option<Duration> {
        let told = self.windows.iter().map(|(_, window)| window);
        until(told.filter(|window| matters(window)).filter_map(|window| window.reset).max()?, self.date)
    }
}

fn read_window(headers: &HeaderMap, window: &str) -> RateLimit {
    let number = |part: &str| header(headers, &format!("{window}-{part}"))?.parse::<u64>().ok();
    let reset = number("reset").and_then(|seconds| Timestamp::from_second(i64::try_from(seconds).ok()?).ok());
    RateLimit { limit: number("limit"), remaining: number("remaining"), reset }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// Reads an HTTP date; X also writes `UTC` where the standard wants `GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix("UTC").map_or_else(|| text.to_owned(), |front| format!("{front}GMT"));
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// The time from `date` to `at`; None when `at` is over.
fn until(at: Timestamp, date: Timestamp) -> Option<Duration> {
    Duration::try_from(at.duration_since(date)).ok().filter(|wait| !wait.is_zero())
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Limits {
        let name = |name: &str| HeaderName::try_from(name).unwrap();
        let headers = pairs.iter().map(|(key, value)| (name(key), HeaderValue::from_str(value).unwrap())).collect();
        Limits::read(&headers, "2022-10-07T22:00:00Z".parse().unwrap())
    }

    #[test]
    fn both_spellings_of_the_date_are_read() {
        for zone in ["GMT", "UTC"] {
            let date = http_date(&format!("Fri, 07 Oct 2022 22:43:18 {zone}")).unwrap();
            assert_eq!(date.to_string(), "2022-10-07T22:43:18Z");
        }
    }

    #[test]
    fn the_rest_is_counted_from_the_date_of_the_answer() {
        let date = ("date", "Fri, 07 Oct 2022 22:43:18 UTC");
        let limits = read(&[date, ("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "1665183228")]);
        assert_eq!(limits.rest(), Some(Duration::from_secs(630)));
        let over_at: Timestamp = "2022-10-07T22:10:30Z".parse().unwrap();
        assert_eq!(limits.windows()[0].1.over_at, over_at, "by the own clock, not by that of X");
        let over = read(&[date, ("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "1665182000")]);
        assert_eq!((over.rest(), over.windows()), (None, Vec::new()));
    }

    #[test]
    fn the_latest_of_the_used_up_windows_counts() {
        let limits = read(&[
            ("x-rate-limit-remaining", "0"),
            ("x-rate-limit-reset", "1665180060"),
            ("x-app-limit-24hour-remaining", "0"),
            ("x-app-limit-24hour-reset", "1665180600"),
            ("x-user-limit-24hour-remaining", "5"),
            ("x-user-limit-24hour-reset", "1665190000"),
        ]);
        assert_eq!((limits.rest(), limits.longest_rest()), (Some(Duration::from_mins(10)), Duration::from_hours(24)));
        assert_eq!(limits.windows().iter().map(|(_, told)| told.remaining).collect::<Vec<_>>(), [0, 0, 5]);
    }

    #[test]
    fn a_window_is_over_after_its_length_at_the_latest() {
        let short = read(&[("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "1999999999")]);
        assert_eq!(short.windows()[0].1.over_at.to_string(), "2022-10-07T22:15:00Z");
        assert_eq!(short.longest_rest(), Duration::from_mins(15));
        let day = read(&[("x-app-limit-24hour-remaining", "0"), ("x-app-limit-24hour-reset", "1999999999")]);
        assert_eq!(day.windows()[0].1.over_at.to_string(), "2022-10-08T22:00:00Z");
    }

    #[test]
    fn a_limit_that_is_not_told_is_not_used_up() {
        assert_eq!(read(&[]).windows(), []);
        assert_eq!(read(&[("x-rate-limit-remaining", "0")]).windows(), [], "it cannot be told of which window");
        assert_eq!(read(&[]).short_window(), RateLimit::default());
        let left = read(&[("x-rate-limit-remaining", "14"), ("x-rate-limit-reset", "1665180060")]);
        assert_eq!((left.windows()[0].1.remaining, left.rest()), (14, Some(Duration::from_mins(1))));
    }

    #[test]
    fn retry_after_goes_first_in_seconds_or_as_a_date() {
        let reset = ("x-rate-limit-reset", "1665180060");
        assert_eq!(read(&[("retry-after", "7"), reset]).rest(), Some(Duration::from_secs(7)));
        let dated = read(&[("retry-after", "Fri, 07 Oct 2022 22:00:30 GMT"), reset]);
        assert_eq!(dated.rest(), Some(Duration::from_secs(30)));
    }
}
