//! `GET /api/feed`, `/api/posts` and its like: the posts, newest first, by page number or by cursor, and one by one.

use axum::Json;
use axum::extract::{self, RawQuery};
use serde_json::{Value, json};

use super::State;
use super::post::post;
use crate::domain::FeedFilter;
use crate::http::feed_query::Asked;
use crate::http::path::Id;
use crate::http::problem::Problem;
use crate::usecase::Feed;

pub(super) async fn list(
    extract::State(state): extract::State<State>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let asked = Asked::read(query.as_deref(), FeedFilter::DEFAULT_PAGE_SIZE)?;
    let feed = &state.use_cases.feed;
    let page = match &asked.cursor {
        Some(cursor) => feed.page(&asked.query, asked.page_size, cursor).await?,
        None => feed.numbered_page(&asked.query, asked.page, asked.page_size).await?,
    };
    Ok(Json(json!({
        "posts": page.posts.iter().map(post).collect::<Vec<_>>(),
        "page": asked.page,
        "page_size": asked.page_size,
        "has_next": page.next.is_some(),
        "next_cursor": page.next.map(|_| Feed::next_token(&page)),
        "total": page.total,
    })))
}

/// The newest posts as a plain list, which was without end once.
pub(super) async fn newest(
    extract::State(state): extract::State<State>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let asked = Asked::read(query.as_deref(), FeedFilter::MAX_PAGE_SIZE)?;
    let page = state.use_cases.feed.page(&asked.query, asked.page_size, "").await?;
    Ok(Json(page.posts.iter().map(post).collect()))
}

/// A page of posts before an instant or a cursor.
pub(super) async fn before(
    extract::State(state): extract::State<State>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let asked = Asked::read(query.as_deref(), FeedFilter::DEFAULT_PAGE_SIZE)?;
    let cursor = asked.cursor.as_deref().unwrap_or_default();
    let page = state.use_cases.feed.page(&asked.query, asked.page_size, cursor).await?;
    Ok(Json(json!({
        "items": page.posts.iter().map(post).collect::<Vec<_>>(),
        "hasMore": page.next.is_some(),
        "nextCursor": page.next.map(|_| Feed::next_token(&page)),
    })))
}

pub(super) async fn get(extract::State(state): extract::State<State>, Id(id): Id) -> Result<Json<Value>, Problem> {
    Ok(Json(post(&state.use_cases.feed.post(&id).await?)))
}
