//! `/api/dashboards`: list, look at, add, change, delete.

use axum::Json;
use axum::extract::{self, RawQuery};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Caller, State};
use crate::domain::{Dashboard, Platform, Section};
use crate::http::fields::Fields;
use crate::http::json::JsonFields;
use crate::http::paging::{self, Paging};
use crate::http::path::Id;
use crate::http::problem::Problem;
use crate::usecase::{AskedDashboard, Dashboards};

pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let paging = Paging::read(query.as_deref(), Dashboards::DEFAULT_PAGE_SIZE, |_, _| Ok(()))?;
    let page = state.use_cases.dashboards.list(&caller, paging.size, &paging.cursor).await?;
    Ok(paging::page("dashboards", &page.dashboards, dashboard, page.next))
}

pub(super) async fn get(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    Ok(Json(dashboard(&state.use_cases.dashboards.get(&caller, &id).await?)))
}

pub(super) async fn create(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    JsonFields(mut fields): JsonFields,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let id = fields.strict_text("id").unwrap_or_default();
    let created = state.use_cases.dashboards.create(&caller, &asked(id, fields)?).await?;
    Ok((StatusCode::CREATED, Json(dashboard(&created))))
}

pub(super) async fn update(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Id(id): Id,
    JsonFields(fields): JsonFields,
) -> Result<Json<Value>, Problem> {
    Ok(Json(dashboard(&state.use_cases.dashboards.update(&caller, &asked(id, fields)?).await?)))
}

pub(super) async fn delete(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    state.use_cases.dashboards.delete(&caller, &id).await?;
    Ok(Json(json!({ "success": true })))
}

fn asked(id: String, mut fields: Fields) -> Result<AskedDashboard, Problem> {
    let asked = AskedDashboard {
        id,
        title: fields.strict_text("title").unwrap_or_default(),
        leader_ids: fields.texts("leaderIds"),
        platforms: fields.texts("platforms"),
        locale: fields.strict_text("locale").unwrap_or_default(),
        theme: fields.strict_text("theme").unwrap_or_default(),
        sections: fields.texts("sections"),
        etag: fields.strict_text("etag").unwrap_or_default(),
    };
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    Ok(asked)
}

fn dashboard(dashboard: &Dashboard) -> Value {
    let spec = &dashboard.spec;
    json!({
        "id": dashboard.id.as_str(),
        "title": spec.title,
        "leaderIds": spec.leaders.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "platforms": spec.platforms.iter().copied().map(Platform::as_str).collect::<Vec<_>>(),
        "locale": spec.locale.as_str(),
        "theme": spec.theme.as_str(),
        "sections": spec.sections.iter().copied().map(Section::as_str).collect::<Vec<_>>(),
        "etag": dashboard.version.to_string(),
        "createdAt": dashboard.created_at.to_string(),
        "updatedAt": dashboard.updated_at.to_string(),
    })
}
