//! The dashboards and what they show.

mod asked;
mod catalog;

pub use asked::AskedDashboard;
pub use catalog::DashboardPage;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Error;
use super::error::Missing;
use crate::auth::require_scope;
use crate::domain::{
    Clock, DashboardData, DashboardId, DashboardSpec, EmbedClaims, EmbedSession, Entropy, FeedFilter, LeaderId, Locks,
    Post, Principal, Scope, Section,
};
use crate::store::{self, Counting, Found};

/// What dashboards are made of.
pub struct DashboardParts {
    /// Counts posts.
    pub counts: Arc<dyn store::Dashboards>,
    /// Keeps the dashboards.
    pub catalog: Arc<dyn store::DashboardCatalog>,
    /// Knows the leaders.
    pub leaders: Arc<dyn store::Leaders>,
    /// Reads posts.
    pub posts: Arc<dyn store::Posts>,
    /// Tells which day it is.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
    /// Whether frames may show the texts of posts.
    pub show_posts: bool,
}

/// The dashboards and what they show.
pub struct Dashboards(DashboardParts);

/// Everything that one frame shows.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameData {
    /// What was chosen about the dashboard; only sections that may be shown.
    pub spec: DashboardSpec,
    /// The numbers.
    pub data: DashboardData,
    /// The newest posts, when they may be shown.
    pub posts: Vec<Post>,
}

impl Dashboards {
    /// Days that a dashboard covers when the caller does not say.
    pub const DEFAULT_DAYS: u32 = 30;
    /// The most days that a dashboard can cover.
    pub const MAX_DAYS: u32 = *Locks::DAYS.end();
    /// Posts that a frame shows, at most.
    pub const POSTS: u32 = 10;

    /// Works with `parts`.
    #[must_use]
    pub fn new(parts: DashboardParts) -> Self {
        Self(parts)
    }

    /// The numbers of a dashboard over the last `days` UTC days, today included. For admins and API keys with the
    /// scope.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`], [`Error::NotFound`] for a deleted one, or when the store fails.
    pub async fn data(&self, caller: &Principal, id: &str, days: u32) -> Result<DashboardData, Error> {
        require_scope(caller, Scope::DashboardRead)?;
        let id = dashboard_id(id)?;
        let days = checked_days(days)?;
        let spec = self.spec(&id).await?;
        self.count(id, &spec, &[], days).await
    }

    /// The numbers of the dashboard of a frame, whose session was checked. What its token says about leaders and days
    /// holds, whatever is asked.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::NotFound`] for a deleted one, or when the store fails.
    pub async fn data_of_session(&self, session: &EmbedSession, days: u32) -> Result<DashboardData, Error> {
        let claims = &session.claims;
        let days = claims.locks.days.map_or_else(|| checked_days(days), Ok)?;
        let spec = self.spec(&claims.dashboard_id).await?;
        self.count(claims.dashboard_id.clone(), &spec, &claims.leaders, days).await
    }

    /// What a frame shows, whose token or session was checked and says this.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a deleted dashboard, or when the store fails.
    pub async fn for_frame(&self, claims: &EmbedClaims) -> Result<FrameData, Error> {
        let mut spec = self.spec(&claims.dashboard_id).await?;
        spec.sections.retain(|section| *section != Section::Posts || self.0.show_posts);
        let days = claims.locks.days.unwrap_or(Self::DEFAULT_DAYS);
        let data = self.count(claims.dashboard_id.clone(), &spec, &claims.leaders, days).await?;
        let posts = self.newest(&spec, &claims.leaders).await?;
        Ok(FrameData { spec, data, posts })
    }

    /// What was chosen about an id; one that no dashboard ever had shows everything but posts.
    async fn spec(&self, id: &DashboardId) -> Result<DashboardSpec, Error> {
        match self.0.catalog.dashboard(id).await? {
            Found::Dashboard(dashboard) => Ok(dashboard.spec),
            Found::Never => Ok(DashboardSpec::default()),
            Found::Deleted => Err(Error::NotFound(Missing::Dashboard)),
        }
    }

    async fn count(
        &self,
        id: DashboardId,
        spec: &DashboardSpec,
        narrowed_to: &[LeaderId],
        days: u32,
    ) -> Result<DashboardData, Error> {
        let now = self.0.clock.now();
        let (since, until) = utc_days(now, days);
        let counting = Counting { leaders: spec.leaders_within(narrowed_to), platforms: &spec.platforms, since, until };
        let counted = self.0.counts.aggregates(&counting).await?;
        Ok(DashboardData {
            id,
            totals: counted.totals,
            days: counted.days,
            languages: counted.languages,
            topics: counted.topics,
            leaders: counted.leaders,
            generated_at: now,
        })
    }

    async fn newest(&self, spec: &DashboardSpec, narrowed_to: &[LeaderId]) -> Result<Vec<Post>, Error> {
        if !spec.sections.contains(&Section::Posts) {
            return Ok(Vec::new());
        }
        let leaders = match spec.leaders_within(narrowed_to) {
            None => Vec::new(),
            Some(nobody) if nobody.is_empty() => return Ok(Vec::new()),
            Some(some) => some,
        };
        let filter = FeedFilter { leaders, platforms: spec.platforms.clone(), ..FeedFilter::default() };
        Ok(self.0.posts.page(&filter, None, Self::POSTS).await?.posts)
    }
}

/// An id as dashboards may have it.
pub(super) fn dashboard_id(text: &str) -> Result<DashboardId, Error> {
    if text.is_empty() {
        return Err(Error::field("dashboardId", "dashboardId is required"));
    }
    let rule = "dashboardId must be 1 to 64 letters, digits, underscores or hyphens";
    DashboardId::parse(text).ok_or_else(|| Error::field("dashboardId", rule))
}

/// Days as they may be asked for.
pub(super) fn checked_days(days: u32) -> Result<u32, Error> {
    let rule = || Error::field("days", format!("days must be between 1 and {}", Dashboards::MAX_DAYS));
    Locks::DAYS.contains(&days).then_some(days).ok_or_else(rule)
}

/// The last `days` UTC days, the present one included, as an interval whose end is not part of it.
pub(super) fn utc_days(now: Timestamp, days: u32) -> (Timestamp, Timestamp) {
    const DAY: SignedDuration = SignedDuration::from_hours(24);
    let midnight = Timestamp::from_second(now.as_second().div_euclid(86_400) * 86_400).unwrap_or(now);
    let until = midnight + DAY;
    let span = SignedDuration::from_hours(24 * i64::from(days));
    (until.checked_sub(span).unwrap_or(Timestamp::UNIX_EPOCH), until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_period_ends_with_the_present_day() {
        let (since, until) = utc_days("2026-03-10T23:59:59Z".parse().unwrap(), 2);
        assert_eq!(
            (since.to_string(), until.to_string()),
            ("2026-03-09T00:00:00Z".into(), "2026-03-11T00:00:00Z".into())
        );
    }
}
