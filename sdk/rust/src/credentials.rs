//! What a caller shows to prove itself.

use futures::future::{BoxFuture, FutureExt, ready};
use secrecy::{ExposeSecret, SecretString};
use tonic::Status;
use tonic::metadata::{Ascii, MetadataValue};

use crate::Error;

/// What a caller shows to prove itself. The value never appears in `Debug`.
#[derive(Clone, Debug, Default)]
pub enum Credentials {
    /// Nothing: the caller is anonymous and may only read what anyone may read.
    #[default]
    None,
    /// An API key, whose scopes say what it may do.
    ApiKey(SecretString),
    /// An admin token from `AuthService.IssueAdminToken`, whose role says what it may do.
    AdminJwt(SecretString),
}

impl Credentials {
    /// Credentials of a service with an API key.
    #[must_use]
    pub fn api_key(key: impl Into<SecretString>) -> Self {
        Self::ApiKey(key.into())
    }

    /// Credentials of a person or service with an admin token.
    #[must_use]
    pub fn admin_jwt(token: impl Into<SecretString>) -> Self {
        Self::AdminJwt(token.into())
    }

    /// The value of the metadata `authorization`, marked as sensitive.
    pub(crate) fn authorization(&self) -> Result<Option<MetadataValue<Ascii>>, Error> {
        let (Self::ApiKey(secret) | Self::AdminJwt(secret)) = self else { return Ok(None) };
        let secret = secret.expose_secret();
        if secret.trim().is_empty() {
            return Err(Error::Credential);
        }
        let mut value: MetadataValue<Ascii> =
            format!("Bearer {secret}").parse().map_err(|_unspeakable| Error::Credential)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// Gives the credential for each call: from a secret store, from a file that is rotated, or from another service.
///
/// ```
/// use amber_sdk::{CredentialProvider, Credentials};
/// use futures::future::BoxFuture;
///
/// /// A key in a file that somebody else keeps fresh.
/// struct KeyFile(std::path::PathBuf);
///
/// impl CredentialProvider for KeyFile {
///     fn credentials(&self) -> BoxFuture<'_, Result<Credentials, tonic::Status>> {
///         Box::pin(async {
///             let key = tokio::fs::read_to_string(&self.0).await;
///             let key = key.map_err(|error| tonic::Status::unavailable(error.to_string()))?;
///             Ok(Credentials::api_key(key.trim()))
///         })
///     }
/// }
/// ```
pub trait CredentialProvider: Send + Sync + 'static {
    /// The credential that is valid now. It is asked for each call, so a provider keeps what is costly to get.
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, Status>>;

    /// The server says that the credential has expired: the call is repeated once, with what comes next.
    fn expired(&self) {}
}

impl CredentialProvider for Credentials {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, Status>> {
        ready(Ok(self.clone())).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_travel_as_a_bearer_value() {
        for credentials in [Credentials::api_key("abc"), Credentials::admin_jwt("abc")] {
            let value = credentials.authorization().expect("a plain key can be sent").expect("there is a credential");
            assert_eq!(value.as_bytes(), b"Bearer abc");
            assert!(value.is_sensitive());
        }
        assert!(Credentials::None.authorization().expect("nothing can be wrong with nothing").is_none());
    }

    #[test]
    fn a_value_that_cannot_be_sent_is_refused_without_showing_it() {
        for bad in ["", "  ", "a\nb", "a\u{0}b"] {
            let error = Credentials::api_key(bad).authorization().expect_err("must be refused");
            assert!(matches!(error, Error::Credential));
        }
        assert!(!format!("{:?}", Credentials::api_key("abc")).contains("abc"));
    }
}
