//! The posts by gRPC.

use std::pin::Pin;

use amber_proto::v1;
use amber_proto::v1::feed_service_server as contract;
use futures::Stream;
use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert;
use crate::domain::FeedFilter;
use crate::usecase::UseCases;

/// The posts that are stored from now on.
type Told = Pin<Box<dyn Stream<Item = Result<v1::WatchPostsResponse, Status>> + Send>>;

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
    async fn get_post(&self, _: Request<v1::GetPostRequest>) -> Result<Response<v1::GetPostResponse>, Status> {
        Err(Status::unimplemented("comes with the next commit"))
    }

    type WatchPostsStream = Told;

    async fn watch_posts(&self, _: Request<v1::WatchPostsRequest>) -> Result<Response<Told>, Status> {
        Err(Status::unimplemented("comes with the next commit"))
    }

    async fn get_sentiment_trend(
        &self,
        _: Request<v1::GetSentimentTrendRequest>,
    ) -> Result<Response<v1::GetSentimentTrendResponse>, Status> {
        Err(Status::unimplemented("comes with the next commit"))
    }

    async fn analyze_sentiment(
        &self,
        _: Request<v1::AnalyzeSentimentRequest>,
    ) -> Result<Response<v1::AnalyzeSentimentResponse>, Status> {
        Err(Status::unimplemented("comes with the next commit"))
    }
}
