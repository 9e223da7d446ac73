//! The leaders of the fake server.

use amber_proto::v1::leader_service_server::LeaderService;
use amber_proto::v1::{
    CreateLeaderRequest, CreateLeaderResponse, DeleteLeaderRequest, DeleteLeaderResponse, GetLeaderRequest,
    GetLeaderResponse, Leader, ListLeadersRequest, ListLeadersResponse, RefreshLeaderRequest, RefreshLeaderResponse,
    UpdateLeaderRequest, UpdateLeaderResponse,
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

    async fn get_leader(&self, request: Request<GetLeaderRequest>) -> Result<Response<GetLeaderResponse>, Status> {
        let asked = self.world().enter("GetLeader", request)?;
        let known = self.world().known();
        let leader = known.leaders.iter().find(|leader| leader.id == asked.leader_id);
        let leader = leader.ok_or_else(unknown)?.clone();
        Ok(Response::new(GetLeaderResponse { leader: Some(leader) }))
    }

    async fn create_leader(
        &self,
        request: Request<CreateLeaderRequest>,
    ) -> Result<Response<CreateLeaderResponse>, Status> {
        let CreateLeaderRequest { name, handles, tracking_topics } = self.world().enter("CreateLeader", request)?;
        let leader = self.world().add_leader(Leader { name, handles, tracking_topics, ..Leader::default() });
        Ok(Response::new(CreateLeaderResponse { leader: Some(leader) }))
    }

    async fn update_leader(
        &self,
        request: Request<UpdateLeaderRequest>,
    ) -> Result<Response<UpdateLeaderResponse>, Status> {
        let asked = self.world().enter("UpdateLeader", request)?;
        let new = asked.leader.unwrap_or_default();
        let paths = asked.update_mask.map(|mask| mask.paths).unwrap_or_default();
        let is_named = |name: &str, is_given: bool| match paths.as_slice() {
            [] => is_given,
            paths => paths.iter().any(|path| path == name || path == "*"),
        };
        let mut known = self.world().known();
        let leader = known.leaders.iter_mut().find(|leader| leader.id == new.id).ok_or_else(unknown)?;
        if is_named("name", !new.name.is_empty()) {
            leader.name = new.name;
        }
        if is_named("handles", !new.handles.is_empty()) {
            leader.handles = new.handles;
        }
        if is_named("tracking_topics", !new.tracking_topics.is_empty()) {
            leader.tracking_topics = new.tracking_topics;
        }
        Ok(Response::new(UpdateLeaderResponse { leader: Some(leader.clone()) }))
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
            return Err(unknown());
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

fn unknown() -> Status {
    Status::not_found("Leader not found")
}
