//! The whole review queue, page by page.

use amber_proto::v1::{ListReviewItemsRequest, ReviewItem};
use futures::stream::Stream;
use tonic::Status;

use crate::Amber;

impl Amber {
    /// All items of the review queue in the states of `request`, those that entered last first.
    ///
    /// ```no_run
    /// use amber_sdk::v1::{ListReviewItemsRequest, RejectReviewItemRequest};
    /// use futures::TryStreamExt;
    ///
    /// # async fn example(amber: amber_sdk::Amber) -> Result<(), tonic::Status> {
    /// let mut waiting = std::pin::pin!(amber.review_items(ListReviewItemsRequest::default()));
    /// while let Some(item) = waiting.try_next().await? {
    ///     let notes = Some("an imitation".to_owned());
    ///     amber.reviews().reject_review_item(RejectReviewItemRequest { item_id: item.id, notes }).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// An item is the [`Status`] of a page that failed for good; it is the last item.
    pub fn review_items(
        &self,
        request: ListReviewItemsRequest,
    ) -> impl Stream<Item = Result<ReviewItem, Status>> + Send + use<> {
        self.list(request.page_token.clone(), move |amber, page_token| {
            let request = ListReviewItemsRequest { page_token, ..request.clone() };
            async move {
                let page = amber.reviews().list_review_items(request).await?.into_inner();
                Ok((page.items, page.next_page_token))
            }
        })
    }
}
