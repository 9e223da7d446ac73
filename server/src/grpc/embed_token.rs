//! Embed tokens by gRPC.

use amber_proto::v1;
use amber_proto::v1::embed_token_service_server as contract;
use secrecy::{ExposeSecret, SecretString};
use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert;
use crate::embed::Embedder;
use crate::usecase::{EmbedTokens, UseCases};

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
        let issued = self.use_cases.embed_tokens.issue(&call.caller, asked, call.network).await;
        issued.map(|issued| Response::new(convert::issued_token(issued))).map_err(call.refusal())
    }

    async fn validate_embed_token(
        &self,
        request: Request<v1::ValidateEmbedTokenRequest>,
    ) -> Result<Response<v1::ValidateEmbedTokenResponse>, Status> {
        let (call, v1::ValidateEmbedTokenRequest { token, origin, consume }) = Call::split(request);
        let token = SecretString::from(token);
        let tokens = &self.use_cases.embed_tokens;
        let checked = tokens.validate(&call.caller, token.expose_secret(), &origin, consume, call.network).await;
        checked.map(|outcome| Response::new(convert::checked_token(outcome))).map_err(call.refusal())
    }

    async fn redeem_embed_token(
        &self,
        request: Request<v1::RedeemEmbedTokenRequest>,
    ) -> Result<Response<v1::RedeemEmbedTokenResponse>, Status> {
        let (call, v1::RedeemEmbedTokenRequest { token, dashboard_id, origin }) = Call::split(request);
        let (token, tokens) = (SecretString::from(token), &self.use_cases.embed_tokens);
        tokens.require_enabled().map_err(call.refusal())?;
        let embedder = Embedder::of_origin(Some(&origin));
        let opened = tokens.redeem(token.expose_secret(), &dashboard_id, &embedder, call.network).await;
        let opened = opened.map_err(|refusal| call.refusal()(refusal.error.into()))?;
        Ok(Response::new(convert::opened_session(opened)))
    }

    async fn renew_embed_session(
        &self,
        request: Request<v1::RenewEmbedSessionRequest>,
    ) -> Result<Response<v1::RenewEmbedSessionResponse>, Status> {
        let (call, v1::RenewEmbedSessionRequest { session, token }) = Call::split(request);
        let (session, token) = (SecretString::from(session), SecretString::from(token));
        let tokens = &self.use_cases.embed_tokens;
        tokens.require_enabled().map_err(call.refusal())?;
        let renewed = tokens.renew(session.expose_secret(), token.expose_secret(), call.network).await;
        let renewed = renewed.map_err(|refusal| call.refusal()(refusal.error.into()))?;
        Ok(Response::new(convert::renewed_session(&renewed)))
    }

    async fn revoke_embed_tokens(
        &self,
        request: Request<v1::RevokeEmbedTokensRequest>,
    ) -> Result<Response<v1::RevokeEmbedTokensResponse>, Status> {
        let (call, asked) = Call::split(request);
        let asked = convert::asked_revocation(asked);
        let until = self.use_cases.embed_tokens.revoke(&call.caller, &asked, call.network).await;
        until.map(|until| Response::new(convert::revoked(until))).map_err(call.refusal())
    }

    async fn list_embed_keys(
        &self,
        request: Request<v1::ListEmbedKeysRequest>,
    ) -> Result<Response<v1::ListEmbedKeysResponse>, Status> {
        let (call, v1::ListEmbedKeysRequest {}) = Call::split(request);
        let ids = self.use_cases.embed_tokens.key_ids(&call.caller).map_err(call.refusal())?;
        Ok(Response::new(convert::embed_keys(&ids)))
    }

    async fn list_embed_audit_events(
        &self,
        request: Request<v1::ListEmbedAuditEventsRequest>,
    ) -> Result<Response<v1::ListEmbedAuditEventsResponse>, Status> {
        let (call, asked) = Call::split(request);
        let tokens = &self.use_cases.embed_tokens;
        let size = convert::page_size(asked.page_size, EmbedTokens::DEFAULT_PAGE_SIZE).map_err(call.refusal())?;
        let page_token = asked.page_token.clone();
        let query = convert::asked_audit(asked).map_err(call.refusal())?;
        let page = tokens.events(&call.caller, query, size, &page_token).await;
        page.map(|page| Response::new(convert::audit_page(page))).map_err(call.refusal())
    }
}
