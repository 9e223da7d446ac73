//! `POST /api/sentiment/batch`: the tone of texts.

use axum::Json;
use axum::extract;
use serde_json::{Value, json};

use super::State;
use super::post::sentiment_name;
use crate::domain::Violation;
use crate::http::json::JsonFields;
use crate::http::problem::Problem;

pub(super) async fn analyze(
    extract::State(state): extract::State<State>,
    JsonFields(mut fields): JsonFields,
) -> Result<Json<Value>, Problem> {
    let given = fields.texts_or_nulls("texts");
    fields.finish().map_err(|violations| in_old_words(&violations))?;
    let texts: Vec<String> = given.iter().map(|text| text.clone().unwrap_or_default()).collect();
    // This route takes texts to be English, as it always did, but not those that are plainly something else.
    let analyses = state.use_cases.feed.analyze(&texts, Some("en")).await?;
    let result = |(text, found): (Option<String>, crate::sentiment::Analysis)| {
        json!({
            "text": text,
            "sentiment": sentiment_name(found.sentiment),
            "score": found.sentiment.score(),
            "language": found.language,
        })
    };
    let results: Vec<Value> = given.into_iter().zip(analyses).map(result).collect();
    Ok(Json(json!({ "results": results })))
}

/// This route always told in `error` itself what is wrong.
fn in_old_words(violations: &[Violation]) -> Problem {
    let problem = Problem::invalid(violations);
    let message = problem.message().to_owned();
    problem.named(message)
}
