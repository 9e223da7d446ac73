//! The numbers of a dashboard by gRPC.

use amber_proto::v1;
use amber_proto::v1::dashboard_service_server as contract;
use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert;
use crate::usecase::UseCases;

/// Serves `amber.v1.DashboardService`.
pub(super) struct DashboardService {
    pub(super) use_cases: UseCases,
}

#[tonic::async_trait]
impl contract::DashboardService for DashboardService {
    async fn get_dashboard_data(
        &self,
        request: Request<v1::GetDashboardDataRequest>,
    ) -> Result<Response<v1::GetDashboardDataResponse>, Status> {
        let (call, asked) = Call::split(request);
        let days = convert::asked_days(asked.days).map_err(call.refusal())?;
        let data = self.use_cases.dashboards.data(&call.caller, &asked.dashboard_id, days).await;
        data.map(|data| Response::new(convert::dashboard(data))).map_err(call.refusal())
    }
}
