//! Embed tokens by gRPC.

use amber_proto::v1;
use amber_proto::v1::embed_token_service_server as contract;
use secrecy::{ExposeSecret, SecretString};
use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert;
use crate::usecase::UseCases;

/// Serves `amber.v1.EmbedTokenService`.
pub(super) struct EmbedTokenService {
    pub(super) use_cases: UseCases,
}

#[tonic::async_trait]
impl contract::EmbedTokenService for EmbedTokenService {
    async fn issue_embed_token(
        &self,
        request: Request<v1::IssueEmbedTokenRequest>,
    ) -> Result<Response<v1::IssueEmbedTokenResponse>, Status> {
        let (call, asked) = Call::split(request);
        let asked = convert::asked_token(asked).map_err(call.refusal())?;
        let issued = self.use_cases.embed_tokens.issue(&call.caller, asked).await.map_err(call.refusal())?;
        Ok(Response::new(convert::issued_token(issued)))
    }

    async fn validate_embed_token(
        &self,
        request: Request<v1::ValidateEmbedTokenRequest>,
    ) -> Result<Response<v1::ValidateEmbedTokenResponse>, Status> {
        let (call, asked) = Call::split(request);
        let token = SecretString::from(asked.token);
        let checked = self.use_cases.embed_tokens.validate(&call.caller, token.expose_secret(), &asked.origin).await;
        checked.map(|outcome| Response::new(convert::checked_token(outcome))).map_err(call.refusal())
    }

    async fn redeem_embed_token(
        &self,
        _request: Request<v1::RedeemEmbedTokenRequest>,
    ) -> Result<Response<v1::RedeemEmbedTokenResponse>, Status> {
        Err(Status::unimplemented("comes with the next commit"))
    }

    async fn renew_embed_session(
        &self,
        _request: Request<v1::RenewEmbedSessionRequest>,
    ) -> Result<Response<v1::RenewEmbedSessionResponse>, Status> {
        Err(Status::unimplemented("comes with the next commit"))
    }

    async fn revoke_embed_tokens(
        &self,
        _request: Request<v1::RevokeEmbedTokensRequest>,
    ) -> Result<Response<v1::RevokeEmbedTokensResponse>, Status> {
        Err(Status::unimplemented("comes with the next commit"))
    }

    async fn list_embed_keys(
        &self,
        _request: Request<v1::ListEmbedKeysRequest>,
    ) -> Result<Response<v1::ListEmbedKeysResponse>, Status> {
        Err(Status::unimplemented("comes with the next commit"))
    }

    async fn list_embed_audit_events(
        &self,
        _request: Request<v1::ListEmbedAuditEventsRequest>,
    ) -> Result<Response<v1::ListEmbedAuditEventsResponse>, Status> {
        Err(Status::unimplemented("comes with the next commit"))
    }
}
