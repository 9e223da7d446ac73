//! What a dashboard is: a choice of leaders, and of what a frame may show of them.

use jiff::Timestamp;

use super::{DashboardId, LeaderId, Locale, Platform, Theme};

/// A part of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Section {
    /// The figures of the whole span.
    Totals,
    /// The chart of posts per day.
    PostsPerDay,
    /// The share of each sentiment, and its trend.
    Sentiment,
    /// The languages.
    Languages,
    /// The most used hashtags.
    Topics,
    /// One row per leader.
    Leaders,
    /// The newest posts with their texts; shown only while the operator allows it.
    Posts,
}

impl Section {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 7] =
        [Self::Totals, Self::PostsPerDay, Self::Sentiment, Self::Languages, Self::Topics, Self::Leaders, Self::Posts];

    /// The name in the database and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Totals => "totals",
            Self::PostsPerDay => "posts_per_day",
            Self::Sentiment => "sentiment",
            Self::Languages => "languages",
            Self::Topics => "topics",
            Self::Leaders => "leaders",
            Self::Posts => "posts",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.as_str() == name)
    }
}

/// What somebody chose about a dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DashboardSpec {
    /// The heading of the page, 1 to 120 characters.
    pub title: String,
    /// The leaders it covers, at most 100; empty means all.
    pub leaders: Vec<LeaderId>,
    /// Where their posts come from; empty means everywhere.
    pub platforms: Vec<Platform>,
    /// The language of the page unless the host page asks for another one.
    pub locale: Locale,
    /// The look of the page unless the host page asks for another one.
    pub theme: Theme,
    /// What a frame may show, each once, in the order of the page; never empty.
    pub sections: Vec<Section>,
}

impl DashboardSpec {
    /// Whose posts are shown to a viewer whose token names `narrowed_to`; a token without leaders does not narrow anything.
    /// None means everybody, an empty list nobody.
    #[must_use]
    pub fn leaders_within(&self, narrowed_to: &[LeaderId]) -> Option<Vec<LeaderId>> {
        match (self.leaders.as_slice(), narrowed_to) {
            ([], []) => None,
            ([], some) | (some, []) => Some(some.to_vec()),
            (own, narrow) => Some(own.iter().filter(|leader| narrow.contains(leader)).copied().collect()),
        }
    }
}

impl Default for DashboardSpec {
    /// What an id without a dashboard shows: all leaders, and everything but posts.
    fn default() -> Self {
        Self {
            title: String::new(),
            leaders: Vec::new(),
            platforms: Vec::new(),
            locale: Locale::default(),
            theme: Theme::default(),
            sections: Section::ALL.into_iter().filter(|section| *section != Section::Posts).collect(),
        }
    }
}

/// A dashboard as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dashboard {
    /// Its name in tokens and addresses.
    pub id: DashboardId,
    /// What was chosen.
    pub spec: DashboardSpec,
    /// Grows by one with every change.
    pub version: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_token_narrows_a_dashboard_and_never_widens_it() {
        let [a, b, c] = [1, 2, 3].map(|n| LeaderId(Uuid::from_u128(n)));
        let of = |leaders: &[LeaderId]| DashboardSpec { leaders: leaders.to_vec(), ..DashboardSpec::default() };
        assert_eq!(of(&[]).leaders_within(&[]), None, "everybody");
        assert_eq!(of(&[a, b]).leaders_within(&[]), Some(vec![a, b]));
        assert_eq!(of(&[]).leaders_within(&[a]), Some(vec![a]));
        assert_eq!(of(&[a, b]).leaders_within(&[c, b]), Some(vec![b]));
        assert_eq!(of(&[a]).leaders_within(&[b]), Some(vec![]), "nobody, not everybody");
    }
}
