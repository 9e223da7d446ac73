//! Reads which page of a list is asked for: `page_size` and `cursor`, and filters of the list's own.

use axum::Json;
use serde_json::{Value, json};

use super::problem::Problem;
use crate::domain::Violation;

/// Which page of a list is asked for.
#[derive(Debug, Default)]
pub(super) struct Paging {
    /// How many items the page holds at most.
    pub(super) size: u32,
    /// Where the page starts; empty at the beginning.
    pub(super) cursor: String,
}

impl Paging {
    /// Reads a query. A size beyond the limits of the list is for the use case to cut. What is not about pages goes to
    /// `filter`.
    pub(super) fn read(
        query: Option<&str>,
        default_size: u32,
        mut filter: impl FnMut(&str, &str) -> Result<(), Violation>,
    ) -> Result<Self, Problem> {
        let mut paging = Self { size: default_size, cursor: String::new() };
        let mut violations = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match name.as_ref() {
                "cursor" => paging.cursor = value.into_owned(),
                "page_size" => match value.trim().parse() {
                    Ok(size) => paging.size = size,
                    Err(_) => violations.push(Violation::new("page_size", "page_size must be a whole number")),
                },
                name => violations.extend(filter(name, &value).err()),
            }
        }
        if violations.is_empty() { Ok(paging) } else { Err(Problem::invalid(&violations)) }
    }
}

/// One page of a list as JSON: its items under `name`, and where the next page starts, which is null on the last one.
pub(super) fn page<T>(name: &str, items: &[T], shown: impl Fn(&T) -> Value, next: String) -> Json<Value> {
    let items: Vec<Value> = items.iter().map(shown).collect();
    Json(json!({ name: items, "next_cursor": Some(next).filter(|next| !next.is_empty()) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_and_everything_else_is_a_filter() {
        let mut others = Vec::new();
        let filter = |name: &str, value: &str| {
            others.push(format!("{name} is {value}"));
            Ok(())
        };
        let paging = Paging::read(Some("page_size=7&cursor=a%2Fb&leader=x"), 20, filter);
        let paging = paging.unwrap_or_else(|_| panic!("a good query"));
        assert_eq!((paging.size, paging.cursor.as_str()), (7, "a/b"));
        assert_eq!(others, ["leader is x"]);
        let nothing = Paging::read(None, 20, |_, _| Ok(())).unwrap_or_else(|_| panic!("no query at all"));
        assert_eq!((nothing.size, nothing.cursor.as_str()), (20, ""));
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in ["page_size=", "page_size=-1", "page_size=1.5", "page_size=99999999999"] {
            assert!(Paging::read(Some(bad), 20, |_, _| Ok(())).is_err(), "{bad}");
        }
        assert!(Paging::read(Some("status=odd"), 20, |name, _| Err(Violation::new(name, "no"))).is_err());
    }
}
