//! From request headers to the caller.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tracing::error;

use super::clients::ENVIRONMENT_KEY_ID;
use super::{AdminTokens, Clients, Error, IssuedAdminToken, SecretDigest, api_key};
use crate::domain::{Principal, Role, Scope};

/// Tells who is calling.
#[derive(Debug)]
pub struct Authenticator {
    admin_tokens: AdminTokens,
    api_key: Option<SecretDigest>,
    bootstrap: Option<SecretDigest>,
    metrics: Option<SecretDigest>,
    clients: Arc<Clients>,
}

impl Authenticator {
    /// Accepts admin tokens, `api_key` with every scope and the keys of `clients`, and issues admin tokens for `bootstrap`.
    #[must_use]
    pub fn new(
        admin_tokens: AdminTokens,
        api_key: Option<&SecretString>,
        bootstrap: Option<&SecretString>,
        clients: Arc<Clients>,
    ) -> Self {
        let digest = |secret: Option<&SecretString>| secret.map(SecretDigest::of);
        Self { admin_tokens, api_key: digest(api_key), bootstrap: digest(bootstrap), metrics: None, clients }
    }

    /// Accepts `token` as well, from programs that collect metrics.
    #[must_use]
    pub fn with_scraper(self, token: Option<&SecretString>) -> Self {
        Self { metrics: token.map(SecretDigest::of), ..self }
    }

    /// Reads the values of `Authorization` and `X-API-Key`; a header that was not sent is None.
    ///
    /// # Errors
    /// A credential that was sent is either right or an error, never ignored: [`Error::CredentialInvalid`],
    /// [`Error::CredentialExpired`], [`Error::CredentialAmbiguous`]; [`Error::DatabaseUnavailable`] when that cannot be told.
    pub async fn authenticate(&self, authorization: Option<&str>, x_api_key: Option<&str>) -> Result<Principal, Error> {
        match (authorization, x_api_key) {
            (None, None) => Ok(Principal::Anonymous),
            (Some(_), Some(_)) => Err(Error::CredentialAmbiguous),
            (None, Some(key)) => self.api_key(key.trim()).await,
            (Some(value), None) => {
                let credential = bearer(value).ok_or(Error::CredentialInvalid)?;
                if self.metrics.as_ref().is_some_and(|token| token.matches(credential)) {
                    return Ok(Principal::Scraper);
                }
                // No token begins as keys do: the first dot of a token comes after a JSON object in base64.
                if credential.starts_with(api_key::PREFIX) {
                    return self.api_key(credential).await;
                }
                match self.environment_key(credential) {
                    Some(caller) => Ok(caller),
                    None => self.admin_tokens.verify(credential),
                }
            }
        }
    }

    /// Writes down which API keys were used since the last call.
    pub async fn write_uses(&self) {
        self.clients.write_uses().await;
    }

    /// Checks the secret with which the first admin token is asked for.
    ///
    /// # Errors
    /// [`Error::BootstrapDisabled`], [`Error::CredentialInvalid`].
    pub fn check_bootstrap(&self, secret: &SecretString) -> Result<(), Error> {
        let expected = self.bootstrap.as_ref().ok_or(Error::BootstrapDisabled)?;
        if !expected.matches(secret.expose_secret()) {
            return Err(Error::CredentialInvalid);
        }
        Ok(())
    }

    /// The longest life of an admin token.
    #[must_use]
    pub fn admin_token_ttl(&self) -> Duration {
        self.admin_tokens.ttl()
    }

    /// Issues an admin token to whoever knows the bootstrap secret, of use for `lifetime` at most.
    ///
    /// # Errors
    /// As [`Self::check_bootstrap`]; then [`Error::AdminIdInvalid`].
    pub fn issue_admin_token(
        &self,
        admin_id: &str,
        role: Role,
        secret: &SecretString,
        lifetime: Duration,
    ) -> Result<IssuedAdminToken, Error> {
        self.check_bootstrap(secret)?;
        self.admin_tokens.issue(admin_id, role, lifetime)
    }

    /// The key of the environment needs no database.
    async fn api_key(&self, candidate: &str) -> Result<Principal, Error> {
        if let Some(caller) = self.environment_key(candidate) {
            return Ok(caller);
        }
        let found = self.clients.authenticate(candidate).await.map_err(|error| {
            error!(%error, cause = ?error, "An API key could not be checked: {error}.");
            Error::DatabaseUnavailable
        })?;
        found.ok_or(Error::CredentialInvalid)
    }

    /// The caller with the key of the environment; None when this is another credential.
    fn environment_key(&self, candidate: &str) -> Option<Principal> {
        self.api_key.as_ref().filter(|key| key.matches(candidate))?;
        Some(Principal::Key { id: ENVIRONMENT_KEY_ID.to_owned(), scopes: Scope::ALL.to_vec() })
    }
}

/// Lets callers with `needed` or a higher role pass.
///
/// # Errors
/// [`Error::CredentialMissing`] for an anonymous caller, [`Error::RoleMissing`] for any other.
pub fn require_role(principal: &Principal, needed: Role) -> Result<(), Error> {
    match principal {
        Principal::Anonymous => Err(Error::CredentialMissing),
        known if known.has_role(needed) => Ok(()),
        _ => Err(Error::RoleMissing { needed }),
    }
}

/// Lets admins and keys with the scope `needed` pass.
///
/// # Errors
/// [`Error::CredentialMissing`] for an anonymous caller, [`Error::ScopeMissing`] for any other.
pub fn require_scope(principal: &Principal, needed: Scope) -> Result<(), Error> {
    match principal {
        Principal::Anonymous => Err(Error::CredentialMissing),
        known if known.has_scope(needed) => Ok(()),
        _ => Err(Error::ScopeMissing { needed }),
    }
}

/// The credential of a `Bearer` header; the scheme is read without regard to case (RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, credential) = value.trim().split_once(' ')?;
    let credential = credential.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !credential.is_empty()).then_some(credential)
}
