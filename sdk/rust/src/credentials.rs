//! What a caller shows to prove itself.

use secrecy::{ExposeSecret, SecretString};
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
