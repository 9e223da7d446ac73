//! The metrics by gRPC.

use amber_proto::v1;
use amber_proto::v1::metrics_service_server as contract;
use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert;
use crate::usecase::UseCases;

/// Serves `amber.v1.MetricsService`.
pub(super) struct MetricsService {
    pub(super) use_cases: UseCases,
}

#[tonic::async_trait]
impl contract::MetricsService for MetricsService {
    async fn get_metrics(
        &self,
        request: Request<v1::GetMetricsRequest>,
    ) -> Result<Response<v1::GetMetricsResponse>, Status> {
        let (call, asked) = Call::split(request);
        let operations = &self.use_cases.operations;
        let snapshot = operations.metrics(&call.caller).map(convert::metrics).map_err(call.refusal())?;
        let text = asked.include_prometheus_text.then(|| operations.prometheus_text(&call.caller));
        let prometheus_text = text.transpose().map_err(call.refusal())?.unwrap_or_default();
        Ok(Response::new(v1::GetMetricsResponse { snapshot: Some(snapshot), prometheus_text }))
    }
}
