//! `POST /api/posts`, `PUT` and `DELETE /api/posts/{id}`: posts that are entered, changed and deleted by hand.

use axum::Json;
use axum::extract;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::post::{label, post};
use super::review::in_old_words;
use super::{Caller, State};
use crate::domain::{Label, Platform, PostMetrics, Verification};
use crate::http::fields::Fields;
use crate::http::json::JsonFields;
use crate::http::path::Id;
use crate::http::problem::Problem;
use crate::usecase::{EnteredChange, EnteredPost};

pub(super) async fn create(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    JsonFields(mut fields): JsonFields,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let (platform, platform_name) = platform(fields.text("platform"));
    let none = PostMetrics { likes: Some(0), reposts: Some(0), replies: Some(0), ..PostMetrics::default() };
    let (metrics, external_id) = metrics(&mut fields).unwrap_or((none, None));
    let entered = EnteredPost {
        leader: fields.strict_text("leaderId").unwrap_or_default(),
        platform,
        platform_name,
        text: fields.present_text("content").unwrap_or_default(),
        posted_at: fields.instant("timestamp"),
        // Without one it is neutral, as it always was.
        label: fields.one_of("sentiment", label).or(Some(Label::Neutral)),
        metrics,
        verification: fields.one_of("verificationStatus", Verification::parse_title).unwrap_or_default(),
        requires_review: fields.flag("requiresReview"),
        review_notes: fields.text("reviewNotes"),
        external_id: external_id.unwrap_or_default(),
        permalink: fields.strict_text("permalink").unwrap_or_default(),
    };
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    let created = state.use_cases.editing.create(&caller, entered).await.map_err(in_old_words)?;
    Ok((StatusCode::CREATED, Json(post(&created))))
}

/// Other fields were always passed over here.
pub(super) async fn update(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Id(id): Id,
    JsonFields(mut fields): JsonFields,
) -> Result<Json<Value>, Problem> {
    let change = EnteredChange {
        text: fields.present_text("content"),
        label: fields.one_of("sentiment", label),
        metrics: metrics(&mut fields).map(|(counts, _)| counts),
        verification: fields.one_of("verificationStatus", Verification::parse_title),
    };
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    let updated = state.use_cases.editing.update(&caller, &id, change).await.map_err(in_old_words)?;
    Ok(Json(post(&updated)))
}

pub(super) async fn delete(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    state.use_cases.editing.delete(&caller, &id).await.map_err(in_old_words)?;
    Ok(Json(json!({ "success": true })))
}

/// Any name was a platform; without one it is a news site.
fn platform(name: Option<String>) -> (Platform, Option<String>) {
    let Some(name) = name else { return (Platform::News, None) };
    match Platform::parse(&name) {
        None | Some(Platform::Other) => (Platform::Other, Some(name)),
        Some(known) => (known, None),
    }
}

/// Counts under their names of today or of old, and what the platform calls the post, which always stood among them.
fn metrics(fields: &mut Fields) -> Option<(PostMetrics, Option<String>)> {
    if !fields.has("metrics") {
        return None;
    }
    let read = |inner: &mut Fields| {
        let counts = PostMetrics {
            likes: inner.whole("likes"),
            reposts: inner.whole("shares").or(inner.whole("reposts")),
            replies: inner.whole("comments").or(inner.whole("replies")),
            quotes: inner.whole("quotes"),
            bookmarks: inner.whole("bookmarks"),
            impressions: inner.whole("impressions"),
        };
        (counts, inner.text("externalId"))
    };
    Some(fields.nested("metrics", read))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_a_platform() {
        assert_eq!(platform(None), (Platform::News, None));
        assert_eq!(platform(Some("Twitter".into())), (Platform::X, None));
        assert_eq!(platform(Some("MySpace".into())), (Platform::Other, Some("MySpace".into())));
    }
}
