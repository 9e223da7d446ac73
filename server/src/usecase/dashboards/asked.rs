//! A dashboard as somebody asks for it, and the rules it must keep to.

use std::collections::HashSet;
use std::hash::Hash;

use crate::domain::{DashboardSpec, LeaderId, Locale, Platform, Section, Theme, Violation};
use crate::usecase::Error;

/// A dashboard as somebody asks for it. What is empty is left to the defaults.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AskedDashboard {
    /// The id; one is made for a new dashboard without one.
    pub id: String,
    /// The heading. Required.
    pub title: String,
    /// The ids of the leaders.
    pub leader_ids: Vec<String>,
    /// The names of the platforms.
    pub platforms: Vec<String>,
    /// The language of the page.
    pub locale: String,
    /// The look of the page.
    pub theme: String,
    /// The names of the sections.
    pub sections: Vec<String>,
    /// The etag of the dashboard that is to be changed; empty changes it whatever it has become.
    pub etag: String,
}

impl AskedDashboard {
    /// The longest title, in characters.
    const MAX_TITLE: usize = 120;
    /// The most leaders.
    const MAX_LEADERS: usize = 100;

    /// What is asked for, or every mistake.
    pub(super) fn spec(&self) -> Result<DashboardSpec, Error> {
        let mut bad = Vec::new();
        let defaults = DashboardSpec::default();
        let title = self.title.trim();
        if title.is_empty() {
            bad.push(Violation::new("title", "title is required"));
        } else if title.chars().count() > Self::MAX_TITLE || title.chars().any(char::is_control) {
            let rule = "title must have at most 120 characters, none of them a control character";
            bad.push(Violation::new("title", rule));
        }
        if self.leader_ids.len() > Self::MAX_LEADERS {
            let rule = "leaderIds must name at most 100 leaders; leave it out for all of them";
            bad.push(Violation::new("leaderIds", rule));
        }
        let rule = "leaderIds must be ids of leaders, each once";
        let leaders = list(&self.leader_ids, |text| text.parse().ok(), ("leaderIds", rule), &mut bad);
        let rule = "platforms must be x, facebook or news, each once";
        let platforms = list(&self.platforms, Platform::parse, ("platforms", rule), &mut bad);
        let rule = "sections must be totals, posts_per_day, sentiment, languages, topics, leaders or posts, each once";
        let sections = list(&self.sections, Section::parse, ("sections", rule), &mut bad);
        let locale = one(&self.locale, Locale::parse, ("locale", "locale must be en or hi"), &mut bad);
        let theme = one(&self.theme, Theme::parse, ("theme", "theme must be auto, light or dark"), &mut bad);
        if !bad.is_empty() {
            return Err(Error::Invalid(bad));
        }
        Ok(DashboardSpec {
            title: title.to_owned(),
            leaders,
            platforms,
            locale: locale.unwrap_or(defaults.locale),
            theme: theme.unwrap_or(defaults.theme),
            sections: if sections.is_empty() { defaults.sections } else { sections },
        })
    }

    /// The version that the etag names; None when any will do.
    pub(super) fn version(&self) -> Result<Option<u64>, Error> {
        if self.etag.is_empty() {
            return Ok(None);
        }
        let rule = "etag must be taken unchanged from the last answer, or left out";
        self.etag.parse().map(Some).map_err(|_| Error::field("etag", rule))
    }
}

/// The leaders of `asked` that `known` does not have.
pub(super) fn added<'a>(asked: &'a [LeaderId], known: &'a [LeaderId]) -> Vec<LeaderId> {
    asked.iter().filter(|leader| !known.contains(leader)).copied().collect()
}

fn one<T>(
    text: &str,
    parse: impl Fn(&str) -> Option<T>,
    (field, rule): (&str, &str),
    bad: &mut Vec<Violation>,
) -> Option<T> {
    let text = Some(text).filter(|text| !text.is_empty())?;
    let parsed = parse(text);
    if parsed.is_none() {
        bad.push(Violation::new(field, rule));
    }
    parsed
}

fn list<T: Eq + Hash + Copy>(
    texts: &[String],
    parse: impl Fn(&str) -> Option<T>,
    (field, rule): (&str, &str),
    bad: &mut Vec<Violation>,
) -> Vec<T> {
    let mut seen = HashSet::new();
    let parsed: Option<Vec<T>> = texts.iter().map(|text| parse(text).filter(|value| seen.insert(*value))).collect();
    if parsed.is_none() {
        bad.push(Violation::new(field, rule));
    }
    parsed.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> AskedDashboard {
        AskedDashboard { title: " Ministers ".to_owned(), ..AskedDashboard::default() }
    }

    #[test]
    fn what_is_left_out_is_the_default() {
        let spec = asked().spec().unwrap();
        assert_eq!(spec, DashboardSpec { title: "Ministers".to_owned(), ..DashboardSpec::default() });
        assert!(!spec.sections.contains(&Section::Posts));
    }

    #[test]
    fn sections_keep_the_order_in_which_they_are_asked_for() {
        let sections = ["posts", "totals"].map(str::to_owned).to_vec();
        assert_eq!(AskedDashboard { sections, ..asked() }.spec().unwrap().sections, [Section::Posts, Section::Totals]);
    }

    #[test]
    fn every_mistake_is_named() {
        let twice = |text: &str| vec![text.to_owned(), text.to_owned()];
        let wrong = AskedDashboard {
            title: "x".repeat(121),
            leader_ids: vec!["nobody".to_owned()],
            platforms: twice("x"),
            locale: "de".to_owned(),
            theme: "pink".to_owned(),
            sections: twice("totals"),
            ..AskedDashboard::default()
        };
        let Err(Error::Invalid(found)) = wrong.spec() else { panic!("all of it is wrong") };
        let named: Vec<_> = found.iter().map(|bad| bad.field.as_str()).collect();
        assert_eq!(named, ["title", "leaderIds", "platforms", "sections", "locale", "theme"]);
        for title in ["", "  ", "two\nlines"] {
            assert!(AskedDashboard { title: title.to_owned(), ..asked() }.spec().is_err(), "{title:?}");
        }
    }

    #[test]
    fn an_etag_is_a_version_and_nothing_else() {
        let version = |etag: &str| AskedDashboard { etag: etag.to_owned(), ..asked() }.version();
        assert_eq!((version("").unwrap(), version("7").unwrap()), (None, Some(7)));
        assert!(matches!(version("W/\"7\""), Err(Error::Invalid(bad)) if bad[0].field == "etag"));
    }
}
