//! Which dashboards were deleted, remembered for half a second, so that issuing needs no read of the database.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;

use crate::domain::DashboardId;
use crate::store::{DashboardCatalog, Error, Found};

/// How long an answer is good. Use asks the database itself, so this only delays the refusal of an issue.
const GOOD_FOR: Duration = Duration::from_millis(500);
/// The most dashboards that are remembered.
const CAPACITY: u64 = 10_000;

/// Knows which dashboards were deleted.
pub struct Graves {
    catalog: Arc<dyn DashboardCatalog>,
    seen: Cache<DashboardId, bool>,
}

impl Graves {
    /// Asks `catalog`.
    #[must_use]
    pub fn new(catalog: Arc<dyn DashboardCatalog>) -> Self {
        Self { catalog, seen: Cache::builder().max_capacity(CAPACITY).time_to_live(GOOD_FOR).build() }
    }

    /// Whether the dashboard was deleted, at most half a second ago.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold(&self, id: &DashboardId) -> Result<bool, Error> {
        if let Some(is_deleted) = self.seen.get(id).await {
            return Ok(is_deleted);
        }
        let is_deleted = matches!(self.catalog.dashboard(id).await?, Found::Deleted);
        self.seen.insert(id.clone(), is_deleted).await;
        Ok(is_deleted)
    }
}

impl fmt::Debug for Graves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Graves")
    }
}
