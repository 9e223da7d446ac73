//! Admin tokens that renew themselves.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use amber_proto::v1::auth_service_client::AuthServiceClient;
use amber_proto::v1::{IssueAdminTokenRequest, Role};
use futures::future::{BoxFuture, FutureExt};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use tonic::Status;

use crate::{Connection, CredentialProvider, Credentials, retrying};

/// Who asks for admin tokens, and with what secret. The secret never appears in `Debug`.
#[derive(Clone, Debug)]
pub struct AdminLogin {
    admin_id: String,
    secret: SecretString,
    role: Role,
    lifetime: Option<Duration>,
}

impl AdminLogin {
    /// Asks as `admin_id`, the name in audits, with the bootstrap secret of the installation, for the role `ADMIN`.
    #[must_use]
    pub fn new(admin_id: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self { admin_id: admin_id.into(), secret: secret.into(), role: Role::Admin, lifetime: None }
    }

    /// Asks for another role: the least that does.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// Asks for tokens that live so long, at least a minute and no longer than the installation allows.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    fn request(&self) -> IssueAdminTokenRequest {
        let lifetime = self.lifetime.map(|lifetime| {
            // Beyond the range of the message the server refuses it anyway.
            prost_types::Duration { seconds: i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX), nanos: 0 }
        });
        IssueAdminTokenRequest {
            admin_id: self.admin_id.clone(),
            secret: self.secret.expose_secret().to_owned(),
            role: self.role.into(),
            lifetime,
        }
    }
}

/// Gives the token that is valid now, and gets the next one before it ends.
pub(crate) struct RenewingLogin {
    login: AdminLogin,
    /// Without a credential, for `IssueAdminToken` proves itself.
    connection: Connection,
    token: Mutex<Option<Token>>,
    /// Of all calls that find no fresh token, one asks for it.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Token {
    credentials: Credentials,
    /// After four fifths of its life the next one is asked for.
    renew_at: Instant,
    ends_at: Instant,
}

impl RenewingLogin {
    pub(crate) fn new(login: AdminLogin, connection: Connection) -> Self {
        Self { login, connection, token: Mutex::default(), asking: tokio::sync::Mutex::default() }
    }

    fn held(&self) -> Option<Token> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hold(&self, token: Option<Token>) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    async fn current(&self) -> Result<Credentials, Status> {
        if let Some(token) = self.held().filter(|token| Instant::now() < token.renew_at) {
            return Ok(token.credentials);
        }
        let _asking = self.asking.lock().await;
        let held = self.held();
        if let Some(token) = held.as_ref().filter(|token| Instant::now() < token.renew_at) {
            return Ok(token.credentials.clone());
        }
        match self.ask().await {
            Ok(token) => {
                self.hold(Some(token.clone()));
                Ok(token.credentials)
            }
            // The old one still does, and the next call asks again.
            Err(refusal) => {
                held.filter(|token| Instant::now() < token.ends_at).map(|token| token.credentials).ok_or(refusal)
            }
        }
    }

    async fn ask(&self) -> Result<Token, Status> {
        // Its life is counted from before the call, so it ends here a little earlier than there.
        let asked_at = Instant::now();
        // A token that was issued and got lost does no harm, so this may be repeated.
        let issued = retrying(&self.connection.retry, || {
            let mut auth = AuthServiceClient::new(self.connection.clone());
            let request = self.login.request();
            async move { auth.issue_admin_token(request).await }
        });
        let issued = issued.await?.into_inner();
        let life = issued.expires_in.map_or(0, |life| u64::try_from(life.seconds).unwrap_or_default());
        let life = Duration::from_secs(life);
        let credentials = Credentials::admin_jwt(issued.token);
        Ok(Token { credentials, renew_at: asked_at + life * 4 / 5, ends_at: asked_at + life })
    }
}

impl CredentialProvider for RenewingLogin {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, Status>> {
        self.current().boxed()
    }

    fn expired(&self) {
        self.hold(None);
    }
}
