//! The dashboards and their numbers by gRPC.

use amber_proto::v1;
use amber_proto::v1::dashboard_service_server as contract;
use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert;
use crate::domain::DashboardData;
use crate::usecase::{Dashboards, Error, UseCases};

/// Serves `amber.v1.DashboardService`.
pub(super) struct DashboardService {
    pub(super) use_cases: UseCases,
}

/// The metadata that carries the session of a frame.
const SESSION: &str = "embed-session";

impl DashboardService {
    /// The numbers for the session of a frame, which proves itself.
    async fn of_session(&self, session: &str, dashboard: &str, days: u32) -> Result<DashboardData, Error> {
        let session = self.use_cases.embed_tokens.session(session, Some(dashboard)).await;
        let session = session.map_err(|refusal| Error::Embed(refusal.error))?;
        self.use_cases.dashboards.data_of_session(&session, days).await
    }
}

#[tonic::async_trait]
impl contract::DashboardService for DashboardService {
    async fn list_dashboards(
        &self,
        request: Request<v1::ListDashboardsRequest>,
    ) -> Result<Response<v1::ListDashboardsResponse>, Status> {
        let (call, asked) = Call::split(request);
        let size = convert::page_size(asked.page_size, Dashboards::DEFAULT_PAGE_SIZE).map_err(call.refusal())?;
        let page = self.use_cases.dashboards.list(&call.caller, size, &asked.page_token).await;
        page.map(|page| Response::new(convert::dashboard_page(page))).map_err(call.refusal())
    }

    async fn get_dashboard(
        &self,
        request: Request<v1::GetDashboardRequest>,
    ) -> Result<Response<v1::GetDashboardResponse>, Status> {
        let (call, asked) = Call::split(request);
        let found = self.use_cases.dashboards.get(&call.caller, &asked.dashboard_id).await.map_err(call.refusal())?;
        Ok(Response::new(v1::GetDashboardResponse { dashboard: Some(convert::stored_dashboard(found)) }))
    }

    async fn create_dashboard(
        &self,
        request: Request<v1::CreateDashboardRequest>,
    ) -> Result<Response<v1::CreateDashboardResponse>, Status> {
        let (call, asked) = Call::split(request);
        let asked = convert::asked_dashboard(asked.dashboard).map_err(call.refusal())?;
        let created = self.use_cases.dashboards.create(&call.caller, &asked).await.map_err(call.refusal())?;
        Ok(Response::new(v1::CreateDashboardResponse { dashboard: Some(convert::stored_dashboard(created)) }))
    }

    async fn update_dashboard(
        &self,
        request: Request<v1::UpdateDashboardRequest>,
    ) -> Result<Response<v1::UpdateDashboardResponse>, Status> {
        let (call, asked) = Call::split(request);
        let asked = convert::asked_dashboard(asked.dashboard).map_err(call.refusal())?;
        let changed = self.use_cases.dashboards.update(&call.caller, &asked).await.map_err(call.refusal())?;
        Ok(Response::new(v1::UpdateDashboardResponse { dashboard: Some(convert::stored_dashboard(changed)) }))
    }

    async fn delete_dashboard(
        &self,
        request: Request<v1::DeleteDashboardRequest>,
    ) -> Result<Response<v1::DeleteDashboardResponse>, Status> {
        let (call, asked) = Call::split(request);
        self.use_cases.dashboards.delete(&call.caller, &asked.dashboard_id).await.map_err(call.refusal())?;
        Ok(Response::new(v1::DeleteDashboardResponse {}))
    }

    async fn get_dashboard_data(
        &self,
        request: Request<v1::GetDashboardDataRequest>,
    ) -> Result<Response<v1::GetDashboardDataResponse>, Status> {
        let session = request.metadata().get(SESSION).map(|value| value.to_str().unwrap_or_default().to_owned());
        let (call, asked) = Call::split(request);
        let days = convert::asked_days(asked.days).map_err(call.refusal())?;
        let data = match session {
            Some(session) => self.of_session(&session, &asked.dashboard_id, days).await,
            None => self.use_cases.dashboards.data(&call.caller, &asked.dashboard_id, days).await,
        };
        data.map(|data| Response::new(convert::dashboard(data))).map_err(call.refusal())
    }
}
