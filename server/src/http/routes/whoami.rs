//! `GET /api/whoami`: for whom the server takes the caller.

use axum::Json;
use serde_json::{Value, json};

use super::Caller;
use crate::domain::{ClientId, Principal, Scope};

/// The layers have found out all that there is to say.
pub(super) async fn show(Caller(caller): Caller) -> Json<Value> {
    Json(told(&caller))
}

fn told(caller: &Principal) -> Value {
    let (id, role, scopes, expires_at) = match caller {
        Principal::Anonymous | Principal::Scraper => (None, None, [].as_slice(), None),
        Principal::User { id, role, expires_at } => (Some(id), Some(role.as_str()), [].as_slice(), *expires_at),
        Principal::Key { id, scopes } => (Some(id), None, scopes.as_slice(), None),
    };
    json!({
        "kind": caller.kind(),
        "id": id,
        "clientId": ClientId::of(caller).map(|client| client.0),
        "role": role,
        "scopes": scopes.iter().copied().map(Scope::as_str).collect::<Vec<_>>(),
        "expiresAt": expires_at.map(|at| at.to_string()),
    })
}
