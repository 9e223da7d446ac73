//! `/api/review`: what waits for a reviewer, decisions, changes, and who did what.

use axum::Json;
use axum::extract::{self, RawQuery};
use serde_json::{Value, json};

use super::post::{label, post};
use super::quarantine::record;
use super::{Caller, State};
use crate::domain::{ReviewEntry, ReviewFacts, ReviewState, Violation};
use crate::http::fields::Fields;
use crate::http::json::JsonFields;
use crate::http::paging::{self, Paging};
use crate::http::path::Id;
use crate::http::problem::Problem;
use crate::store::{ReviewItem, Subject};
use crate::usecase::{Error, ReviewEdit, Reviews};

/// The items as a plain list, as ever; a page of them for whoever asks for pages.
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let (mut states, mut wants_pages) = (Vec::new(), false);
    let paging = Paging::read(query.as_deref(), Reviews::MAX_PAGE_SIZE, |name, value| {
        if name == "state" {
            states = asked_states(value)?;
        }
        Ok(())
    })?;
    for (name, _) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        wants_pages |= matches!(name.as_ref(), "page_size" | "cursor");
    }
    let page = state.use_cases.reviews.list(&caller, &states, paging.size, &paging.cursor).await?;
    if wants_pages {
        return Ok(paging::page("items", &page.items, item, page.next));
    }
    Ok(Json(page.items.iter().map(item).collect()))
}

pub(super) async fn approve(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Id(id): Id,
    JsonFields(fields): JsonFields,
) -> Result<Json<Value>, Problem> {
    let decided = state.use_cases.reviews.approve(&caller, &id, notes(fields)?).await.map_err(in_old_words)?;
    Ok(Json(item(&decided)))
}

pub(super) async fn reject(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Id(id): Id,
    JsonFields(fields): JsonFields,
) -> Result<Json<Value>, Problem> {
    let decided = state.use_cases.reviews.reject(&caller, &id, notes(fields)?).await.map_err(in_old_words)?;
    Ok(Json(item(&decided)))
}

pub(super) async fn edit(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    Id(id): Id,
    JsonFields(mut fields): JsonFields,
) -> Result<Json<Value>, Problem> {
    let edit = ReviewEdit { notes: fields.strict_text("notes"), label: fields.one_of("sentiment", label) };
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    let edited = state.use_cases.reviews.edit(&caller, &id, edit).await.map_err(in_old_words)?;
    Ok(Json(item(&edited)))
}

pub(super) async fn audit(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let (mut of_item, mut of_post) = (String::new(), String::new());
    let paging = Paging::read(query.as_deref(), Reviews::DEFAULT_PAGE_SIZE, |name, value| {
        match name {
            "itemId" => value.clone_into(&mut of_item),
            "postId" => value.clone_into(&mut of_post),
            _ => {}
        }
        Ok(())
    })?;
    let of = (of_item.as_str(), of_post.as_str());
    let page = state.use_cases.reviews.audit(&caller, of, paging.size, &paging.cursor).await?;
    Ok(paging::page("entries", &page.entries, entry, page.next))
}

/// What a decision brings along.
fn notes(mut fields: Fields) -> Result<Option<String>, Problem> {
    let notes = fields.strict_text("notes");
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    Ok(notes)
}

/// Names of states, or `all`; an empty text means what waits.
fn asked_states(value: &str) -> Result<Vec<ReviewState>, Violation> {
    if value == "all" {
        return Ok(ReviewState::ALL.to_vec());
    }
    let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
    let states: Option<Vec<_>> = names.map(ReviewState::parse).collect();
    states.ok_or_else(|| Violation::new("state", "state must list pending, approved or rejected, or be all"))
}

fn item(item: &ReviewItem) -> Value {
    let (about, quarantined) = match &item.subject {
        Subject::Post(about) => (post(about), Value::Null),
        Subject::Record(quarantined) => (Value::Null, record(quarantined)),
    };
    json!({
        "id": item.id.to_string(),
        "postId": item.post().map(|post| post.id.to_string()),
        "post": about,
        "record": quarantined,
        "state": item.state.as_str(),
        "reason": item.reason.as_str(),
        "notes": item.notes,
        "reviewedBy": item.reviewer,
        "reviewedAt": item.reviewed_at.map(|at| at.to_string()),
        "createdAt": item.created_at.to_string(),
        "updatedAt": item.updated_at.to_string(),
    })
}

fn entry(entry: &ReviewEntry) -> Value {
    json!({
        "id": entry.id.to_string(),
        "at": entry.at.to_string(),
        "actor": entry.actor,
        "action": entry.action.as_str(),
        "itemId": entry.item.map(|id| id.to_string()),
        "postId": entry.post.map(|id| id.to_string()),
        "before": entry.before.as_ref().map(facts),
        "after": entry.after.as_ref().map(facts),
    })
}

fn facts(facts: &ReviewFacts) -> Value {
    json!({
        "state": facts.state.map(ReviewState::as_str),
        "notes": facts.notes,
        "verificationStatus": facts.verification.map(crate::domain::Verification::title),
        "sentiment": facts.label.map(super::post::label_name),
    })
}

/// These routes always told in `error` itself what is not there.
pub(super) fn in_old_words(error: Error) -> Problem {
    let is_missing = matches!(error, Error::NotFound(_));
    let problem = Problem::from(error);
    let message = problem.message().to_owned();
    if is_missing { problem.named(message) } else { problem }
}
