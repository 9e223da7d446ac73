//! `POST /api/admin/token`: an admin token for whoever knows the bootstrap secret; `GET /api/admin/ping`: whose it is.

use std::time::Duration;

use axum::Json;
use axum::extract;
use axum::response::IntoResponse;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{Caller, State, UNSTORED};
use crate::domain::{Role, Violation};
use crate::http::json::JsonFields;
use crate::http::problem::Problem;

pub(super) async fn issue(
    extract::State(state): extract::State<State>,
    body: Result<JsonFields, Problem>,
) -> Result<impl IntoResponse, Problem> {
    let JsonFields(mut fields) = body.map_err(Problem::of_wrong_fields)?;
    let admin_id = fields.text("adminId").unwrap_or_default();
    let secret = SecretString::from(fields.strict_text("secret").unwrap_or_default());
    let role = fields.strict_text("role");
    let lifetime = fields.seconds("lifetime").map(Duration::from_secs);
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    let role = parse_role(role.as_deref())?;
    let issued = state.use_cases.accounts.issue_token(&admin_id, role, &secret, lifetime)?;
    let body = json!({
        "token": issued.token.expose_secret(),
        "expiresIn": issued.expires_in.as_secs(),
        "role": role.as_str(),
    });
    Ok((UNSTORED, Json(body)))
}

pub(super) async fn ping(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
) -> Result<Json<Value>, Problem> {
    let (admin, role) = state.use_cases.accounts.person(&caller)?;
    Ok(Json(json!({ "admin": admin, "role": role.as_str(), "status": "ok" })))
}

/// Without a role the token is an admin's, as it always was.
fn parse_role(name: Option<&str>) -> Result<Role, Problem> {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(Role::Admin) };
    let rule = "role must be admin, reviewer or viewer";
    Role::parse(name).ok_or_else(|| Problem::invalid(&[Violation::new("role", rule)]))
}
