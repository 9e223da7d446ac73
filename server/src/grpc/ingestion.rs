//! The runs by gRPC.

use std::pin::Pin;

use amber_proto::v1;
use amber_proto::v1::ingestion_service_server as contract;
use futures::{Stream, StreamExt};
use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert;
use crate::usecase::{Checkpoints, Quarantine, Runs, Trigger, UseCases};

/// The states of a run, until it is over.
type States = Pin<Box<dyn Stream<Item = Result<v1::WatchRunResponse, Status>> + Send>>;

/// Serves `amber.v1.IngestionService`.
pub(super) struct IngestionService {
    pub(super) use_cases: UseCases,
}

#[tonic::async_trait]
impl contract::IngestionService for IngestionService {
    async fn trigger_ingestion(
        &self,
        request: Request<v1::TriggerIngestionRequest>,
    ) -> Result<Response<v1::TriggerIngestionResponse>, Status> {
        let (call, asked) = Call::split(request);
        let v1::TriggerIngestionRequest { backfill, dry_run, leader_ids } = asked;
        let trigger = Trigger { backfill, dry_run, leaders: leader_ids };
        let run = self.use_cases.runs.trigger(&call.caller, trigger).await.map_err(call.refusal())?;
        Ok(Response::new(v1::TriggerIngestionResponse { run_id: run.id.to_string() }))
    }

    async fn get_run(&self, request: Request<v1::GetRunRequest>) -> Result<Response<v1::GetRunResponse>, Status> {
        let (call, asked) = Call::split(request);
        let run = self.use_cases.runs.get(&call.caller, &asked.run_id).await.map_err(call.refusal())?;
        Ok(Response::new(v1::GetRunResponse { run: Some(convert::run(run)) }))
    }

    async fn get_ingestion_status(
        &self,
        request: Request<v1::GetIngestionStatusRequest>,
    ) -> Result<Response<v1::GetIngestionStatusResponse>, Status> {
        let (call, _) = Call::split(request);
        let status = self.use_cases.runs.status().await.map_err(call.refusal())?;
        Ok(Response::new(convert::ingestion_status(status)))
    }

    type WatchRunStream = States;

    async fn watch_run(&self, request: Request<v1::WatchRunRequest>) -> Result<Response<States>, Status> {
        let (call, asked) = Call::split(request);
        let after = u64::try_from(asked.after_seq).unwrap_or_default();
        let states = self.use_cases.runs.watch(&call.caller, &asked.run_id, after).map_err(call.refusal())?;
        let states = states.map(move |state| match state {
            Ok(run) => Ok(v1::WatchRunResponse { run: Some(convert::run(run)) }),
            Err(error) => Err(call.refusal()(error)),
        });
        Ok(Response::new(Box::pin(states)))
    }

    async fn list_runs(&self, request: Request<v1::ListRunsRequest>) -> Result<Response<v1::ListRunsResponse>, Status> {
        let (call, asked) = Call::split(request);
        let size = convert::page_size(asked.page_size, Runs::DEFAULT_PAGE_SIZE).map_err(call.refusal())?;
        let page = self.use_cases.runs.list(&call.caller, size, &asked.page_token).await.map_err(call.refusal())?;
        Ok(Response::new(convert::run_page(page)))
    }

    async fn cancel_run(
        &self,
        request: Request<v1::CancelRunRequest>,
    ) -> Result<Response<v1::CancelRunResponse>, Status> {
        let (call, asked) = Call::split(request);
        let run = self.use_cases.runs.cancel(&call.caller, &asked.run_id).await.map_err(call.refusal())?;
        Ok(Response::new(v1::CancelRunResponse { run: Some(convert::run(run)) }))
    }

    async fn start_ingestion(
        &self,
        request: Request<v1::StartIngestionRequest>,
    ) -> Result<Response<v1::StartIngestionResponse>, Status> {
        let (call, _) = Call::split(request);
        let status = self.use_cases.runs.start(&call.caller).await.map_err(call.refusal())?;
        Ok(Response::new(convert::started_ingestion(status)))
    }

    async fn stop_ingestion(
        &self,
        request: Request<v1::StopIngestionRequest>,
    ) -> Result<Response<v1::StopIngestionResponse>, Status> {
        let (call, _) = Call::split(request);
        self.use_cases.runs.stop(&call.caller).await.map_err(call.refusal())?;
        Ok(Response::new(v1::StopIngestionResponse {}))
    }

    async fn list_checkpoints(
        &self,
        request: Request<v1::ListCheckpointsRequest>,
    ) -> Result<Response<v1::ListCheckpointsResponse>, Status> {
        let (call, asked) = Call::split(request);
        let size = convert::page_size(asked.page_size, Checkpoints::DEFAULT_PAGE_SIZE).map_err(call.refusal())?;
        let page = self.use_cases.checkpoints.list(&call.caller, size, &asked.page_token).await;
        Ok(Response::new(convert::checkpoint_page(page.map_err(call.refusal())?)))
    }

    async fn get_checkpoint(
        &self,
        request: Request<v1::GetCheckpointRequest>,
    ) -> Result<Response<v1::GetCheckpointResponse>, Status> {
        let (call, asked) = Call::split(request);
        let saved = self.use_cases.checkpoints.get(&call.caller, &asked.key).await.map_err(call.refusal())?;
        Ok(Response::new(v1::GetCheckpointResponse { checkpoint: Some(convert::checkpoint(&saved)) }))
    }

    async fn reset_checkpoint(
        &self,
        request: Request<v1::ResetCheckpointRequest>,
    ) -> Result<Response<v1::ResetCheckpointResponse>, Status> {
        let (call, asked) = Call::split(request);
        self.use_cases.checkpoints.reset(&call.caller, &asked.key).await.map_err(call.refusal())?;
        Ok(Response::new(v1::ResetCheckpointResponse {}))
    }

    async fn list_quarantine(
        &self,
        request: Request<v1::ListQuarantineRequest>,
    ) -> Result<Response<v1::ListQuarantineResponse>, Status> {
        let (call, asked) = Call::split(request);
        let size = convert::page_size(asked.page_size, Quarantine::DEFAULT_PAGE_SIZE).map_err(call.refusal())?;
        let query = convert::asked_records(asked.status, asked.leader_id).map_err(call.refusal())?;
        let page = self.use_cases.quarantine.list(&call.caller, &query, size, &asked.page_token).await;
        Ok(Response::new(convert::record_page(page.map_err(call.refusal())?)))
    }

    async fn replay_quarantine(
        &self,
        request: Request<v1::ReplayQuarantineRequest>,
    ) -> Result<Response<v1::ReplayQuarantineResponse>, Status> {
        let (call, asked) = Call::split(request);
        let v1::ReplayQuarantineRequest { ids, leader_id } = asked;
        let done = self.use_cases.quarantine.replay(&call.caller, &ids, &leader_id).await.map_err(call.refusal())?;
        Ok(Response::new(convert::replayed(done)))
    }

    async fn discard_quarantine(
        &self,
        request: Request<v1::DiscardQuarantineRequest>,
    ) -> Result<Response<v1::DiscardQuarantineResponse>, Status> {
        let (call, asked) = Call::split(request);
        let done = self.use_cases.quarantine.discard(&call.caller, &asked.ids).await.map_err(call.refusal())?;
        Ok(Response::new(convert::discarded(done)))
    }
}
