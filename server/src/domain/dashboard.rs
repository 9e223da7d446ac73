//! What a dashboard shows: counts and shares, never texts.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Label, LeaderId, Sentiment};

/// Names a dashboard: 1 to 64 letters, digits, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DashboardId(String);

impl DashboardId {
    /// Reads an id; None when it breaks the rule.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        fits.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DashboardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Posts by tone.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SentimentCounts {
    /// Posts that sound good.
    pub positive: u64,
    /// Posts without a clear tone.
    pub neutral: u64,
    /// Posts that sound bad.
    pub negative: u64,
    /// Posts without a score.
    pub unscored: u64,
    /// Those of the first three whose tone somebody gave, without a score.
    pub given: u64,
    /// The sum of all scores, from which the mean is made.
    pub score_sum: f64,
}

impl SentimentCounts {
    /// Counts one more post.
    pub fn add(&mut self, sentiment: Sentiment) {
        match sentiment.label() {
            Some(Label::Positive) => self.positive += 1,
            Some(Label::Neutral) => self.neutral += 1,
            Some(Label::Negative) => self.negative += 1,
            None => self.unscored += 1,
        }
        self.given += u64::from(matches!(sentiment, Sentiment::Given(_)));
        self.score_sum += sentiment.score().unwrap_or_default();
    }

    /// Adds the counts of another set.
    pub fn merge(&mut self, other: Self) {
        self.positive += other.positive;
        self.neutral += other.neutral;
        self.negative += other.negative;
        self.unscored += other.unscored;
        self.given += other.given;
        self.score_sum += other.score_sum;
    }

    /// All posts.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.labelled() + self.unscored
    }

    /// Posts with a tone.
    #[must_use]
    pub fn labelled(&self) -> u64 {
        self.positive + self.neutral + self.negative
    }

    /// Posts with a score.
    #[must_use]
    pub fn scored(&self) -> u64 {
        self.labelled() - self.given
    }

    /// The mean score of the scored posts, -1.0..=1.0.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of posts stay far below 2^52")]
    pub fn mean(&self) -> Option<f64> {
        (self.scored() > 0).then(|| self.score_sum / self.scored() as f64)
    }
}

/// One UTC day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayPoint {
    /// The day.
    pub day: Date,
    /// Its posts.
    pub counts: SentimentCounts,
}

/// A name and how many posts carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// A language tag or a hashtag.
    pub name: String,
    /// Posts.
    pub posts: u64,
}

/// One leader's share of a dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct LeaderRow {
    /// The leader.
    pub leader_id: LeaderId,
    /// The leader's name.
    pub name: String,
    /// The handle on X.
    pub handle: Option<String>,
    /// The leader's posts.
    pub counts: SentimentCounts,
    /// When the newest of them was published.
    pub last_post_at: Option<Timestamp>,
}

/// Everything that a dashboard shows.
#[derive(Debug, Clone, PartialEq)]
pub struct DashboardData {
    /// Which dashboard.
    pub id: DashboardId,
    /// All posts of the period.
    pub totals: SentimentCounts,
    /// Every day of the period, oldest first, days without posts included.
    pub days: Vec<DayPoint>,
    /// Languages, most posts first.
    pub languages: Vec<Tally>,
    /// Hashtags, most posts first.
    pub topics: Vec<Tally>,
    /// Leaders, most posts first.
    pub leaders: Vec<LeaderRow>,
    /// When this was counted.
    pub generated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Unscored;

    #[test]
    fn an_id_has_no_room_for_a_path() {
        assert!(DashboardId::parse("dash-1_A").is_some());
        for bad in ["", "a/b", "..", "a b", "डैश", &"x".repeat(65)] {
            assert!(DashboardId::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn posts_without_a_score_do_not_move_the_mean() {
        let mut counts = SentimentCounts::default();
        counts.add(Sentiment::Scored { score: 0.5, model: "m" });
        counts.add(Sentiment::Scored { score: -0.1, model: "m" });
        counts.add(Sentiment::Unscored(Unscored::Language));
        counts.add(Sentiment::Given(Label::Negative));
        assert_eq!((counts.positive, counts.neutral, counts.negative, counts.unscored), (1, 1, 1, 1));
        assert_eq!((counts.total(), counts.scored()), (4, 2));
        assert!((counts.mean().unwrap() - 0.2).abs() < 1e-9);
    }
}
