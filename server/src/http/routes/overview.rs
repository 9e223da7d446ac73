//! `GET /api/dashboard`: every leader and the newest posts at once, for the start page of the old web application.

use axum::Json;
use axum::extract;
use serde_json::{Value, json};

use super::State;
use super::post::{leader, post};
use crate::domain::FeedFilter;
use crate::http::problem::Problem;
use crate::usecase::FeedQuery;

pub(super) async fn show(extract::State(state): extract::State<State>) -> Result<Json<Value>, Problem> {
    let leaders = state.use_cases.leaders.all().await?;
    let page = state.use_cases.feed.page(&FeedQuery::default(), FeedFilter::MAX_PAGE_SIZE, "").await?;
    Ok(Json(json!({
        "leaders": leaders.iter().map(leader).collect::<Vec<_>>(),
        "posts": page.posts.iter().map(post).collect::<Vec<_>>(),
    })))
}
