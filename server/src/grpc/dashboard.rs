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

    async fn list_dashboards(
        &self,
        _request: Request<v1::ListDashboardsRequest>,
    ) -> Result<Response<v1::ListDashboardsResponse>, Status> {
        Err(Status::unimplemented("comes with the next commit"))
    }

    async fn get_dashboard(
        &self,
        _request: Request<v1::GetDashboardRequest>,
    ) -> Result<Response<v1::GetDashboardResponse>, Status> {
        Err(Status::unimplemented("comes with the next commit"))
    }

    async fn create_dashboard(
        &self,
        _request: Request<v1::CreateDashboardRequest>,
    ) -> Result<Response<v1::CreateDashboardResponse>, Status> {
        Err(Status::unimplemented("comes with the next commit"))
    }

    async fn update_dashboard(
        &self,
        _request: Request<v1::UpdateDashboardRequest>,
    ) -> Result<Response<v1::UpdateDashboardResponse>, Status> {
        Err(Status::unimplemented("comes with the next commit"))
    }

    async fn delete_dashboard(
        &self,
        _request: Request<v1::DeleteDashboardRequest>,
    ) -> Result<Response<v1::DeleteDashboardResponse>, Status> {
        Err(Status::unimplemented("comes with the next commit"))
    }
}
