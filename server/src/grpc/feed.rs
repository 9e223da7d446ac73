//! The posts by gRPC.

use std::pin::Pin;

use amber_proto::v1;
use amber_proto::v1::feed_service_server as contract;
use futures::{Stream, StreamExt};
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
        let feed = &self.use_cases.feed;
        let size = convert::page_size(asked.page_size, FeedFilter::DEFAULT_PAGE_SIZE).map_err(call.refusal())?;
        let token = asked.page_token.clone();
        let query = convert::listed_posts(asked).map_err(call.refusal())?;
        // Before the page is read: a post that comes meanwhile is told again rather than not at all.
        let watch_token = if token.is_empty() { feed.watch_token().await } else { Ok(String::new()) };
        let watch_token = watch_token.map_err(call.refusal())?;
        let page = feed.page(&query, size, &token).await.map_err(call.refusal())?;
        Ok(Response::new(convert::post_page(page, watch_token)))
    }

    async fn get_post(&self, request: Request<v1::GetPostRequest>) -> Result<Response<v1::GetPostResponse>, Status> {
        let (call, asked) = Call::split(request);
        let post = self.use_cases.feed.post(&asked.post_id).await.map_err(call.refusal())?;
        Ok(Response::new(v1::GetPostResponse { post: Some(convert::post(post)) }))
    }

    type WatchPostsStream = Told;

    async fn watch_posts(&self, request: Request<v1::WatchPostsRequest>) -> Result<Response<Told>, Status> {
        let (call, asked) = Call::split(request);
        let token = asked.resume_token.clone();
        let query = convert::watched_posts(asked).map_err(call.refusal())?;
        let told = self.use_cases.feed.watch((&call.caller, call.network), &query, &token).map_err(call.refusal())?;
        let told = told.map(move |told| told.map(convert::told).map_err(call.refusal()));
        Ok(Response::new(Box::pin(told)))
    }

    async fn get_sentiment_trend(
        &self,
        request: Request<v1::GetSentimentTrendRequest>,
    ) -> Result<Response<v1::GetSentimentTrendResponse>, Status> {
        let (call, asked) = Call::split(request);
        let days = convert::asked_days(asked.days).map_err(call.refusal())?;
        let per_leader = asked.per_leader;
        let query = convert::counted_posts(asked).map_err(call.refusal())?;
        let trends = self.use_cases.feed.trends(&query, days, per_leader).await.map_err(call.refusal())?;
        Ok(Response::new(convert::trends(trends)))
    }

    async fn analyze_sentiment(
        &self,
        request: Request<v1::AnalyzeSentimentRequest>,
    ) -> Result<Response<v1::AnalyzeSentimentResponse>, Status> {
        let (call, asked) = Call::split(request);
        let analyses = self.use_cases.feed.analyze(&asked.texts, None).await.map_err(call.refusal())?;
        Ok(Response::new(convert::analyses(analyses)))
    }

    async fn create_post(
        &self,
        request: Request<v1::CreatePostRequest>,
    ) -> Result<Response<v1::CreatePostResponse>, Status> {
        let (call, asked) = Call::split(request);
        let entered = convert::entered_post(asked).map_err(call.refusal())?;
        let post = self.use_cases.editing.create(&call.caller, entered).await.map_err(call.refusal())?;
        Ok(Response::new(v1::CreatePostResponse { post: Some(convert::post(post)) }))
    }

    async fn update_post(
        &self,
        request: Request<v1::UpdatePostRequest>,
    ) -> Result<Response<v1::UpdatePostResponse>, Status> {
        let (call, asked) = Call::split(request);
        let id = asked.post_id.clone();
        let change = convert::entered_change(asked).map_err(call.refusal())?;
        let post = self.use_cases.editing.update(&call.caller, &id, change).await.map_err(call.refusal())?;
        Ok(Response::new(v1::UpdatePostResponse { post: Some(convert::post(post)) }))
    }

    async fn delete_post(
        &self,
        request: Request<v1::DeletePostRequest>,
    ) -> Result<Response<v1::DeletePostResponse>, Status> {
        let (call, asked) = Call::split(request);
        self.use_cases.editing.delete(&call.caller, &asked.post_id).await.map_err(call.refusal())?;
        Ok(Response::new(v1::DeletePostResponse {}))
    }
}
