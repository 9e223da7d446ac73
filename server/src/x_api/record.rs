//! One record on its own, outside of the page that it came in.

use serde_json::Value;

use super::includes::Includes;
use super::node::{Malformed, Node};
use super::{Rejected, post};
use crate::domain::{Author, FetchedPost, UserId};

/// Reads a post of `owner` by the rules for pages, without what a page includes: `author` says who the owner is, media
/// are left out, and a repost is marked as cut. The path of a fault begins at the record.
///
/// # Errors
/// When the record is no valid post.
pub fn parse_record(record: &Value, owner: UserId, author: Author) -> Result<FetchedPost, Box<Rejected>> {
    let node = Node::root(record);
    let parsed =
        is_by(owner, &node).and_then(|()| post::parse(&node, &Includes::of_author(owner, author), Some(owner)));
    parsed.map_err(|fault| Box::new(Rejected { raw: record.clone(), reason: fault.reason, path: fault.path }))
}

/// The record was kept for a while, in which the leader may have got another account: it must say itself whose it is. As
/// a post of the account of now it would have a wrong author.
fn is_by(owner: UserId, record: &Node<'_>) -> Result<(), Malformed> {
    let author = record.need("author_id")?;
    let id = author.user_id()?;
    if id == owner {
        return Ok(());
    }
    Err(author.malformed(format!(
        "is account {id}, but the leader has account {owner} now: discard the record, or replay it when the leader has the \
         handle of account {id} again"
    )))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(record: &Value) -> Result<FetchedPost, Box<Rejected>> {
        let author = Author { handle: "amber".into(), name: "Amber".into(), avatar_url: None };
        parse_record(record, UserId(12), author)
    }

    #[test]
    fn a_record_needs_no_page() {
        let post = parse(&json!({
            "id": "1212092628029698048", "author_id": "12", "text": "Cats &amp; dogs", "lang": "en",
            "attachments": {"media_keys": ["3_1"]},
        }))
        .unwrap();
        assert_eq!((post.text.as_str(), post.author.name.as_str(), post.media.len()), ("Cats & dogs", "Amber", 0));
        assert!(!post.truncated);
    }

    #[test]
    fn a_repost_without_its_original_is_marked_as_cut() {
        let post = parse(&json!({
            "id": "1212092628029698048", "author_id": "12", "text": "RT @bob: Cats and…",
            "referenced_tweets": [{"type": "retweeted", "id": "1212092628029698000"}],
        }));
        assert!(post.unwrap().truncated);
    }

    #[test]
    fn what_is_wrong_is_told_from_the_record_on() {
        let record = json!({"id": "1212092628029698048", "author_id": "12"});
        let rejected = parse(&record).unwrap_err();
        assert_eq!((rejected.path.as_str(), rejected.reason.as_str()), ("text", "is missing"));
        assert_eq!(rejected.raw, record);
        assert_eq!(parse(&json!({"author_id": "12"})).unwrap_err().path, "id");
    }

    #[test]
    fn a_record_says_itself_whose_it_is() {
        let mut record = json!({"id": "1212092628029698048", "author_id": "13", "text": "not ours"});
        let rejected = parse(&record).unwrap_err();
        assert_eq!(rejected.path, "author_id");
        let expected = "is account 13, but the leader has account 12 now: discard the record, or replay it when the \
                        leader has the handle of account 13 again";
        assert_eq!(rejected.reason, expected);
        record["author_id"] = Value::Null;
        let rejected = parse(&record).unwrap_err();
        assert_eq!((rejected.path.as_str(), rejected.reason.as_str()), ("author_id", "is missing"));
    }
}
