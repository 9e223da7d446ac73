//! The health report by gRPC.

use amber_proto::v1;
use amber_proto::v1::health_service_server as contract;
use tonic::{Request, Response, Status};

use super::convert;
use crate::usecase::UseCases;

/// Serves `amber.v1.HealthService`.
pub(super) struct HealthService {
    pub(super) use_cases: UseCases,
}

#[tonic::async_trait]
impl contract::HealthService for HealthService {
    async fn get_health(&self, _: Request<v1::GetHealthRequest>) -> Result<Response<v1::GetHealthResponse>, Status> {
        Ok(Response::new(convert::health(self.use_cases.operations.health().await)))
    }
}
