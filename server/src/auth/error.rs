//! Why a caller is not let in.

use thiserror::Error;

use crate::domain::{Role, Scope};

/// Why a caller is not let in. No text holds any part of a credential.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The call needs a credential and has none.
    #[error("a credential is needed: send `Authorization: Bearer <admin token or API key>` or `X-API-Key`")]
    CredentialMissing,
    /// The credential is of no known form, unknown or forged.
    #[error("the credential is not valid: check that it is whole and belongs to this server")]
    CredentialInvalid,
    /// The admin token was right once.
    #[error("the admin token has expired: ask for a new one")]
    CredentialExpired,
    /// Whether the API key is right cannot be told now.
    #[error("the API key cannot be checked, because the database is not available; try again in a moment")]
    DatabaseUnavailable,
    /// `Authorization` and `X-API-Key` were both sent.
    #[error("two credentials were sent: send either `Authorization` or `X-API-Key`")]
    CredentialAmbiguous,
    /// The caller is known but holds no such role.
    #[error("this needs the role {}", .needed.as_str())]
    RoleMissing {
        /// The lowest role that would do.
        needed: Role,
    },
    /// The caller is known but its key holds no such scope.
    #[error("this needs the scope {}", .needed.as_str())]
    ScopeMissing {
        /// The scope that would do.
        needed: Scope,
    },
    /// No bootstrap secret is set, so no admin token can be asked for.
    #[error("admin tokens cannot be asked for: set ADMIN_BOOTSTRAP_SECRET and restart")]
    BootstrapDisabled,
    /// The id of the person is empty, too long or holds control characters.
    #[error("the admin id must be 1 to 128 bytes long and hold no control characters")]
    AdminIdInvalid,
    /// A signing secret is too short to start with.
    #[error("a signing secret must be at least {} bytes long", super::jws::MacKey::MIN_BYTES)]
    SecretTooShort,
}

impl Error {
    /// The reason in answers, logs and metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::CredentialMissing => "CREDENTIAL_MISSING",
            Self::CredentialInvalid => "CREDENTIAL_INVALID",
            Self::CredentialExpired => "CREDENTIAL_EXPIRED",
            Self::DatabaseUnavailable => "DATABASE_UNAVAILABLE",
            Self::CredentialAmbiguous => "CREDENTIAL_AMBIGUOUS",
            Self::RoleMissing { .. } => "ROLE_MISSING",
            Self::ScopeMissing { .. } => "SCOPE_MISSING",
            Self::BootstrapDisabled => "BOOTSTRAP_DISABLED",
            Self::AdminIdInvalid => "FIELD_INVALID",
            Self::SecretTooShort => "SECRET_TOO_SHORT",
        }
    }
}
