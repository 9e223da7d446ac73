//! `/api/ingestion/checkpoints`: list how far each stream is read, look at one, begin one anew.

use axum::Json;
use axum::extract::{self, RawQuery};
use serde_json::{Value, json};

use super::{Caller, State};
use crate::domain::SavedCheckpoint;
use crate::http::paging::{self, Paging};
use crate::http::path::Id;
use crate::http::problem::Problem;
use crate::usecase::Checkpoints;

pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let paging = Paging::read(query.as_deref(), Checkpoints::DEFAULT_PAGE_SIZE, |_, _| Ok(()))?;
    let page = state.use_cases.checkpoints.list(&caller, paging.size, &paging.cursor).await?;
    Ok(paging::page("checkpoints", &page.checkpoints, checkpoint, page.next))
}

pub(super) async fn get(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Id(key): Id,
) -> Result<Json<Value>, Problem> {
    Ok(Json(checkpoint(&state.use_cases.checkpoints.get(&caller, &key).await?)))
}

pub(super) async fn reset(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Id(key): Id,
) -> Result<Json<Value>, Problem> {
    state.use_cases.checkpoints.reset(&caller, &key).await?;
    Ok(Json(json!({ "success": true })))
}

fn checkpoint(saved: &SavedCheckpoint) -> Value {
    json!({ "key": saved.key.as_str(), "version": saved.version, "checkpoint": saved.checkpoint.as_json() })
}
