//! What a reader asks for, as text, and the filter that it means.

use jiff::Timestamp;

use crate::domain::{FeedFilter, Label, LanguageRange, LeaderId, Platform, Violation};
use crate::usecase::Error;

/// What a reader asks for.
#[derive(Debug, Clone, Default)]
pub struct FeedQuery {
    /// Ids of leaders; empty means all. An id that no leader has matches nothing.
    pub leaders: Vec<String>,
    /// Names of platforms; empty means all. An unknown name matches nothing.
    pub platforms: Vec<String>,
    /// Language ranges (RFC 4647); empty means all.
    pub languages: Vec<String>,
    /// Tones; None is a post without a score. Empty means all.
    pub sentiments: Vec<Option<Label>>,
    /// Only posts that were published then or later.
    pub since: Option<Timestamp>,
    /// Only posts that were published before.
    pub until: Option<Timestamp>,
    /// Only posts that contain this text; empty means all.
    pub text: String,
}

impl FeedQuery {
    /// The filter; None when nothing can match.
    pub(super) fn filter(&self) -> Result<Option<FeedFilter>, Error> {
        let mut violations = Vec::new();
        if self.leaders.len() > FeedFilter::MAX_LEADERS {
            let rule = format!("at most {} leaders can be asked for at once", FeedFilter::MAX_LEADERS);
            violations.push(Violation::new("leaders", rule));
        }
        let languages = self.ranges(&mut violations);
        if self.since.zip(self.until).is_some_and(|(since, until)| since >= until) {
            violations.push(Violation::new("until", "until must be later than since"));
        }
        if self.text.chars().count() > FeedFilter::MAX_TEXT || self.text.chars().any(char::is_control) {
            let rule = format!(
                "the text to look for has at most {} characters, none of them a control character",
                FeedFilter::MAX_TEXT
            );
            violations.push(Violation::new("text", rule));
        }
        if !violations.is_empty() {
            return Err(Error::Invalid(violations));
        }
        let mut leaders: Vec<LeaderId> = self.leaders.iter().filter_map(|text| text.parse().ok()).collect();
        let mut platforms: Vec<Platform> = self.platforms.iter().filter_map(|name| Platform::parse(name)).collect();
        let asks_for_nobody = leaders.is_empty() && !self.leaders.is_empty();
        let asks_for_nowhere = platforms.is_empty() && !self.platforms.is_empty();
        if asks_for_nobody || asks_for_nowhere {
            return Ok(None);
        }
        leaders.sort_unstable();
        leaders.dedup();
        platforms.sort_unstable();
        platforms.dedup();
        Ok(Some(FeedFilter {
            leaders,
            platforms,
            languages,
            sentiments: self.sentiments.clone(),
            since: self.since,
            until: self.until,
            text: Some(self.text.clone()).filter(|text| !text.is_empty()),
        }))
    }

    fn ranges(&self, violations: &mut Vec<Violation>) -> Vec<LanguageRange> {
        if self.languages.len() > FeedFilter::MAX_LANGUAGES {
            let rule = format!("at most {} languages can be asked for at once", FeedFilter::MAX_LANGUAGES);
            violations.push(Violation::new("languages", rule));
        }
        let ranges: Option<Vec<_>> = self.languages.iter().map(|text| LanguageRange::parse(text)).collect();
        if ranges.is_none() {
            violations.push(Violation::new("languages", "each must be a BCP 47 language range, as en or pt-BR"));
        }
        ranges.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_matches_nothing_rather_than_everything() {
        let query = |leaders: &[&str], platforms: &[&str]| FeedQuery {
            leaders: leaders.iter().map(ToString::to_string).collect(),
            platforms: platforms.iter().map(ToString::to_string).collect(),
            ..FeedQuery::default()
        };
        assert_eq!(query(&["nope"], &[]).filter().unwrap(), None);
        assert_eq!(query(&[], &["instagram"]).filter().unwrap(), None);
        assert_eq!(query(&[], &[]).filter().unwrap(), Some(FeedFilter::default()));
        let both = query(&[], &["x", "Twitter"]).filter().unwrap().unwrap();
        assert_eq!(both.platforms, [Platform::X]);
        assert!(matches!(query(&["a"; 101], &[]).filter(), Err(Error::Invalid(_))));
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let at = Timestamp::UNIX_EPOCH;
        let query = FeedQuery {
            leaders: vec![String::new(); 101],
            languages: vec!["e_n".into()],
            since: Some(at),
            until: Some(at),
            text: "a\u{0}".into(),
            ..FeedQuery::default()
        };
        let Err(Error::Invalid(violations)) = query.filter() else { panic!("it is refused") };
        let fields: Vec<_> = violations.iter().map(|bad| bad.field.as_str()).collect();
        assert_eq!(fields, ["leaders", "languages", "until", "text"]);
        let long = FeedQuery { text: "क".repeat(101), ..FeedQuery::default() };
        assert!(long.filter().is_err());
        assert!(FeedQuery { text: "क".repeat(100), ..FeedQuery::default() }.filter().is_ok());
    }
}
