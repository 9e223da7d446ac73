//! Looking up accounts by handle or by number.

use serde_json::Value;

use super::Fault;
use super::node::{Malformed, Node, web_address};
use super::problem::{self, Problem, ProblemKind};
use crate::domain::{Handle, UserId};

/// An account on X.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The account's number; it never changes.
    pub id: UserId,
    /// The handle, without the `@`.
    pub username: String,
    /// The name that people read.
    pub name: String,
    /// The picture.
    pub avatar_url: Option<String>,
    /// The account shows its posts to its followers only.
    pub protected: bool,
    /// How many posts it has, reposts included; only lookups ask for it.
    pub post_count: Option<u64>,
}

/// The accounts that X knows, and why it does not give the others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserLookup {
    /// The accounts, in the order of X.
    pub users: Vec<User>,
    /// What X could not give.
    pub problems: Vec<Problem>,
}

/// The accounts that are looked up in one request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Names<'a> {
    Handles(&'a [Handle]),
    Ids(&'a [UserId]),
}

impl Names<'_> {
    /// The names as X wants them: parted by commas.
    pub(super) fn joined(&self) -> String {
        let names: Vec<String> = match self {
            Self::Handles(handles) => handles.iter().map(ToString::to_string).collect(),
            Self::Ids(ids) => ids.iter().map(ToString::to_string).collect(),
        };
        names.join(",")
    }
}

/// Reads the answer to a lookup. A record that is no valid account becomes a problem.
pub(super) fn parse_lookup(body: &Value) -> Result<UserLookup, Fault> {
    let root = Node::root(body);
    let mut lookup = UserLookup { users: Vec::new(), problems: problem::list(root.get("errors")) };
    let Some(data) = root.get("data") else { return Ok(lookup) };
    for record in data.items().map_err(Fault::from)? {
        match parse(&record) {
            Ok(user) => lookup.users.push(user),
            Err(fault) => lookup.problems.push(unreadable(&record, &fault)),
        }
    }
    Ok(lookup)
}

/// Reads one account.
pub(super) fn parse(record: &Node<'_>) -> Result<User, Malformed> {
    let username = record.need("username")?.text()?;
    Ok(User {
        id: record.need("id")?.user_id()?,
        username: username.to_owned(),
        name: record.get("name").map_or(Ok(username), |name| name.text())?.replace('\0', ""),
        avatar_url: web_address(record.get("profile_image_url")),
        protected: record.get("protected").is_some_and(|flag| flag.value() == &Value::Bool(true)),
        post_count: post_count(record),
    })
}

/// A count that cannot be read is unknown: the account is good without it.
fn post_count(record: &Node<'_>) -> Option<u64> {
    let count = record.get("public_metrics")?.either("tweet_count", "post_count")?.integer().ok()?;
    u64::try_from(count).ok()
}

fn unreadable(record: &Node<'_>, fault: &Malformed) -> Problem {
    let value = record.get("username").or_else(|| record.get("id")).and_then(|name| name.text().ok());
    Problem {
        kind: ProblemKind::Other,
        value: value.map(str::to_owned),
        resource: Some("user".to_owned()),
        parameter: None,
        detail: format!("{} {}", fault.path, fault.reason),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lookup_keeps_what_is_readable() {
        let body = json!({
            "data": [
                {"id": "12", "username": "amber", "name": "Amber", "protected": true, "new_field": {},
                    "public_metrics": {"tweet_count": "31"}},
                {"id": "x", "username": "broken", "name": "Broken"},
            ],
            "errors": [{"value": "gone", "type": "https://api.x.com/2/problems/resource-not-found", "title": "Not Found Error"}],
        });
        let lookup = parse_lookup(&body).unwrap();
        let amber = User {
            id: UserId(12),
            username: "amber".into(),
            name: "Amber".into(),
            avatar_url: None,
            protected: true,
            post_count: Some(31),
        };
        assert_eq!(lookup.users, [amber]);
        let problems: Vec<_> = lookup.problems.iter().map(|p| (p.kind, p.value.as_deref().unwrap())).collect();
        assert_eq!(problems, [(ProblemKind::NotFound, "gone"), (ProblemKind::Other, "broken")]);
        assert!(lookup.problems[1].detail.starts_with("data[1].id "), "{}", lookup.problems[1].detail);
    }

    #[test]
    fn the_number_of_posts_has_two_names_and_may_be_unknown() {
        let count = |metrics: Value| {
            let record = json!({"id": "12", "username": "amber", "public_metrics": metrics});
            parse(&Node::root(&record)).unwrap().post_count
        };
        assert_eq!(count(json!({"tweet_count": 7, "followers_count": 9})), Some(7));
        assert_eq!(count(json!({"post_count": 7})), Some(7));
        for unknown in [json!(null), json!({}), json!({"tweet_count": -1}), json!({"tweet_count": "many"})] {
            assert_eq!(count(unknown), None);
        }
    }

    #[test]
    fn an_answer_whose_data_is_no_list_is_broken() {
        assert!(matches!(parse_lookup(&json!({"data": "no"})), Err(Fault::Body { .. })));
    }
}
