//! From request headers to the caller.

use secrecy::{ExposeSecret, SecretString};

use super::{AdminTokens, Error, IssuedAdminToken, SecretDigest};
use crate::domain::{Principal, Role, Scope};

/// The public id of the API key that the environment sets.
const ENVIRONMENT_KEY_ID: &str = "admin";

/// Tells who is calling.
#[derive(Debug)]
pub struct Authenticator {
    admin_tokens: AdminTokens,
    api_key: Option<SecretDigest>,
    bootstrap: Option<SecretDigest>,
}

impl Authenticator {
    /// Accepts admin tokens, `api_key` with every scope, and issues admin tokens for `bootstrap`.
    #[must_use]
    pub fn new(admin_tokens: AdminTokens, api_key: Option<&SecretString>, bootstrap: Option<&SecretString>) -> Self {
        let digest = |secret: Option<&SecretString>| secret.map(SecretDigest::of);
        Self { admin_tokens, api_key: digest(api_key), bootstrap: digest(bootstrap) }
    }

    /// Reads the values of `Authorization` and `X-API-Key`; a header that was not sent is None.
    ///
    /// # Errors
    /// A credential that was sent is either right or an error, never ignored: [`Error::CredentialInvalid`],
    /// [`Error::CredentialExpired`], [`Error::CredentialAmbiguous`].
    pub fn authenticate(&self, authorization: Option<&str>, x_api_key: Option<&str>) -> Result<Principal, Error> {
        match (authorization, x_api_key) {
            (None, None) => Ok(Principal::Anonymous),
            (Some(_), Some(_)) => Err(Error::CredentialAmbiguous),
            (None, Some(key)) => self.api_key(key.trim()).ok_or(Error::CredentialInvalid),
            (Some(value), None) => {
                let credential = bearer(value).ok_or(Error::CredentialInvalid)?;
                self.api_key(credential).map_or_else(|| self.admin_tokens.verify(credential), Ok)
            }
        }
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

    /// Issues an admin token to whoever knows the bootstrap secret.
    ///
    /// # Errors
    /// As [`Self::check_bootstrap`]; then [`Error::AdminIdInvalid`].
    pub fn issue_admin_token(
        &self,
        admin_id: &str,
        role: Role,
        secret: &SecretString,
    ) -> Result<IssuedAdminToken, Error> {
        self.check_bootstrap(secret)?;
        self.admin_tokens.issue(admin_id, role)
    }

    fn api_key(&self, candidate: &str) -> Option<Principal> {
        let known = self.api_key.as_ref().is_some_and(|key| key.matches(candidate));
        known.then(|| Principal::Key {
            id: ENVIRONMENT_KEY_ID.to_owned(),
            scopes: vec![Scope::EmbedIssue, Scope::DashboardRead],
        })
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
