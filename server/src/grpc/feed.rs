//! The posts by gRPC.

use amber_proto::v1;
use amber_proto::v1::feed_service_server as contract;
use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert;
use crate::domain::FeedFilter;
use crate::usecase::UseCases;

/// Serves `amber.v1.FeedService`.
pub(super) struct FeedService {
    pub(super) use_cases: UseCases,
}

#[tonic::async_trait]
impl contract::FeedService for FeedService {
    async fn list_posts(
        &self,
        request: Request<v1::ListPostsRequest>,
    ) -> Result<Response<v1::ListPostsResponse>, Status> {
        let (call, asked) = Call::split(request);
        let size = convert::page_size(asked.page_size, FeedFilter::DEFAULT_PAGE_SIZE).map_err(call.refusal())?;
        let query = convert::asked_feed(asked.leader_ids, &asked.platforms).map_err(call.refusal())?;
        let page = self.use_cases.feed.page(&query, size, &asked.page_token).await.map_err(call.refusal())?;
        Ok(Response::new(convert::post_page(page)))
    }
}
