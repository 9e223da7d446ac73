//! What X bills for an answer: each post and each account in it.
//!
//! Posts and accounts in `includes` are counted as well, and what comes twice on one day is counted twice. X may bill
//! less: the count errs on the side that stops early.

use serde_json::Value;

use super::endpoint::{Endpoint, Resource};
use super::node::{Node, lenient_items};
use crate::domain::Reads;

/// Counts what X returned, however unreadable each record is.
pub(super) fn reads(endpoint: Endpoint, body: &Value) -> Reads {
    let root = Node::root(body);
    let count = |node: Option<Node<'_>>| lenient_items(node).len() as u64;
    let included = |name: &str| count(root.get("includes").and_then(|includes| includes.get(name)));
    let data = count(root.get("data"));
    let mut reads = Reads { posts: included("tweets") + included("posts"), users: included("users") };
    match endpoint.gives() {
        Resource::Posts => reads.posts += data,
        Resource::Users => reads.users += data,
    }
    reads
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_in_an_answer_is_counted() {
        let body = json!({"data": [{"id": "1"}, "unreadable"], "includes": {"users": [1, 2, 3], "tweets": [4], "posts": [5], "media": [6]}});
        assert_eq!(reads(Endpoint::UserTimeline, &body), Reads { posts: 4, users: 3 });
        assert_eq!(reads(Endpoint::UsersByIds, &body), Reads { posts: 2, users: 5 });
        assert!(reads(Endpoint::UserTimeline, &json!({"meta": {"result_count": 0}})).is_empty());
    }
}
