//! The lists of ingestion, runs, checkpoints and refused records, as streams over all their pages.

use amber_proto::v1::{
    ListCheckpointsRequest, ListQuarantineRequest, ListRunsRequest, QuarantinedRecord, Run, StreamCheckpoint,
};
use futures::stream::Stream;
use tonic::Status;

use crate::Amber;

impl Amber {
    /// All runs, newest first; pages are fetched and repeated as [`Amber::posts`] does.
    ///
    /// ```no_run
    /// use amber_sdk::v1::ListRunsRequest;
    /// use futures::TryStreamExt;
    ///
    /// # async fn example(amber: amber_sdk::Amber) -> Result<(), tonic::Status> {
    /// let mut runs = std::pin::pin!(amber.runs(ListRunsRequest::default()));
    /// while let Some(run) = runs.try_next().await? {
    ///     println!("{}: {}", run.id, run.status().as_str_name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// An item is the [`Status`] of a page that failed for good; it is the last item.
    pub fn runs(&self, request: ListRunsRequest) -> impl Stream<Item = Result<Run, Status>> + Send + use<> {
        self.list(request.page_token.clone(), move |amber, page_token| {
            let request = ListRunsRequest { page_token, ..request.clone() };
            async move {
                let page = amber.ingestion().list_runs(request).await?.into_inner();
                Ok((page.runs, page.next_page_token))
            }
        })
    }

    /// How far each stream is read, by key; pages are fetched and repeated as [`Amber::posts`] does.
    ///
    /// ```no_run
    /// use amber_sdk::v1::{ListCheckpointsRequest, ResetCheckpointRequest};
    /// use futures::TryStreamExt;
    ///
    /// # async fn example(amber: amber_sdk::Amber) -> Result<(), tonic::Status> {
    /// let mut checkpoints = std::pin::pin!(amber.checkpoints(ListCheckpointsRequest::default()));
    /// while let Some(checkpoint) = checkpoints.try_next().await? {
    ///     println!("{} is read up to {}", checkpoint.key, checkpoint.high_water_mark);
    /// }
    /// // The next run reads this stream as a new one.
    /// amber.ingestion().reset_checkpoint(ResetCheckpointRequest { key: "x:ada".to_owned() }).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// An item is the [`Status`] of a page that failed for good; it is the last item.
    pub fn checkpoints(
        &self,
        request: ListCheckpointsRequest,
    ) -> impl Stream<Item = Result<StreamCheckpoint, Status>> + Send + use<> {
        self.list(request.page_token.clone(), move |amber, page_token| {
            let request = ListCheckpointsRequest { page_token, ..request.clone() };
            async move {
                let page = amber.ingestion().list_checkpoints(request).await?.into_inner();
                Ok((page.checkpoints, page.next_page_token))
            }
        })
    }

    /// All refused records that match, newest first; pages are fetched and repeated as [`Amber::posts`] does.
    ///
    /// ```no_run
    /// use amber_sdk::v1::{ListQuarantineRequest, QuarantineStatus, ReplayQuarantineRequest};
    /// use futures::TryStreamExt;
    ///
    /// # async fn example(amber: amber_sdk::Amber) -> Result<(), tonic::Status> {
    /// let open = ListQuarantineRequest { status: QuarantineStatus::Open.into(), ..Default::default() };
    /// let mut records = std::pin::pin!(amber.quarantine(open));
    /// while let Some(record) = records.try_next().await? {
    ///     println!("{} at {}: {}", record.raw, record.path, record.reason);
    ///     let again = ReplayQuarantineRequest { ids: vec![record.id], ..Default::default() };
    ///     amber.ingestion().replay_quarantine(again).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// An item is the [`Status`] of a page that failed for good; it is the last item.
    pub fn quarantine(
        &self,
        request: ListQuarantineRequest,
    ) -> impl Stream<Item = Result<QuarantinedRecord, Status>> + Send + use<> {
        self.list(request.page_token.clone(), move |amber, page_token| {
            let request = ListQuarantineRequest { page_token, ..request.clone() };
            async move {
                let page = amber.ingestion().list_quarantine(request).await?.into_inner();
                Ok((page.records, page.next_page_token))
            }
        })
    }
}
