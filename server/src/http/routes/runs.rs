//! `/api/ingestion/runs`: list runs, look at one, end one.

use axum::Json;
use axum::extract::{self, RawQuery};
use serde_json::Value;

use super::run::run;
use super::{Caller, State};
use crate::http::paging::{self, Paging};
use crate::http::path::Id;
use crate::http::problem::Problem;
use crate::usecase::Runs;

pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let paging = Paging::read(query.as_deref(), Runs::DEFAULT_PAGE_SIZE, |_, _| Ok(()))?;
    let page = state.use_cases.runs.list(&caller, paging.size, &paging.cursor).await?;
    Ok(paging::page("runs", &page.runs, run, page.next))
}

pub(super) async fn get(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    Ok(Json(run(&state.use_cases.runs.get(&caller, &id).await?)))
}

pub(super) async fn cancel(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    Ok(Json(run(&state.use_cases.runs.cancel(&caller, &id).await?)))
}
