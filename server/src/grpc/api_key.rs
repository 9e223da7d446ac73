//! The API keys by gRPC.

use amber_proto::v1;
use amber_proto::v1::api_key_service_server as contract;
use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert;
use crate::usecase::{ApiKeys, UseCases};

/// Serves `amber.v1.ApiKeyService`.
pub(super) struct ApiKeyService {
    pub(super) use_cases: UseCases,
}

#[tonic::async_trait]
impl contract::ApiKeyService for ApiKeyService {
    async fn create_api_key(
        &self,
        request: Request<v1::CreateApiKeyRequest>,
    ) -> Result<Response<v1::CreateApiKeyResponse>, Status> {
        let (call, asked) = Call::split(request);
        let asked = convert::asked_key(asked).map_err(call.refusal())?;
        let issued = self.use_cases.api_keys.create(&call.caller, asked).await;
        issued.map(|issued| Response::new(convert::issued_key(issued))).map_err(call.refusal())
    }

    async fn list_api_keys(
        &self,
        request: Request<v1::ListApiKeysRequest>,
    ) -> Result<Response<v1::ListApiKeysResponse>, Status> {
        let (call, asked) = Call::split(request);
        let size = convert::page_size(asked.page_size, ApiKeys::DEFAULT_PAGE_SIZE).map_err(call.refusal())?;
        let page = self.use_cases.api_keys.list(&call.caller, size, &asked.page_token).await;
        page.map(|page| Response::new(convert::api_key_page(page))).map_err(call.refusal())
    }

    async fn revoke_api_key(
        &self,
        request: Request<v1::RevokeApiKeyRequest>,
    ) -> Result<Response<v1::RevokeApiKeyResponse>, Status> {
        let (call, asked) = Call::split(request);
        let revoked = self.use_cases.api_keys.revoke(&call.caller, &asked.api_key_id).await;
        let api_key = revoked.map(convert::api_key).map_err(call.refusal())?;
        Ok(Response::new(v1::RevokeApiKeyResponse { api_key: Some(api_key) }))
    }
}
