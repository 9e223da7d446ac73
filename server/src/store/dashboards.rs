//! The numbers of a dashboard, counted by the database.

use async_trait::async_trait;
use jiff::Timestamp;

use super::Error;
use crate::domain::{DayPoint, LeaderId, LeaderRow, SentimentCounts, Tally};

/// What was counted over a period.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Aggregates {
    /// All posts of the period.
    pub totals: SentimentCounts,
    /// Every UTC day of the period, oldest first, days without posts included.
    pub days: Vec<DayPoint>,
    /// The ten most frequent languages, most posts first.
    pub languages: Vec<Tally>,
    /// The ten most frequent hashtags in lower case, most posts first.
    pub topics: Vec<Tally>,
    /// The leaders, those without posts included, most posts first.
    pub leaders: Vec<LeaderRow>,
}

/// Counts posts.
#[async_trait]
pub trait Dashboards: Send + Sync {
    /// Counts the posts of `leaders` (all when empty) with `since <= posted_at < until`.
    ///
    /// # Errors
    /// When the database fails.
    async fn aggregates(&self, leaders: &[LeaderId], since: Timestamp, until: Timestamp) -> Result<Aggregates, Error>;
}
