//! The runs by gRPC.

use amber_proto::v1;
use amber_proto::v1::ingestion_service_server as contract;
use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert;
use crate::usecase::{Trigger, UseCases};

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
        let ticket = self.use_cases.runs.trigger(&call.caller, trigger).await.map_err(call.refusal())?;
        Ok(Response::new(v1::TriggerIngestionResponse { run_id: ticket.run_id.to_string() }))
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
}
