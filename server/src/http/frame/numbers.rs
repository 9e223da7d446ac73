//! How numbers and dates are written in the two languages.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::Locale;

impl Locale {
    /// A count with its digits grouped: by thousands in English, by lakhs in Hindi.
    pub(super) fn count(self, number: u64) -> String {
        let digits = number.to_string();
        let (head, tail) = digits.split_at(digits.len().saturating_sub(3));
        let size = match self {
            Self::En => 3,
            Self::Hi => 2,
        };
        let groups: Vec<&[u8]> = head.as_bytes().rchunks(size).rev().chain([tail.as_bytes()]).collect();
        let text = groups.iter().map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join(",");
        self.digits(&text)
    }

    /// Shares in whole per cent that add up to 100, by largest remainders; dashes when there is nothing to share.
    pub(super) fn shares<const N: usize>(self, parts: [u64; N]) -> [String; N] {
        let whole: u64 = parts.iter().sum();
        if whole == 0 {
            return parts.map(|_| "–".to_owned());
        }
        let mut percents = parts.map(|part| part * 100 / whole);
        let missing = usize::try_from(100 - percents.iter().sum::<u64>()).unwrap_or_default();
        let mut order: [usize; N] = std::array::from_fn(|index| index);
        order.sort_by_key(|index| std::cmp::Reverse(parts[*index] * 100 % whole));
        order.iter().take(missing).for_each(|index| percents[*index] += 1);
        percents.map(|percent| self.digits(&format!("{percent}%")))
    }

    /// A score with its sign and two decimals; a dash when there is none.
    pub(super) fn score(self, score: Option<f64>) -> String {
        let Some(score) = score else { return "–".to_owned() };
        let sign = match score {
            s if s >= 0.005 => "+",
            s if s <= -0.005 => "−",
            _ => "",
        };
        self.digits(&format!("{sign}{:.2}", score.abs()))
    }

    /// A day without its year.
    pub(super) fn day(self, date: Date) -> String {
        format!("{} {}", self.digits(&date.day().to_string()), self.month(date.month()))
    }

    /// A period of days, with the year of its end.
    pub(super) fn period(self, first: Date, last: Date) -> String {
        let year = self.digits(&last.year().to_string());
        format!("{} – {} {year}", self.day(first), self.day(last))
    }

    /// The UTC day of an instant, without its year.
    pub(super) fn day_of(self, instant: Timestamp) -> String {
        self.day(instant.to_zoned(TimeZone::UTC).date())
    }

    /// A day and a time in UTC.
    pub(super) fn instant(self, instant: Timestamp) -> String {
        let utc = instant.to_zoned(TimeZone::UTC);
        let time = self.digits(&format!("{:02}:{:02}", utc.hour(), utc.minute()));
        format!("{}, {time} UTC", self.day(utc.date()))
    }

    /// The text with the digits of the language.
    fn digits(self, text: &str) -> String {
        match self {
            Self::En => text.to_owned(),
            Self::Hi => text.chars().map(devanagari).collect(),
        }
    }
}

fn devanagari(c: char) -> char {
    c.to_digit(10).and_then(|digit| char::from_u32(0x0966 + digit)).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_as_each_language_does() {
        for (number, en, hi) in [
            (0, "0", "०"),
            (999, "999", "९९९"),
            (1_000, "1,000", "१,०००"),
            (1_234_567, "1,234,567", "१२,३४,५६७"),
            (100_000, "100,000", "१,००,०००"),
        ] {
            assert_eq!((Locale::En.count(number), Locale::Hi.count(number)), (en.to_owned(), hi.to_owned()));
        }
    }

    #[test]
    fn shares_add_up_to_a_hundred() {
        assert_eq!(Locale::En.shares([118, 98, 68]), ["42%", "34%", "24%"]);
        assert_eq!(Locale::En.shares([1, 1, 1]), ["34%", "33%", "33%"]);
        assert_eq!(Locale::En.shares([0, 7, 0]), ["0%", "100%", "0%"]);
        assert_eq!(Locale::En.shares([0, 0, 0]), ["–", "–", "–"]);
        assert_eq!(Locale::Hi.shares([2, 1]), ["६७%", "३३%"]);
    }

    #[test]
    fn a_score_carries_its_sign_unless_it_rounds_to_zero() {
        assert_eq!(Locale::En.score(Some(0.125)), "+0.12");
        assert_eq!(Locale::En.score(Some(-0.3)), "−0.30");
        assert_eq!(Locale::En.score(Some(-0.001)), "0.00");
        assert_eq!(Locale::Hi.score(Some(-0.3)), "−०.३०");
        assert_eq!(Locale::En.score(None), "–");
    }

    #[test]
    fn dates_use_the_names_and_digits_of_the_language() {
        let (first, last) = (Date::constant(2026, 10, 28), Date::constant(2026, 11, 9));
        assert_eq!(Locale::En.period(first, last), "28 Oct – 9 Nov 2026");
        assert_eq!(Locale::Hi.period(first, last), "२८ अक्तू॰ – ९ नव॰ २०२६");
        let instant: Timestamp = "2026-11-09T06:05:59Z".parse().unwrap();
        assert_eq!(Locale::En.instant(instant), "9 Nov, 06:05 UTC");
    }
}
