//! `/api/leaders`: list, add, change, remove, refresh.

use axum::Json;
use axum::extract;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::post::{leader, post};
use super::{Caller, State};
use crate::domain::{LeaderChange, NewLeader};
use crate::http::json::JsonFields;
use crate::http::path::Id;
use crate::http::problem::Problem;
use crate::usecase::Error;

pub(super) async fn list(extract::State(state): extract::State<State>) -> Result<Json<Value>, Problem> {
    let leaders = state.use_cases.leaders.all().await?;
    Ok(Json(leaders.iter().map(leader).collect()))
}

pub(super) async fn create(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    JsonFields(mut fields): JsonFields,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let new = NewLeader {
        name: fields.text("name").unwrap_or_default(),
        handles: fields.map("handles"),
        tracking_topics: fields.texts("trackingTopics"),
    };
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    let created = state.use_cases.leaders.create(&caller, new).await.map_err(in_old_words)?;
    Ok((StatusCode::CREATED, Json(leader(&created))))
}

pub(super) async fn get(extract::State(state): extract::State<State>, Id(id): Id) -> Result<Json<Value>, Problem> {
    let found = state.use_cases.leaders.get(&id).await.map_err(in_old_words)?;
    Ok(Json(leader(&found)))
}

/// Fields that are left out or null stay as they are, as with `PUT /api/posts/{id}`.
pub(super) async fn update(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Id(id): Id,
    JsonFields(mut fields): JsonFields,
) -> Result<Json<Value>, Problem> {
    let change = LeaderChange {
        name: fields.text("name"),
        handles: fields.has("handles").then(|| fields.map("handles")),
        tracking_topics: fields.has("trackingTopics").then(|| fields.texts("trackingTopics")),
    };
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    let updated = state.use_cases.leaders.update(&caller, &id, &change).await.map_err(in_old_words)?;
    Ok(Json(leader(&updated)))
}

pub(super) async fn delete(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    state.use_cases.leaders.delete(&caller, &id).await.map_err(in_old_words)?;
    Ok(Json(json!({ "success": true })))
}

pub(super) async fn refresh(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let refreshed = state.use_cases.leaders.refresh(&caller, &id).await.map_err(in_old_words)?;
    let status = if refreshed.run.status.is_over() { StatusCode::OK } else { StatusCode::ACCEPTED };
    let body = json!({
        "origin": "x",
        "runId": refreshed.run.id.to_string(),
        "status": refreshed.run.status.as_str(),
        "posts": refreshed.posts.iter().map(post).collect::<Vec<_>>(),
    });
    Ok((status, Json(body)))
}

/// These routes always told what is wrong in `error` itself.
fn in_old_words(error: Error) -> Problem {
    let speaks_for_itself = matches!(error, Error::Invalid(_) | Error::NotFound(_));
    let problem = Problem::from(error);
    let message = problem.message().to_owned();
    if speaks_for_itself { problem.named(message) } else { problem }
}
