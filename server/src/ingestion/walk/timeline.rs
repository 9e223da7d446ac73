//! Where the pages of a timeline come from.

use async_trait::async_trait;

use crate::x_api::{Client, Error, TimelinePage, TimelineRequest};

/// Gives pages of a timeline.
#[async_trait]
pub(in crate::ingestion) trait Timeline: Send + Sync {
    /// One page, newest first.
    async fn page(&self, request: TimelineRequest) -> Result<TimelinePage, Error>;
}

#[async_trait]
impl Timeline for Client {
    async fn page(&self, request: TimelineRequest) -> Result<TimelinePage, Error> {
        self.user_timeline(request).await
    }
}
