//! Takes a form out of a request, or says what is wrong with it.

use amber_proto::v1::ErrorReason;
use axum::extract::{FromRequest, RawForm, Request};
use axum::http::StatusCode;
use bytes::Bytes;

use super::problem::Problem;

/// A form as it was sent, at most so many bytes long.
pub(super) struct Form<const MAX: usize>(pub(super) Bytes);

impl<S: Send + Sync, const MAX: usize> FromRequest<S> for Form<MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let form = RawForm::from_request(request, state).await.map_err(|rejection| {
            match axum::response::IntoResponse::into_response(rejection).status() {
                StatusCode::PAYLOAD_TOO_LARGE => too_large(),
                StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                    let message = "send a form, with the header Content-Type: application/x-www-form-urlencoded";
                    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
                }
                _ => Problem::new(StatusCode::BAD_REQUEST, "bad_request", "the form ended early; send it again"),
            }
        })?;
        if form.0.len() > MAX { Err(too_large()) } else { Ok(Self(form.0)) }
    }
}

fn too_large() -> Problem {
    let message = "the form is too large; send the token alone";
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message).because(ErrorReason::BodyTooLarge)
}
