//! Health and admin tokens of the fake server.

use amber_proto::v1::auth_service_server::AuthService;
use amber_proto::v1::health_service_server::HealthService;
use amber_proto::v1::{
    GetHealthRequest, GetHealthResponse, HealthStatus, IssueAdminTokenRequest, IssueAdminTokenResponse,
};
use tonic::{Request, Response, Status};

use super::world::Desk;

/// The life of a token when the caller does not say.
const HOUR: prost_types::Duration = prost_types::Duration { seconds: 3_600, nanos: 0 };

#[tonic::async_trait]
impl HealthService for Desk {
    /// It is always well.
    async fn get_health(&self, request: Request<GetHealthRequest>) -> Result<Response<GetHealthResponse>, Status> {
        self.world().enter("GetHealth", request)?;
        Ok(Response::new(GetHealthResponse { status: HealthStatus::Ok.into(), ..Default::default() }))
    }
}

#[tonic::async_trait]
impl AuthService for Desk {
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
