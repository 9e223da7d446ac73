//! Takes an id out of a path, or says what is wrong with it.

use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::problem::Problem;

/// The one id in the path, decoded.
pub(super) struct Id(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let message = "the id in the address is not valid UTF-8; percent-encode it as UTF-8";
        path.map(|Path(id)| Self(id)).map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "bad_request", message))
    }
}
