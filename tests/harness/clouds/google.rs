//! Google Cloud as far as Amber needs it: the metadata server, which says who a pod is, and Secret Manager.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tokio_util::sync::DropGuard;

use super::unsteady::serve;

/// What the metadata server gives to the pod.
const TOKEN: &str = "ya29.token-of-the-pod-0123456789";

type Secrets = Arc<Mutex<Shelf>>;

#[derive(Default)]
struct Shelf {
    secrets: BTreeMap<String, String>,
    /// The pod has rights to single secrets and not to the project, so that it does not learn which others there are.
    is_granted_one_by_one: bool,
}

/// A running double. Dropping it ends it.
pub(super) struct Google {
    url: String,
    secrets: Secrets,
    _end: DropGuard,
}

impl Google {
    pub(super) const PROJECT: &str = "amber-tests";

    pub(super) async fn start() -> Self {
        let secrets = Secrets::default();
        let router = Router::new()
            .route("/computeMetadata/v1/instance/service-accounts/default/token", get(token))
            .route("/v1/projects/{project}/secrets/{name}/versions/latest:access", get(access))
            .with_state(Arc::clone(&secrets));
        let (url, end) = serve(router).await;
        Self { url, secrets, _end: end }
    }

    pub(super) fn url(&self) -> String {
        self.url.clone()
    }

    /// Its host and port, as `GCE_METADATA_HOST` wants them.
    pub(super) fn host(&self) -> String {
        self.url.trim_start_matches("http://").to_owned()
    }

    pub(super) fn put(&self, name: &str, value: &str) {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).secrets.insert(name.to_owned(), value.to_owned());
    }

    /// Gives the pod rights to each secret that there is, in place of one to all.
    pub(super) fn grant_one_by_one(&self) {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).is_granted_one_by_one = true;
    }
}

async fn token(headers: HeaderMap) -> Response {
    if headers.get("metadata-flavor").is_none_or(|flavor| flavor != "Google") {
        return StatusCode::FORBIDDEN.into_response();
    }
    Json(json!({ "access_token": TOKEN, "expires_in": 3_600, "token_type": "Bearer" })).into_response()
}

async fn access(
    State(secrets): State<Secrets>,
    Path((project, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if headers.get("authorization").is_none_or(|token| *token != format!("Bearer {TOKEN}")) {
        return refused(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
    }
    let shelf = secrets.lock().unwrap_or_else(PoisonError::into_inner);
    match shelf.secrets.get(&name).filter(|_| project == Google::PROJECT) {
        Some(value) => Json(json!({
            "name": format!("projects/1/secrets/{name}/versions/1"),
            "payload": { "data": STANDARD.encode(value) },
        }))
        .into_response(),
        None if shelf.is_granted_one_by_one => refused(StatusCode::FORBIDDEN, "PERMISSION_DENIED"),
        None => refused(StatusCode::NOT_FOUND, "NOT_FOUND"),
    }
}

fn refused(code: StatusCode, status: &str) -> Response {
    let body = json!({ "error": { "code": code.as_u16(), "status": status, "message": "Secret is not shown." } });
    (code, Json(body)).into_response()
}
