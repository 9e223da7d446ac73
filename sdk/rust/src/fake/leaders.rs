//! The leaders of the fake server.

use amber_proto::v1::leader_service_server::LeaderService;
use amber_proto::v1::{
    CreateLeaderRequest, CreateLeaderResponse, DeleteLeaderRequest, DeleteLeaderResponse, Leader, ListLeadersRequest,
    ListLeadersResponse, RefreshLeaderRequest, RefreshLeaderResponse,
};
use tonic::{Request, Response, Status};

use super::world::Desk;

#[tonic::async_trait]
impl LeaderService for Desk {
    /// All leaders on one page.
    async fn list_leaders(
        &self,
        request: Request<ListLeadersRequest>,
    ) -> Result<Response<ListLeadersResponse>, Status> {
        self.world().enter("ListLeaders", request)?;
        let leaders = self.world().known().leaders.clone();
        let total_size = i64::try_from(leaders.len()).unwrap_or(i64::MAX);
        Ok(Response::new(ListLeadersResponse { leaders, next_page_token: String::new(), total_size }))
    }

    async fn create_leader(
        &self,
        request: Request<CreateLeaderRequest>,
    ) -> Result<Response<CreateLeaderResponse>, Status> {
        let CreateLeaderRequest { name, handles, tracking_topics } = self.world().enter("CreateLeader", request)?;
        let leader = self.world().add_leader(Leader { name, handles, tracking_topics, ..Leader::default() });
        Ok(Response::new(CreateLeaderResponse { leader: Some(leader) }))
    }

    async fn delete_leader(
        &self,
        request: Request<DeleteLeaderRequest>,
    ) -> Result<Response<DeleteLeaderResponse>, Status> {
        let asked = self.world().enter("DeleteLeader", request)?;
        let mut known = self.world().known();
        let before = known.leaders.len();
        known.leaders.retain(|leader| leader.id != asked.leader_id);
        if known.leaders.len() == before {
            return Err(Status::not_found("Leader not found"));
        }
        Ok(Response::new(DeleteLeaderResponse {}))
    }

    async fn refresh_leader(
        &self,
        request: Request<RefreshLeaderRequest>,
    ) -> Result<Response<RefreshLeaderResponse>, Status> {
        self.world().enter("RefreshLeader", request)?;
        Err(Status::unimplemented("the fake server has no runs"))
    }
}
