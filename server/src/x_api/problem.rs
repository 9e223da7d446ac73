//! What X could not give, as it tells in `errors`.

use super::node::Node;
use crate::domain::LeaderState;

/// Why X could not give something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// There is no such account or post.
    NotFound,
    /// The account is suspended.
    Suspended,
    /// The account shows its posts to its followers only.
    Protected,
    /// Anything else.
    Other,
}

/// One entry of `errors`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Why X could not give it.
    pub kind: ProblemKind,
    /// The handle or number that was asked for.
    pub value: Option<String>,
    /// What it names: `user`, `tweet`, ...
    pub resource: Option<String>,
    /// By which parameter it was asked for: `ids`, or an expansion such as `referenced_tweets.id`.
    pub parameter: Option<String>,
    /// What X says.
    pub detail: String,
}

impl ProblemKind {
    /// The state of an account with this problem.
    #[must_use]
    pub fn leader_state(self) -> Option<LeaderState> {
        match self {
            Self::NotFound => Some(LeaderState::NotFound),
            Self::Suspended => Some(LeaderState::Suspended),
            Self::Protected => Some(LeaderState::Protected),
            Self::Other => None,
        }
    }
}

/// The last segment of a problem type: X has used several hosts for the same types.
pub(super) fn type_of<'a>(node: &Node<'a>) -> &'a str {
    let full = node.get("type").and_then(|kind| kind.text().ok()).unwrap_or_default();
    full.rsplit('/').next().unwrap_or_default()
}

/// Reads the entries of `errors`; whatever is missing in one is left out.
pub(super) fn list(errors: Option<Node<'_>>) -> Vec<Problem> {
    super::node::lenient_items(errors).iter().map(read).collect()
}

fn read(node: &Node<'_>) -> Problem {
    let text = |name: &str| node.get(name).and_then(|member| member.text().ok());
    let title = text("title").unwrap_or_default();
    let detail = text("detail").or_else(|| text("message")).unwrap_or(title);
    Problem {
        kind: kind_of(type_of(node), title, detail),
        value: text("value").or_else(|| text("resource_id")).map(str::to_owned),
        resource: text("resource_type").map(str::to_owned),
        parameter: text("parameter").map(str::to_owned),
        detail: detail.to_owned(),
    }
}

/// A suspended account has the type of an unknown one, or of a protected one; only title and detail tell them apart.
fn kind_of(kind: &str, title: &str, detail: &str) -> ProblemKind {
    match kind {
        "resource-not-found" if title == "Forbidden" || detail.contains("suspended") => ProblemKind::Suspended,
        "not-authorized-for-resource" if detail.contains("suspended") => ProblemKind::Suspended,
        "resource-not-found" => ProblemKind::NotFound,
        "not-authorized-for-resource" => ProblemKind::Protected,
        _ => ProblemKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(kind: &str, title: &str, detail: &str) -> ProblemKind {
        let body = json!({"errors": [{"type": kind, "title": title, "detail": detail}]});
        list(Node::root(&body).get("errors"))[0].kind
    }

    #[test]
    fn the_host_of_a_problem_type_does_not_matter() {
        for host in ["https://api.twitter.com/2/problems/", "https://api.x.com/2/problems/", ""] {
            let name = format!("{host}not-authorized-for-resource");
            assert_eq!(kind(&name, "Authorization Error", "Sorry"), ProblemKind::Protected);
        }
    }

    #[test]
    fn a_suspended_account_is_told_apart_from_an_unknown_one() {
        let name = "https://api.twitter.com/2/problems/resource-not-found";
        assert_eq!(kind(name, "Forbidden", "User has been suspended: [a]."), ProblemKind::Suspended);
        assert_eq!(kind(name, "Not Found Error", "Could not find user."), ProblemKind::NotFound);
        let name = "https://api.x.com/2/problems/not-authorized-for-resource";
        assert_eq!(kind(name, "Authorization Error", "User has been suspended: [5]."), ProblemKind::Suspended);
    }

    #[test]
    fn an_unknown_problem_is_kept() {
        let body = json!({"errors": [{"type": "about:new", "value": "a"}, 7]});
        let problems = list(Node::root(&body).get("errors"));
        assert_eq!(problems.len(), 2);
        assert_eq!((problems[0].kind, problems[0].value.as_deref()), (ProblemKind::Other, Some("a")));
    }
}
