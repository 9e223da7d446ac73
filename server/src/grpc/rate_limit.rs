//! The limits of callers by gRPC.

use amber_proto::v1;
use amber_proto::v1::rate_limit_service_server as contract;
use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert;
use crate::usecase::UseCases;

/// Serves `amber.v1.RateLimitService`.
pub(super) struct RateLimitService {
    pub(super) use_cases: UseCases,
}

#[tonic::async_trait]
impl contract::RateLimitService for RateLimitService {
    async fn get_limits(
        &self,
        request: Request<v1::GetLimitsRequest>,
    ) -> Result<Response<v1::GetLimitsResponse>, Status> {
        let (call, asked) = Call::split(request);
        let shown = self.use_cases.rate_limits.show(&call.caller, &asked.identity).await;
        let (key, standing) = shown.map_err(call.refusal())?;
        Ok(Response::new(convert::limits(key, &standing)))
    }

    async fn reset_limits(
        &self,
        request: Request<v1::ResetLimitsRequest>,
    ) -> Result<Response<v1::ResetLimitsResponse>, Status> {
        let (call, asked) = Call::split(request);
        let reset = self.use_cases.rate_limits.reset(&call.caller, &asked.identity).await.map_err(call.refusal())?;
        Ok(Response::new(v1::ResetLimitsResponse { was_used: reset.was_used, everywhere: reset.everywhere }))
    }
}
