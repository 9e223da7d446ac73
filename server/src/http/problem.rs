//! The one shape of an error on HTTP.
//!
//! A handler answers with a [`Problem`]; the outermost layer, which knows the request id, writes the body.

use std::borrow::Cow;
use std::time::Duration;

use amber_proto::v1::ErrorReason;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tracing::error;

use crate::domain::Violation;
use crate::grpc::{of_auth, quota, reason};
use crate::rate_limit::Decision;
use crate::usecase::Error;
use crate::{auth, embed, store};

/// Why a request gets no answer.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    status: StatusCode,
    error: Cow<'static, str>,
    message: Cow<'static, str>,
    reason: Option<ErrorReason>,
    retry_after: Option<Duration>,
    more: Map<String, Value>,
}

impl Problem {
    /// A problem with the value of `error` for programs and a text for people.
    pub(super) fn new(
        status: StatusCode,
        error: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (error, message) = (error.into(), message.into());
        Self { status, error, message, reason: None, retry_after: None, more: Map::new() }
    }

    /// Wrong fields.
    pub(super) fn invalid(violations: &[Violation]) -> Self {
        let message = violations.iter().map(|v| v.description.as_str()).collect::<Vec<_>>().join("; ");
        let fields = violations.iter().map(|v| json!({ "field": v.field, "description": v.description }));
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", message).with("fields", fields.collect())
    }

    /// The caller has used up its permits.
    pub(super) fn limited(decision: &Decision, is_embed: bool) -> Self {
        let message = "Too many requests. Please try again later.";
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", message);
        let problem = problem.because(ErrorReason::RateLimited);
        let wait = quota::wait_seconds(decision);
        let problem = problem.with("retry_after", wait.into()).retry_after(Duration::from_secs(wait));
        if is_embed { problem.with("remaining", 0.into()) } else { problem }
    }

    /// Replaces the value of `error`, where an old route had its own.
    #[must_use]
    pub(super) fn named(mut self, error: impl Into<Cow<'static, str>>) -> Self {
        self.error = error.into();
        self
    }

    /// Tells of a body that cannot be read as of one with wrong fields, as the routes for tokens always did.
    #[must_use]
    pub(super) fn of_wrong_fields(self) -> Self {
        if self.error == "bad_request" { self.named("invalid_request") } else { self }
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Names the reason of the contract.
    #[must_use]
    pub(super) fn because(mut self, reason: ErrorReason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// The status of the answer.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason of the contract by its name on the wire; a problem that gRPC cannot have is named after `error`.
    pub(super) fn reason(&self) -> Cow<'static, str> {
        match self.reason {
            Some(reason) => reason.wire_name().into(),
            None => self.error.to_ascii_uppercase().into(),
        }
    }

    /// How long to wait before the same request can succeed.
    pub(super) fn wait(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The text for people.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// Writes the answer. `details` repeats the message, for clients of the old service.
    pub(super) fn render(self, request_id: &str) -> Response {
        let mut body = json!({
            "error": self.error,
            "message": self.message,
            "details": self.message,
            "status": self.status.as_u16(),
            "requestId": request_id,
        });
        if let Some(object) = body.as_object_mut() {
            object.extend(self.reason.map(|reason| ("reason".to_owned(), reason.wire_name().into())));
            object.extend(self.retry_after.map(|wait| ("retryAfterMs".to_owned(), millis(wait))));
            object.extend(self.more);
        }
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110, section 15.5.2.
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(quota::whole_seconds(wait)));
        }
        response
    }
}

fn millis(wait: Duration) -> Value {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).into()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let retry_after = error.retry_after();
        let reason = reason(&error);
        let problem = match error {
            Error::Auth(error) => return error.into(),
            Error::Embed(error) => embed_problem(&error),
            Error::Invalid(violations) => Self::invalid(&violations),
            Error::OriginInvalid { .. } => Self::new(StatusCode::BAD_REQUEST, "origin_invalid", message),
            Error::PageToken => Self::new(StatusCode::BAD_REQUEST, "page_token_invalid", message),
            Error::ResumeToken => Self::new(StatusCode::BAD_REQUEST, "resume_token_invalid", message),
            Error::ResumeTokenExpired => Self::new(StatusCode::GONE, "resume_token_expired", message),
            Error::TooSlow => Self::new(StatusCode::CONFLICT, "watcher_too_slow", message),
            Error::NotFound(_) => Self::new(StatusCode::NOT_FOUND, "not_found", message),
            Error::DashboardExists => Self::new(StatusCode::CONFLICT, "dashboard_exists", message),
            Error::DashboardChanged => Self::new(StatusCode::CONFLICT, "dashboard_changed", message),
            Error::PostNotEditable => Self::new(StatusCode::CONFLICT, "post_not_editable", message),
            Error::RecordInvalid(_) => Self::new(StatusCode::CONFLICT, "record_invalid", message),
            Error::Disabled(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "feature_disabled", message),
            Error::Busy(_) => Self::new(StatusCode::CONFLICT, "run_active", message),
            Error::TooManyWatchers(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_watchers", message),
            Error::Stopping => Self::new(StatusCode::SERVICE_UNAVAILABLE, "shutting_down", message),
            Error::StillRunning(id) => {
                Self::new(StatusCode::GATEWAY_TIMEOUT, "run_active", message).with("runId", id.to_string().into())
            }
            Error::Unreadable(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "x_unavailable", message),
            Error::Checkpoints(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "checkpoints_unavailable", message),
            Error::Store(error) => store_problem(&error, message),
        };
        retry_after.into_iter().fold(problem.because(reason), Self::retry_after)
    }
}

impl From<auth::Error> for Problem {
    fn from(error: auth::Error) -> Self {
        let message = error.to_string();
        let reason = of_auth(&error);
        let problem = match error {
            auth::Error::CredentialMissing
            | auth::Error::CredentialInvalid
            | auth::Error::CredentialExpired
            | auth::Error::CredentialAmbiguous => Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message),
            auth::Error::RoleMissing { .. } | auth::Error::ScopeMissing { .. } => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", message)
            }
            auth::Error::DatabaseUnavailable => {
                let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_unavailable", message);
                problem.retry_after(Duration::from_secs(1))
            }
            auth::Error::BootstrapDisabled => Self::new(StatusCode::SERVICE_UNAVAILABLE, "feature_disabled", message),
            auth::Error::AdminIdInvalid => Self::new(StatusCode::BAD_REQUEST, "invalid_request", message),
            auth::Error::SecretTooShort => Self::internal(&error),
        };
        problem.because(reason)
    }
}

/// The status of a refused token.
fn embed_status(error: &embed::Error) -> StatusCode {
    match error {
        embed::Error::TokenMalformed
        | embed::Error::TokenBadSignature
        | embed::Error::TokenWrongAudience
        | embed::Error::TokenExpired { .. }
        | embed::Error::TokenNotYetValid { .. }
        | embed::Error::TokenReplayed
        | embed::Error::SessionEnded => StatusCode::UNAUTHORIZED,
        embed::Error::TokenRevoked
        | embed::Error::OriginNotAllowed
        | embed::Error::OriginUnknown
        | embed::Error::OriginNotRegistered { .. } => StatusCode::FORBIDDEN,
        embed::Error::WrongDashboard | embed::Error::DashboardNotFound => StatusCode::NOT_FOUND,
        embed::Error::OriginInvalid(_) | embed::Error::TtlTooLong { .. } | embed::Error::FieldInvalid { .. } => {
            StatusCode::BAD_REQUEST
        }
        embed::Error::ReplayStoreUnavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn embed_problem(error: &embed::Error) -> Problem {
    Problem::new(embed_status(error), error.reason().to_ascii_lowercase(), error.to_string())
}

fn store_problem(error: &store::Error, message: String) -> Problem {
    match error {
        store::Error::Unavailable { .. } => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "database_unavailable", message)
        }
        store::Error::Fenced { .. }
        | store::Error::LeaseLost { .. }
        | store::Error::Conflict { .. }
        | store::Error::Unbalanced { .. }
        | store::Error::Corrupt { .. }
        | store::Error::BadUrl { .. }
        | store::Error::InUse { .. }
        | store::Error::Internal { .. } => Problem::internal(error),
    }
}

impl Problem {
    /// A defect: logged here, once, with its cause; the caller learns the request id only, by which the log is found.
    pub(super) fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        let source = cause.source().map(ToString::to_string);
        error!(error = %cause, source, "A request failed by a defect: {cause}.");
        let message = "something went wrong here; the request id finds it in the logs";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_server_error", message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_never_told_shorter_than_it_is() {
        let told = |millis| quota::whole_seconds(Duration::from_millis(millis));
        assert_eq!([told(0), told(1), told(1_000), told(1_001)], [1, 1, 1, 2]);
    }

    #[test]
    fn a_defect_tells_the_caller_nothing_about_itself() {
        let source = std::io::Error::other("password=hunter2 at 10.0.0.7");
        let problem = Problem::from(Error::Store(store::Error::Internal { source: Box::new(source) }));
        assert_eq!(problem.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!format!("{problem:?}").contains("hunter2"));
    }
}
