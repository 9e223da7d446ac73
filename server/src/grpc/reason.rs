//! The documented reason of every error, for both adapters.

use amber_proto::v1::ErrorReason;

use crate::usecase::{Error, Missing};
use crate::{auth, embed, store};

/// The reason for which a call is refused.
#[must_use]
pub fn reason(error: &Error) -> ErrorReason {
    match error {
        Error::Auth(error) => of_auth(error),
        Error::Embed(error) => of_embed(error),
        Error::Invalid(_) => ErrorReason::FieldInvalid,
        Error::OriginInvalid { .. } => ErrorReason::OriginInvalid,
        Error::PageToken => ErrorReason::PageTokenInvalid,
        Error::ResumeToken => ErrorReason::ResumeTokenInvalid,
        Error::ResumeTokenExpired => ErrorReason::ResumeTokenExpired,
        Error::TooSlow => ErrorReason::WatcherTooSlow,
        Error::NotFound(Missing::Leader) => ErrorReason::LeaderNotFound,
        Error::NotFound(Missing::Post) => ErrorReason::PostNotFound,
        Error::NotFound(Missing::Run) => ErrorReason::RunNotFound,
        Error::NotFound(Missing::Checkpoint) => ErrorReason::CheckpointNotFound,
        Error::NotFound(Missing::Dashboard) => ErrorReason::DashboardNotFound,
        Error::NotFound(Missing::ApiKey) => ErrorReason::ApiKeyNotFound,
        Error::NotFound(Missing::ReviewItem) => ErrorReason::ReviewItemNotFound,
        Error::PostNotEditable => ErrorReason::PostNotEditable,
        Error::RecordInvalid(_) => ErrorReason::RecordInvalid,
        Error::DashboardExists => ErrorReason::DashboardExists,
        Error::DashboardChanged => ErrorReason::DashboardChanged,
        Error::Disabled(_) => ErrorReason::FeatureDisabled,
        Error::Busy(_) => ErrorReason::RunActive,
        Error::TooManyWatchers(_) => ErrorReason::TooManyWatchers,
        Error::Stopping => ErrorReason::ShuttingDown,
        Error::StillRunning(_) => ErrorReason::RunUnfinished,
        Error::Unreadable(_) => ErrorReason::XUnavailable,
        Error::Checkpoints(_) => ErrorReason::CheckpointsUnavailable,
        Error::Store(error) => of_store(error),
    }
}

/// The reason for which a caller is not let in.
#[must_use]
pub fn of_auth(error: &auth::Error) -> ErrorReason {
    match error {
        auth::Error::CredentialMissing => ErrorReason::CredentialMissing,
        auth::Error::CredentialInvalid => ErrorReason::CredentialInvalid,
        auth::Error::CredentialExpired => ErrorReason::CredentialExpired,
        auth::Error::DatabaseUnavailable => ErrorReason::DatabaseUnavailable,
        auth::Error::CredentialAmbiguous => ErrorReason::CredentialAmbiguous,
        auth::Error::RoleMissing { .. } => ErrorReason::RoleMissing,
        auth::Error::ScopeMissing { .. } => ErrorReason::ScopeMissing,
        auth::Error::BootstrapDisabled => ErrorReason::FeatureDisabled,
        auth::Error::AdminIdInvalid => ErrorReason::FieldInvalid,
        // Only a start can find this; no caller can cause it.
        auth::Error::SecretTooShort => ErrorReason::Internal,
    }
}

/// The reason for which an embed token is not issued or not accepted.
#[must_use]
pub fn of_embed(error: &embed::Error) -> ErrorReason {
    match error {
        embed::Error::TokenMalformed => ErrorReason::TokenMalformed,
        embed::Error::TokenBadSignature => ErrorReason::TokenBadSignature,
        embed::Error::TokenWrongAudience => ErrorReason::TokenWrongAudience,
        embed::Error::TokenExpired { .. } => ErrorReason::TokenExpired,
        embed::Error::TokenNotYetValid { .. } => ErrorReason::TokenNotYetValid,
        embed::Error::TokenReplayed => ErrorReason::TokenReplayed,
        embed::Error::TokenRevoked => ErrorReason::TokenRevoked,
        embed::Error::SessionEnded => ErrorReason::SessionEnded,
        embed::Error::DashboardNotFound => ErrorReason::DashboardNotFound,
        embed::Error::WrongDashboard => ErrorReason::WrongDashboard,
        embed::Error::OriginNotAllowed => ErrorReason::OriginNotAllowed,
        embed::Error::OriginUnknown => ErrorReason::OriginUnknown,
        embed::Error::OriginNotRegistered { .. } => ErrorReason::OriginNotRegistered,
        embed::Error::OriginInvalid(_) => ErrorReason::OriginInvalid,
        embed::Error::TtlTooLong { .. } => ErrorReason::TtlTooLong,
        embed::Error::FieldInvalid { .. } => ErrorReason::FieldInvalid,
        embed::Error::ReplayStoreUnavailable => ErrorReason::ReplayStoreUnavailable,
    }
}

fn of_store(error: &store::Error) -> ErrorReason {
    match error {
        store::Error::Unavailable { .. } => ErrorReason::DatabaseUnavailable,
        store::Error::Fenced { .. }
        | store::Error::LeaseLost { .. }
        | store::Error::Conflict { .. }
        | store::Error::Unbalanced { .. }
        | store::Error::Corrupt { .. }
        | store::Error::BadUrl { .. }
        | store::Error::InUse { .. }
        | store::Error::Internal { .. } => ErrorReason::Internal,
    }
}
