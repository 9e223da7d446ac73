//! Takes a JSON object out of a request, or says what is wrong with the body.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use serde_json::{Map, Value};

use super::fields::Fields;
use super::problem::Problem;

/// The fields of a JSON object; an empty body is an empty object.
pub(super) struct JsonFields(pub(super) Fields);

impl<S: Send + Sync> FromRequest<S> for JsonFields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_json = request.headers().get(CONTENT_TYPE).is_none_or(|value| {
            value.to_str().is_ok_and(|value| value.to_ascii_lowercase().starts_with("application/json"))
        });
        let body = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "the body is too large; send less")
            }
            _ => bad("the body ended early; send it again"),
        })?;
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(Fields::new(Map::new())));
        }
        if !is_json {
            let message = "send the body as JSON, with the header Content-Type: application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message));
        }
        let text = std::str::from_utf8(&body).map_err(|_| bad("the body is not valid UTF-8"))?;
        match serde_json::from_str(text) {
            Ok(Value::Object(object)) => Ok(Self(Fields::new(object))),
            Ok(_) => Err(bad("the body must be a JSON object, like {\"name\": \"value\"}")),
            Err(error) => {
                let place = format!("line {}, column {}", error.line(), error.column());
                Err(bad(format!("the body is not valid JSON: look at {place}")))
            }
        }
    }
}

fn bad(message: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad_request", message)
}
