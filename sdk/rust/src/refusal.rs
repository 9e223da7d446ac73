//! Reading what a refused call says, by the rich error model (`google/rpc/error_details.proto`).

use std::time::Duration;

use amber_proto::ERROR_DOMAIN;
use amber_proto::v1::ErrorReason;
use tonic::Status;
use tonic_types::{ErrorInfo, StatusExt};

pub use tonic_types::FieldViolation;

/// What a refused call says beside its code.
pub trait Refusal {
    /// Why the call was refused. Nothing when the refusal does not come from Amber (a proxy, the transport), or the
    /// reason is newer than this SDK: go by the code then.
    fn reason(&self) -> Option<ErrorReason>;

    /// How long to wait before the call may succeed. Nothing when the server did not say.
    fn retry_after(&self) -> Option<Duration>;

    /// The fields that are wrong, each with a sentence. Empty unless the code is `INVALID_ARGUMENT`.
    fn field_violations(&self) -> Vec<FieldViolation>;

    /// The id by which operators find the cause of an internal error in their logs.
    fn error_id(&self) -> Option<String>;
}

impl Refusal for Status {
    fn reason(&self) -> Option<ErrorReason> {
        ErrorReason::from_wire_name(&amber_info(self)?.reason)
    }

    fn retry_after(&self) -> Option<Duration> {
        self.get_details_retry_info()?.retry_delay
    }

    fn field_violations(&self) -> Vec<FieldViolation> {
        self.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default()
    }

    fn error_id(&self) -> Option<String> {
        amber_info(self)?.metadata.remove("error_id")
    }
}

fn amber_info(status: &Status) -> Option<ErrorInfo> {
    status.get_details_error_info().filter(|info| info.domain == ERROR_DOMAIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Code;
    use tonic_types::ErrorDetails;

    fn refused(code: Code, reason: &str, domain: &str) -> (Code, ErrorDetails) {
        (code, ErrorDetails::with_error_info(reason, domain, [("error_id".to_owned(), "id-1".to_owned())]))
    }

    fn status((code, details): (Code, ErrorDetails)) -> Status {
        Status::with_error_details(code, "refused", details)
    }

    #[test]
    fn the_reason_is_read_from_the_error_info() {
        let status = status(refused(Code::Unauthenticated, "TOKEN_EXPIRED", "amber.v1"));
        assert_eq!(status.reason(), Some(ErrorReason::TokenExpired));
        assert_eq!(status.error_id().as_deref(), Some("id-1"));
    }

    #[test]
    fn a_foreign_domain_and_an_unknown_reason_give_nothing() {
        assert_eq!(status(refused(Code::Unavailable, "RATE_LIMITED", "proxy.example")).reason(), None);
        assert_eq!(status(refused(Code::Unavailable, "RATE_LIMITED", "proxy.example")).error_id(), None);
        assert_eq!(status(refused(Code::Unavailable, "INVENTED_LATER", "amber.v1")).reason(), None);
        assert_eq!(Status::unavailable("by the transport").reason(), None);
    }

    #[test]
    fn details_that_do_not_decode_give_nothing() {
        let broken = Status::with_details(Code::Unavailable, "broken", b"\xff\xff\xff".to_vec().into());
        assert_eq!((broken.reason(), broken.retry_after()), (None, None));
        assert!(broken.field_violations().is_empty());
    }

    #[test]
    fn the_wait_is_read_from_the_retry_info() {
        let wait = Duration::from_millis(1_500);
        let (code, mut details) = refused(Code::ResourceExhausted, "RATE_LIMITED", "amber.v1");
        details.set_retry_info(Some(wait));
        let status = status((code, details));
        assert_eq!(status.retry_after(), Some(wait));
        assert_eq!(status.reason(), Some(ErrorReason::RateLimited));
    }

    #[test]
    fn bad_fields_come_in_order() {
        let (code, mut details) = refused(Code::InvalidArgument, "FIELD_INVALID", "amber.v1");
        details.add_bad_request_violation("name", "must not be empty").add_bad_request_violation("handles", "too many");
        let fields: Vec<String> = status((code, details)).field_violations().into_iter().map(|bad| bad.field).collect();
        assert_eq!(fields, ["name", "handles"]);
    }
}
