//! The numbers of a dashboard.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Error;
use crate::auth::require_scope;
use crate::domain::{Clock, DashboardData, DashboardId, LeaderId, Principal, Scope};
use crate::store;

/// The numbers of a dashboard.
pub struct Dashboards {
    store: Arc<dyn store::Dashboards>,
    clock: Arc<dyn Clock>,
}

impl Dashboards {
    /// Days that a dashboard covers when the caller does not say.
    pub const DEFAULT_DAYS: u32 = 30;
    /// The most days that a dashboard can cover.
    pub const MAX_DAYS: u32 = 90;

    /// Counts in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn store::Dashboards>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The numbers of a dashboard over the last `days` UTC days, today included. For admins and API keys with the
    /// scope.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`], or when the store fails.
    pub async fn data(&self, caller: &Principal, id: &str, days: u32) -> Result<DashboardData, Error> {
        require_scope(caller, Scope::DashboardRead)?;
        let id = dashboard_id(id)?;
        if !(1..=Self::MAX_DAYS).contains(&days) {
            return Err(Error::field("days", format!("days must be between 1 and {}", Self::MAX_DAYS)));
        }
        self.count(id, &[], days).await
    }

    /// The numbers of a dashboard for the frame, which proved itself by a token; `leaders` empty means all.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn for_frame(&self, id: DashboardId, leaders: &[LeaderId]) -> Result<DashboardData, Error> {
        self.count(id, leaders, Self::DEFAULT_DAYS).await
    }

    async fn count(&self, id: DashboardId, leaders: &[LeaderId], days: u32) -> Result<DashboardData, Error> {
        let now = self.clock.now();
        let (since, until) = utc_days(now, days);
        let counted = self.store.aggregates(leaders, since, until).await?;
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
}

/// An id as dashboards may have it.
pub(super) fn dashboard_id(text: &str) -> Result<DashboardId, Error> {
    if text.is_empty() {
        return Err(Error::field("dashboardId", "dashboardId is required"));
    }
    let rule = "dashboardId must be 1 to 64 letters, digits, underscores or hyphens";
    DashboardId::parse(text).ok_or_else(|| Error::field("dashboardId", rule))
}

/// The last `days` UTC days, the present one included, as an interval whose end is not part of it.
fn utc_days(now: Timestamp, days: u32) -> (Timestamp, Timestamp) {
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
