//! Reads which posts are asked for: filters, and where the page starts.

use jiff::Timestamp;

use super::problem::Problem;
use crate::domain::{FeedFilter, Label, Violation};
use crate::usecase::FeedQuery;

/// The query of a list of posts, read.
pub(super) struct Asked {
    /// The filters.
    pub(super) query: FeedQuery,
    /// The number of the page, from 1.
    pub(super) page: u64,
    /// How many posts the page holds at most.
    pub(super) page_size: u32,
    /// Where the page starts.
    pub(super) cursor: Option<String>,
}

impl Asked {
    /// Reads the query as the old service did, but refuses what makes no sense.
    pub(super) fn read(query: Option<&str>, default_size: u32) -> Result<Self, Problem> {
        let mut asked = Self { query: FeedQuery::default(), page: 1, page_size: default_size, cursor: None };
        let mut violations = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            violations.extend(asked.take(&name, &value).err());
        }
        if violations.is_empty() { Ok(asked) } else { Err(Problem::invalid(&violations)) }
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Violation> {
        match name {
            "leaders" => self.query.leaders = listed(value),
            "leaderId" => self.query.leaders = vec![value.trim().to_owned()],
            "source" => self.query.platforms = listed(value),
            "language" => self.query.languages = listed(value),
            "sentiment" => self.query.sentiments = sentiments(name, value)?,
            "since" => self.query.since = instant(name, value)?,
            "until" => self.query.until = instant(name, value)?,
            "text" => value.clone_into(&mut self.query.text),
            "cursor" => self.cursor = cursor(value),
            // The old service went on from an instant.
            "before" => match value.parse() {
                Ok(instant) => self.query.until = Some(instant),
                Err(_) => self.cursor = cursor(value),
            },
            "page" => self.page = number(name, value)?.max(1).unsigned_abs(),
            "page_size" | "limit" => {
                let size = number(name, value)?.clamp(1, i64::from(FeedFilter::MAX_PAGE_SIZE));
                self.page_size = u32::try_from(size).unwrap_or(FeedFilter::DEFAULT_PAGE_SIZE);
            }
            _ => {}
        }
        Ok(())
    }
}

fn listed(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// An empty value is none at all.
fn cursor(value: &str) -> Option<String> {
    Some(value.to_owned()).filter(|cursor| !cursor.is_empty())
}

fn number(name: &str, value: &str) -> Result<i64, Violation> {
    value.trim().parse().map_err(|_| Violation::new(name, format!("{name} must be a whole number")))
}

/// An empty value is none at all.
fn instant(name: &str, value: &str) -> Result<Option<Timestamp>, Violation> {
    let rule = || format!("{name} must be an instant with its offset, as 2026-01-31T18:00:00Z (RFC 3339)");
    if value.is_empty() {
        return Ok(None);
    }
    value.parse().map(Some).map_err(|_| Violation::new(name, rule()))
}

fn sentiments(name: &str, value: &str) -> Result<Vec<Option<Label>>, Violation> {
    let read = |text: &String| match text.to_ascii_lowercase().as_str() {
        "positive" => Some(Some(Label::Positive)),
        "neutral" => Some(Some(Label::Neutral)),
        "negative" => Some(Some(Label::Negative)),
        "unscored" => Some(None),
        _ => None,
    };
    let labels: Option<Vec<_>> = listed(value).iter().map(read).collect();
    labels.ok_or_else(|| Violation::new(name, format!("{name} must list positive, neutral, negative or unscored")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Asked {
        Asked::read(Some(query), 20).unwrap_or_else(|_| panic!("a good query: {query}"))
    }

    #[test]
    fn numbers_are_bounded_and_nonsense_is_refused() {
        let asked = read("page=-3&page_size=1000&leaders=%20a%20,,b&source=X");
        assert_eq!((asked.page, asked.page_size), (1, 100));
        assert_eq!(asked.query.leaders, ["a", "b"]);
        for bad in [
            "page=abc",
            "page=",
            "page_size=1.5",
            "page=1000000000000000000000",
            "limit=abc",
            "since=yesterday",
            "until=2026-01-01",
            "sentiment=angry",
        ] {
            assert!(Asked::read(Some(bad), 20).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_filter_is_read() {
        let asked = read(
            "leaderId=a&source=x&language=en,hi&sentiment=Positive,unscored&since=2026-01-01T00:00:00Z&\
             until=2026-01-01T05:31:00%2B05:30&text=good%20news&cursor=abc",
        );
        assert_eq!(asked.query.leaders, ["a"]);
        assert_eq!(asked.query.languages, ["en", "hi"]);
        assert_eq!(asked.query.sentiments, [Some(Label::Positive), None]);
        let (since, until) = asked.query.since.zip(asked.query.until).expect("both are read");
        assert_eq!((until - since).get_seconds(), 60);
        assert_eq!((asked.query.text.as_str(), asked.cursor.as_deref()), ("good news", Some("abc")));
    }

    #[test]
    fn what_lies_before_is_told_by_an_instant_or_a_cursor() {
        let by_instant = read("before=2026-01-01T00:00:00Z");
        assert!(by_instant.query.until.is_some() && by_instant.cursor.is_none());
        assert_eq!(read("before=abc").cursor.as_deref(), Some("abc"));
    }
}
