//! The leaders by gRPC.

use amber_proto::v1;
use amber_proto::v1::leader_service_server as contract;
use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert;
use crate::usecase::{Leaders, UseCases};

/// Serves `amber.v1.LeaderService`.
pub(super) struct LeaderService {
    pub(super) use_cases: UseCases,
}

#[tonic::async_trait]
impl contract::LeaderService for LeaderService {
    async fn list_leaders(
        &self,
        request: Request<v1::ListLeadersRequest>,
    ) -> Result<Response<v1::ListLeadersResponse>, Status> {
        let (call, asked) = Call::split(request);
        let size = convert::page_size(asked.page_size, Leaders::DEFAULT_PAGE_SIZE).map_err(call.refusal())?;
        let page = self.use_cases.leaders.list(size, &asked.page_token).await.map_err(call.refusal())?;
        Ok(Response::new(convert::leader_page(page)))
    }

    async fn get_leader(
        &self,
        request: Request<v1::GetLeaderRequest>,
    ) -> Result<Response<v1::GetLeaderResponse>, Status> {
        let (call, asked) = Call::split(request);
        let found = self.use_cases.leaders.get(&asked.leader_id).await;
        let leader = found.map(convert::leader).map_err(call.refusal())?;
        Ok(Response::new(v1::GetLeaderResponse { leader: Some(leader) }))
    }

    async fn create_leader(
        &self,
        request: Request<v1::CreateLeaderRequest>,
    ) -> Result<Response<v1::CreateLeaderResponse>, Status> {
        let (call, asked) = Call::split(request);
        let created = self.use_cases.leaders.create(&call.caller, convert::new_leader(asked)).await;
        let leader = created.map(convert::leader).map_err(call.refusal())?;
        Ok(Response::new(v1::CreateLeaderResponse { leader: Some(leader) }))
    }

    async fn update_leader(
        &self,
        request: Request<v1::UpdateLeaderRequest>,
    ) -> Result<Response<v1::UpdateLeaderResponse>, Status> {
        let (call, asked) = Call::split(request);
        let (id, change) = convert::leader_change(asked).map_err(call.refusal())?;
        let updated = self.use_cases.leaders.update(&call.caller, &id, &change).await;
        let leader = updated.map(convert::leader).map_err(call.refusal())?;
        Ok(Response::new(v1::UpdateLeaderResponse { leader: Some(leader) }))
    }

    async fn delete_leader(
        &self,
        request: Request<v1::DeleteLeaderRequest>,
    ) -> Result<Response<v1::DeleteLeaderResponse>, Status> {
        let (call, asked) = Call::split(request);
        self.use_cases.leaders.delete(&call.caller, &asked.leader_id).await.map_err(call.refusal())?;
        Ok(Response::new(v1::DeleteLeaderResponse {}))
    }

    async fn refresh_leader(
        &self,
        request: Request<v1::RefreshLeaderRequest>,
    ) -> Result<Response<v1::RefreshLeaderResponse>, Status> {
        let (call, asked) = Call::split(request);
        let started = self.use_cases.leaders.start_refresh(&call.caller, &asked.leader_id).await;
        let run_id = started.map_err(call.refusal())?;
        Ok(Response::new(v1::RefreshLeaderResponse { run_id: run_id.to_string() }))
    }
}
