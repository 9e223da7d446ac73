//! Waiting for a server that is about to start.

use std::time::Duration;

use amber_proto::v1::{GetHealthRequest, HealthStatus};
use tokio::time::{Instant, sleep};
use tonic::Status;

use crate::Amber;

/// How long to wait between two looks.
const PACE: Duration = Duration::from_millis(200);

impl Amber {
    /// Waits until the server can answer calls, which it cannot while its database is away.
    ///
    /// ```no_run
    /// # async fn example(amber: amber_sdk::Amber) -> Result<(), tonic::Status> {
    /// amber.wait_until_ready(std::time::Duration::from_secs(30)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The [`Status`] of the last look, when the server is not ready within `limit`.
    pub async fn wait_until_ready(&self, limit: Duration) -> Result<(), Status> {
        let end = Instant::now() + limit;
        loop {
            let not_yet = match self.health().get_health(GetHealthRequest {}).await {
                Ok(report) if report.get_ref().status() == HealthStatus::Ok => return Ok(()),
                Ok(_) => Status::unavailable("the server is not healthy"),
                Err(status) => status,
            };
            if Instant::now() + PACE >= end {
                return Err(not_yet);
            }
            sleep(PACE).await;
        }
    }
}
