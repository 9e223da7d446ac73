//! `/api/api-keys`: make a key, list the keys, revoke one.

use axum::Json;
use axum::extract::{self, RawQuery};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{Caller, State, UNSTORED};
use crate::domain::{ApiClient, Origin, Scope, Violation};
use crate::http::json::JsonFields;
use crate::http::paging::{self, Paging};
use crate::http::path::Id;
use crate::http::problem::Problem;
use crate::usecase::{ApiKeys, AskedKey};

pub(super) async fn create(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    JsonFields(mut fields): JsonFields,
) -> Result<impl IntoResponse, Problem> {
    let name = fields.strict_text("name").unwrap_or_default();
    let (scopes, origins) = (fields.texts("scopes"), fields.texts("origins"));
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    let scopes = scopes.iter().map(|name| scope(name)).collect::<Result<_, _>>();
    let scopes = scopes.map_err(|violation| Problem::invalid(&[violation]))?;
    let issued = state.use_cases.api_keys.create(&caller, AskedKey { name, scopes, origins }).await?;
    let body = json!({ "apiKey": api_key(&issued.client), "key": issued.text.expose_secret() });
    Ok((StatusCode::CREATED, UNSTORED, Json(body)))
}

pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let paging = Paging::read(query.as_deref(), ApiKeys::DEFAULT_PAGE_SIZE, |_, _| Ok(()))?;
    let page = state.use_cases.api_keys.list(&caller, paging.size, &paging.cursor).await?;
    Ok(paging::page("apiKeys", &page.clients, api_key, page.next))
}

pub(super) async fn revoke(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    let client = state.use_cases.api_keys.revoke(&caller, &id).await?;
    Ok(Json(json!({ "apiKey": api_key(&client) })))
}

fn scope(name: &str) -> Result<Scope, Violation> {
    Scope::parse(name).ok_or_else(|| {
        let known: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        Violation::new("scopes", format!("scopes must be among {}", known.join(", ")))
    })
}

fn api_key(client: &ApiClient) -> Value {
    json!({
        "id": client.id.0,
        "name": client.name,
        "scopes": client.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
        "origins": client.origins.iter().map(Origin::as_str).collect::<Vec<_>>(),
        "createdAt": client.created_at.to_string(),
        "lastUsedAt": client.last_used_at.map(|at| at.to_string()),
        "revokedAt": client.revoked_at.map(|at| at.to_string()),
    })
}
