//! Admin tokens by gRPC, and for whom the caller is taken.

use amber_proto::v1;
use amber_proto::v1::auth_service_server as contract;
use secrecy::SecretString;
use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert;
use crate::usecase::UseCases;

/// Serves `amber.v1.AuthService`.
pub(super) struct AuthService {
    pub(super) use_cases: UseCases,
}

#[tonic::async_trait]
impl contract::AuthService for AuthService {
    async fn issue_admin_token(
        &self,
        request: Request<v1::IssueAdminTokenRequest>,
    ) -> Result<Response<v1::IssueAdminTokenResponse>, Status> {
        let (call, asked) = Call::split(request);
        let role = convert::asked_role(asked.role).map_err(call.refusal())?;
        let lifetime = convert::asked_lifetime(asked.lifetime).map_err(call.refusal())?;
        let secret = SecretString::from(asked.secret);
        let accounts = &self.use_cases.accounts;
        let issued = accounts.issue_token(&asked.admin_id, role, &secret, lifetime).map_err(call.refusal())?;
        Ok(Response::new(convert::admin_token(&issued, role)))
    }

    /// The layers have found out all that there is to say.
    async fn who_am_i(&self, request: Request<v1::WhoAmIRequest>) -> Result<Response<v1::WhoAmIResponse>, Status> {
        let (call, _) = Call::split(request);
        Ok(Response::new(convert::who_am_i(call.caller)))
    }
}
