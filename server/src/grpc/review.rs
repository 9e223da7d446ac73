//! The review queue by gRPC.

use amber_proto::v1;
use amber_proto::v1::review_service_server as contract;
use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert;
use crate::usecase::{Reviews, UseCases};

/// Serves `amber.v1.ReviewService`.
pub(super) struct ReviewService {
    pub(super) use_cases: UseCases,
}

#[tonic::async_trait]
impl contract::ReviewService for ReviewService {
    async fn list_review_items(
        &self,
        request: Request<v1::ListReviewItemsRequest>,
    ) -> Result<Response<v1::ListReviewItemsResponse>, Status> {
        let (call, asked) = Call::split(request);
        let size = convert::page_size(asked.page_size, Reviews::DEFAULT_PAGE_SIZE).map_err(call.refusal())?;
        let states = convert::asked_states(&asked.states).map_err(call.refusal())?;
        let reviews = &self.use_cases.reviews;
        let page = reviews.list(&call.caller, &states, size, &asked.page_token).await.map_err(call.refusal())?;
        Ok(Response::new(convert::review_page(page)))
    }

    async fn approve_review_item(
        &self,
        request: Request<v1::ApproveReviewItemRequest>,
    ) -> Result<Response<v1::ApproveReviewItemResponse>, Status> {
        let (call, asked) = Call::split(request);
        let reviews = &self.use_cases.reviews;
        let item = reviews.approve(&call.caller, &asked.item_id, asked.notes).await.map_err(call.refusal())?;
        Ok(Response::new(v1::ApproveReviewItemResponse { item: Some(convert::review_item(item)) }))
    }

    async fn reject_review_item(
        &self,
        request: Request<v1::RejectReviewItemRequest>,
    ) -> Result<Response<v1::RejectReviewItemResponse>, Status> {
        let (call, asked) = Call::split(request);
        let reviews = &self.use_cases.reviews;
        let item = reviews.reject(&call.caller, &asked.item_id, asked.notes).await.map_err(call.refusal())?;
        Ok(Response::new(v1::RejectReviewItemResponse { item: Some(convert::review_item(item)) }))
    }

    async fn edit_review_item(
        &self,
        request: Request<v1::EditReviewItemRequest>,
    ) -> Result<Response<v1::EditReviewItemResponse>, Status> {
        let (call, asked) = Call::split(request);
        let id = asked.item_id.clone();
        let edit = convert::asked_edit(asked).map_err(call.refusal())?;
        let item = self.use_cases.reviews.edit(&call.caller, &id, edit).await.map_err(call.refusal())?;
        Ok(Response::new(v1::EditReviewItemResponse { item: Some(convert::review_item(item)) }))
    }

    async fn list_review_audit(
        &self,
        request: Request<v1::ListReviewAuditRequest>,
    ) -> Result<Response<v1::ListReviewAuditResponse>, Status> {
        let (call, asked) = Call::split(request);
        let size = convert::page_size(asked.page_size, Reviews::DEFAULT_PAGE_SIZE).map_err(call.refusal())?;
        let of = (asked.item_id.as_str(), asked.post_id.as_str());
        let page = self.use_cases.reviews.audit(&call.caller, of, size, &asked.page_token).await;
        Ok(Response::new(convert::review_audit(page.map_err(call.refusal())?)))
    }
}
