//! `GET /api/feed`: the posts, newest first, by page number or by cursor.

use axum::Json;
use axum::extract::{self, RawQuery};
use serde_json::{Value, json};

use super::State;
use super::post::post;
use crate::domain::{FeedFilter, Violation};
use crate::http::problem::Problem;
use crate::usecase::{Feed, FeedQuery};

/// The query, read.
struct Asked {
    query: FeedQuery,
    page: u64,
    page_size: u32,
    cursor: Option<String>,
}

pub(super) async fn list(
    extract::State(state): extract::State<State>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let asked = read(query.as_deref().unwrap_or_default())?;
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

/// Reads the query as the old service did, but refuses numbers that are none.
fn read(query: &str) -> Result<Asked, Problem> {
    let (mut page, mut page_size) = (1, FeedFilter::DEFAULT_PAGE_SIZE);
    let mut asked = Asked { query: FeedQuery::default(), page, page_size, cursor: None };
    let mut violations = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "leaders" => asked.query.leaders = listed(&value),
            "source" => asked.query.platforms = listed(&value),
            "cursor" => asked.cursor = Some(value.into_owned()).filter(|cursor| !cursor.is_empty()),
            "page" => number(&name, &value, &mut violations).into_iter().for_each(|n| page = n.max(1).unsigned_abs()),
            "page_size" => number(&name, &value, &mut violations).into_iter().for_each(|n| {
                let size = n.clamp(1, i64::from(FeedFilter::MAX_PAGE_SIZE));
                page_size = u32::try_from(size).unwrap_or(FeedFilter::DEFAULT_PAGE_SIZE);
            }),
            _ => {}
        }
    }
    if !violations.is_empty() {
        return Err(Problem::invalid(&violations));
    }
    Ok(Asked { page, page_size, ..asked })
}

fn listed(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn number(name: &str, value: &str, violations: &mut Vec<Violation>) -> Option<i64> {
    let number = value.trim().parse().ok();
    if number.is_none() {
        violations.push(Violation::new(name, format!("{name} must be a whole number")));
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_bounded_and_nonsense_is_refused() {
        let asked =
            read("page=-3&page_size=1000&leaders=%20a%20,,b&source=X").unwrap_or_else(|_| panic!("a good query"));
        assert_eq!((asked.page, asked.page_size), (1, 100));
        assert_eq!(asked.query.leaders, ["a", "b"]);
        for bad in ["page=abc", "page=", "page_size=1.5", "page=1000000000000000000000"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
