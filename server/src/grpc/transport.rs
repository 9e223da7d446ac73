//! Gives the refusals of the transport, which come before any service is asked, the reasons of the contract.

use http::Response;
use tonic::{Code, Status};

use super::{explained, no_such_method};

/// The same answer, unless it is a refusal in headers alone that carries no reason.
#[must_use]
pub fn explain<B>(mut response: Response<B>) -> Response<B> {
    let Some(status) = Status::from_header_map(response.headers()) else { return response };
    if !status.details().is_empty() {
        return response;
    }
    let told = match status.code() {
        Code::Unimplemented if status.message().is_empty() => Some(no_such_method()),
        code => explained(code),
    };
    if let Some(told) = told {
        // A status of plain ASCII is always a header.
        let _ = told.add_header(response.headers_mut());
    }
    response
}

#[cfg(test)]
mod tests {
    use tonic_types::StatusExt;

    use super::*;

    fn after(status: &Status) -> Status {
        let response: Response<()> = explain(status.clone().into_http());
        Status::from_header_map(response.headers()).expect("it is still a status")
    }

    #[test]
    fn a_message_that_cannot_be_read_is_the_callers_fault() {
        let told = after(&Status::internal("failed to decode Protobuf message: invalid tag value: 0"));
        assert_eq!(told.code(), Code::InvalidArgument);
        assert_eq!(told.get_details_error_info().expect("it has a reason").reason, "FIELD_INVALID");
        assert!(!told.message().contains("Protobuf"));
    }

    #[test]
    fn what_has_a_reason_or_a_fitting_code_stays() {
        let own = Status::with_details(Code::Internal, "something went wrong here", vec![8, 13].into());
        assert_eq!(after(&own).code(), Code::Internal);
        assert_eq!(after(&Status::not_found("unknown service")).message(), "unknown service");
    }

    #[test]
    fn what_there_is_not_is_told_by_its_reason() {
        let reason =
            |message| after(&Status::unimplemented(message)).get_details_error_info().expect("a reason").reason;
        assert_eq!(reason(""), "METHOD_UNKNOWN");
        assert_eq!(reason("Content is compressed with `gzip` which isn't supported"), "ENCODING_UNSUPPORTED");
    }
}
