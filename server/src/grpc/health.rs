//! The health report by gRPC.

use std::pin::Pin;

use amber_proto::v1;
use amber_proto::v1::health_service_server as contract;
use futures::{Stream, StreamExt};
use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert;
use crate::usecase::UseCases;

/// The health report, as it changes.
type Reports = Pin<Box<dyn Stream<Item = Result<v1::WatchHealthResponse, Status>> + Send>>;

/// Serves `amber.v1.HealthService`.
pub(super) struct HealthService {
    pub(super) use_cases: UseCases,
}

#[tonic::async_trait]
impl contract::HealthService for HealthService {
    async fn get_health(&self, _: Request<v1::GetHealthRequest>) -> Result<Response<v1::GetHealthResponse>, Status> {
        Ok(Response::new(convert::health(self.use_cases.operations.health().await)))
    }

    type WatchHealthStream = Reports;

    async fn watch_health(&self, request: Request<v1::WatchHealthRequest>) -> Result<Response<Reports>, Status> {
        let (call, _) = Call::split(request);
        let reports = self.use_cases.operations.watch_health((&call.caller, call.network)).map_err(call.refusal())?;
        let reports = reports.map(move |report| report.map(convert::watched_health).map_err(call.refusal()));
        Ok(Response::new(Box::pin(reports)))
    }
}
