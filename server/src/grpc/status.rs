//! The only place that makes a [`Status`]: code, reason, bad fields and how long to wait, by the rich error model
//! (`google/rpc/error_details.proto`).

use std::collections::HashMap;
use std::time::Duration;

use amber_proto::ERROR_DOMAIN;
use amber_proto::v1::ErrorReason;
use http::HeaderMap;
use jiff::Timestamp;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};
use tracing::error;

use super::quota;
use super::reason::reason;
use crate::rate_limit::Decision;
use crate::telemetry::RequestId;
use crate::usecase::Error;
use crate::{auth, embed};

#[cfg(test)]
mod tests;

/// What callers are told of a bug.
const INTERNAL: &str = "something went wrong here; the error id finds it in the logs";

/// The longest text of a refusal, in bytes: trailers are small, and some texts quote the caller.
const MAX_TEXT: usize = 512;

/// The refusal of a call. A bug is logged here, and only the id of the request leaves, as `error_id`.
#[must_use]
pub fn status(error: &Error, request_id: Option<&RequestId>) -> Status {
    let reason = reason(error);
    let Particulars { violations, mut metadata } = Particulars::of(error);
    if let Some(first) = violations.first() {
        metadata.insert("field", first.field.clone());
    }
    let message = if reason == ErrorReason::Internal {
        let error_id = request_id.map_or("unknown", RequestId::as_str);
        metadata.insert("error_id", error_id.to_owned());
        error!(error_id, ?error, "The call {error_id} failed for an internal error.");
        INTERNAL.to_owned()
    } else {
        bounded(error.to_string())
    };
    let mut details = details(reason, metadata);
    if !violations.is_empty() {
        details.set_bad_request(violations);
    }
    if let Some(wait) = error.retry_after() {
        details.set_retry_info(Some(wait));
    }
    Status::with_error_details(code(reason), message, details)
}

/// The answer for a call that panicked.
#[must_use]
pub fn defect(request_id: Option<&RequestId>) -> Status {
    let error_id = request_id.map_or("unknown", RequestId::as_str).to_owned();
    let details = details(ErrorReason::Internal, HashMap::from([("error_id", error_id)]));
    Status::with_error_details(code(ErrorReason::Internal), INTERNAL, details)
}

/// The refusal of a caller whose credential was not accepted.
#[must_use]
pub fn unauthenticated(error: &auth::Error) -> Status {
    status(&Error::Auth(error.clone()), None)
}

/// The refusal of a caller who asked too much, with the metadata that the HTTP headers of the same name carry. `unit`,
/// evenly distributed in `0.0..1.0`, spreads the return of callers that go by `grpc-retry-pushback-ms`.
#[must_use]
pub fn refused(decision: &Decision, now: Timestamp, unit: f64) -> Status {
    let wait = quota::wait_seconds(decision);
    let message = format!("too many calls: at most {} at once; try again in {wait} seconds", decision.limit);
    let policy = decision.policy.as_str();
    let facts = HashMap::from([("limit", decision.limit.to_string()), ("policy", policy.to_owned())]);
    let mut details = details(ErrorReason::RateLimited, facts);
    details.set_retry_info(Some(Duration::from_secs(wait)));
    details.add_quota_failure_violation(policy, message.clone());
    let mut headers: HeaderMap = quota::headers(decision, now).into_iter().collect();
    headers.insert("retry-after", wait.into());
    headers.insert("grpc-retry-pushback-ms", quota::pushback(decision, unit).into());
    let code = code(ErrorReason::RateLimited);
    Status::with_error_details_and_metadata(code, message, details, MetadataMap::from_headers(headers))
}

/// What the caller is told when the transport, which knows no reasons, refused a message; None when its code says enough.
#[must_use]
pub fn explained(by_transport: Code) -> Option<Status> {
    let (reason, message) = match by_transport {
        Code::Internal => {
            let rule = "the message cannot be read: send the one that the contract names for this method";
            (ErrorReason::FieldInvalid, rule)
        }
        Code::OutOfRange => (ErrorReason::BodyTooLarge, "the message is longer than 1 MiB: send less at a time"),
        Code::Unimplemented => (ErrorReason::EncodingUnsupported, "the message is compressed: send it as it is"),
        _ => return None,
    };
    Some(plain(reason, message))
}

/// The refusal of a method that is not of the contract.
#[must_use]
pub fn no_such_method() -> Status {
    plain(ErrorReason::MethodUnknown, "there is no such method: reflection and the contract list those that are")
}

/// A refusal that needs no facts.
fn plain(reason: ErrorReason, message: &str) -> Status {
    Status::with_error_details(code(reason), message, details(reason, HashMap::new()))
}

fn details(reason: ErrorReason, metadata: HashMap<&'static str, String>) -> ErrorDetails {
    let metadata: HashMap<String, String> =
        metadata.into_iter().map(|(key, value)| (key.to_owned(), bounded(value))).collect();
    ErrorDetails::with_error_info(reason.wire_name(), ERROR_DOMAIN, metadata)
}

/// The one code of each reason, as the contract documents it.
fn code(reason: ErrorReason) -> Code {
    match reason {
        ErrorReason::TokenMalformed
        | ErrorReason::TokenBadSignature
        | ErrorReason::TokenWrongAudience
        | ErrorReason::TokenExpired
        | ErrorReason::TokenNotYetValid
        | ErrorReason::TokenReplayed
        | ErrorReason::SessionEnded
        | ErrorReason::CredentialMissing
        | ErrorReason::CredentialInvalid
        | ErrorReason::CredentialExpired
        | ErrorReason::CredentialAmbiguous => Code::Unauthenticated,
        ErrorReason::TokenRevoked
        | ErrorReason::OriginNotAllowed
        | ErrorReason::OriginUnknown
        | ErrorReason::OriginNotRegistered
        | ErrorReason::ScopeMissing
        | ErrorReason::RoleMissing => Code::PermissionDenied,
        ErrorReason::OriginInvalid
        | ErrorReason::TtlTooLong
        | ErrorReason::FieldInvalid
        | ErrorReason::PageTokenInvalid
        | ErrorReason::ResumeTokenInvalid => Code::InvalidArgument,
        ErrorReason::WrongDashboard
        | ErrorReason::DashboardNotFound
        | ErrorReason::ApiKeyNotFound
        | ErrorReason::LeaderNotFound
        | ErrorReason::PostNotFound
        | ErrorReason::ReviewItemNotFound
        | ErrorReason::RunNotFound
        | ErrorReason::CheckpointNotFound => Code::NotFound,
        ErrorReason::RunActive
        | ErrorReason::FeatureDisabled
        | ErrorReason::PostNotEditable
        | ErrorReason::RecordInvalid => Code::FailedPrecondition,
        ErrorReason::DashboardExists => Code::AlreadyExists,
        ErrorReason::DashboardChanged | ErrorReason::WatcherTooSlow => Code::Aborted,
        ErrorReason::RunUnfinished => Code::DeadlineExceeded,
        ErrorReason::RateLimited | ErrorReason::TooManyWatchers => Code::ResourceExhausted,
        ErrorReason::BodyTooLarge | ErrorReason::ResumeTokenExpired => Code::OutOfRange,
        ErrorReason::ReplayStoreUnavailable
        | ErrorReason::DatabaseUnavailable
        | ErrorReason::CheckpointsUnavailable
        | ErrorReason::ShuttingDown
        | ErrorReason::XUnavailable => Code::Unavailable,
        ErrorReason::MethodUnknown | ErrorReason::EncodingUnsupported => Code::Unimplemented,
        ErrorReason::Internal | ErrorReason::Unspecified => Code::Internal,
    }
}

/// What an error tells beside its reason.
#[derive(Default)]
struct Particulars {
    violations: Vec<FieldViolation>,
    metadata: HashMap<&'static str, String>,
}

impl Particulars {
    fn of(error: &Error) -> Self {
        match error {
            Error::Auth(error) => Self::of_auth(error),
            Error::Embed(error) => Self::of_embed(error),
            Error::Invalid(violations) => Self {
                violations: violations.iter().map(|bad| violation(&bad.field, bad.description.clone())).collect(),
                metadata: HashMap::new(),
            },
            Error::OriginInvalid { field, .. } => Self::field(field, error.to_string()),
            Error::PageToken => Self::field("page_token", error.to_string()),
            Error::ResumeToken => Self::field("resume_token", error.to_string()),
            Error::Busy(waiting) => Self::fact("waiting", waiting.to_string()),
            Error::TooManyWatchers(limit) => Self::fact("limit", limit.to_string()),
            Error::StillRunning(run) => Self::fact("run_id", run.to_string()),
            Error::NotFound(_)
            | Error::ResumeTokenExpired
            | Error::TooSlow
            | Error::DashboardExists
            | Error::DashboardChanged
            | Error::PostNotEditable
            | Error::RecordInvalid(_)
            | Error::Disabled(_)
            | Error::Stopping
            | Error::Unreadable(_)
            | Error::Checkpoints(_)
            | Error::Store(_) => Self::default(),
        }
    }

    fn of_auth(error: &auth::Error) -> Self {
        match error {
            auth::Error::RoleMissing { needed } => Self::fact("role", needed.as_str().to_owned()),
            auth::Error::ScopeMissing { needed } => Self::fact("scope", needed.as_str().to_owned()),
            auth::Error::AdminIdInvalid => Self::field("admin_id", error.to_string()),
            auth::Error::CredentialMissing
            | auth::Error::CredentialInvalid
            | auth::Error::CredentialExpired
            | auth::Error::CredentialAmbiguous
            | auth::Error::DatabaseUnavailable
            | auth::Error::BootstrapDisabled
            | auth::Error::SecretTooShort => Self::default(),
        }
    }

    fn of_embed(error: &embed::Error) -> Self {
        match error {
            embed::Error::TokenExpired { expired_at } => Self::fact("expire_time", expired_at.to_string()),
            embed::Error::TokenNotYetValid { valid_from } => Self::fact("not_before_time", valid_from.to_string()),
            embed::Error::OriginNotRegistered { origin } => Self::fact("origin", origin.to_string()),
            embed::Error::OriginInvalid(_) => Self::field("allowed_origins", error.to_string()),
            embed::Error::TtlTooLong { max, .. } => Self {
                metadata: HashMap::from([("max_seconds", max.as_secs().to_string())]),
                ..Self::field("ttl", error.to_string())
            },
            embed::Error::FieldInvalid { field, problem } => Self::field(field, (*problem).to_owned()),
            embed::Error::TokenMalformed
            | embed::Error::TokenBadSignature
            | embed::Error::TokenWrongAudience
            | embed::Error::TokenReplayed
            | embed::Error::TokenRevoked
            | embed::Error::SessionEnded
            | embed::Error::DashboardNotFound
            | embed::Error::WrongDashboard
            | embed::Error::OriginNotAllowed
            | embed::Error::OriginUnknown
            | embed::Error::ReplayStoreUnavailable => Self::default(),
        }
    }

    fn field(field: &str, description: String) -> Self {
        Self { violations: vec![violation(field, description)], metadata: HashMap::new() }
    }

    fn fact(key: &'static str, value: String) -> Self {
        Self { violations: Vec::new(), metadata: HashMap::from([(key, value)]) }
    }
}

/// A bad field under the name that it has in the contract.
fn violation(field: &str, description: String) -> FieldViolation {
    let name = match field {
        "adminId" => "admin_id",
        "content" => "text",
        "dashboardId" => "dashboard_id",
        "leaders" => "leader_ids",
        "reviewNotes" => "review_notes",
        "metrics.externalId" => "external_id",
        "timestamp" => "post_time",
        "trackingTopics" => "tracking_topics",
        "verificationStatus" => "verification",
        same => same,
    };
    FieldViolation::new(name, bounded(description))
}

/// The text, cut off where it grows too long.
fn bounded(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        text.truncate(text.floor_char_boundary(MAX_TEXT));
        text.push('…');
    }
    text
}
