//! Health and admin tokens of the fake server.

use std::pin::Pin;

use amber_proto::v1::auth_service_server::AuthService;
use amber_proto::v1::health_service_server::HealthService;
use amber_proto::v1::{
    CallerKind, GetHealthRequest, GetHealthResponse, HealthStatus, IssueAdminTokenRequest, IssueAdminTokenResponse,
    WatchHealthRequest, WatchHealthResponse, WhoAmIRequest, WhoAmIResponse,
};
use futures::stream::{self, Stream, StreamExt};
use tonic::{Request, Response, Status};

use super::world::Desk;

/// The life of a token when the caller does not say.
const HOUR: prost_types::Duration = prost_types::Duration { seconds: 3_600, nanos: 0 };

type Reports = Pin<Box<dyn Stream<Item = Result<WatchHealthResponse, Status>> + Send>>;

#[tonic::async_trait]
impl HealthService for Desk {
    /// It is always well.
    async fn get_health(&self, request: Request<GetHealthRequest>) -> Result<Response<GetHealthResponse>, Status> {
        self.world().enter("GetHealth", request)?;
        Ok(Response::new(well()))
    }

    type WatchHealthStream = Reports;

    /// Nothing ever changes.
    async fn watch_health(&self, request: Request<WatchHealthRequest>) -> Result<Response<Reports>, Status> {
        self.world().enter("WatchHealth", request)?;
        let report = WatchHealthResponse { report: Some(well()) };
        Ok(Response::new(Box::pin(stream::iter([Ok(report)]).chain(stream::pending()))))
    }
}

fn well() -> GetHealthResponse {
    GetHealthResponse { status: HealthStatus::Ok.into(), ..Default::default() }
}

#[tonic::async_trait]
impl AuthService for Desk {
    /// It knows nobody.
    async fn who_am_i(&self, request: Request<WhoAmIRequest>) -> Result<Response<WhoAmIResponse>, Status> {
        self.world().enter("WhoAmI", request)?;
        Ok(Response::new(WhoAmIResponse { kind: CallerKind::Anonymous.into(), ..Default::default() }))
    }

    /// Another token each time, for any secret.
    async fn issue_admin_token(
        &self,
        request: Request<IssueAdminTokenRequest>,
    ) -> Result<Response<IssueAdminTokenResponse>, Status> {
        let asked = self.world().enter("IssueAdminToken", request)?;
        let mut known = self.world().known();
        known.tokens += 1;
        Ok(Response::new(IssueAdminTokenResponse {
            token: format!("fake-token-{}", known.tokens),
            expires_in: Some(asked.lifetime.unwrap_or(HOUR)),
            role: asked.role,
        }))
    }
}
