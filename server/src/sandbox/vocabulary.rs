//! The two vocabularies of X: what was a tweet becomes a post, and both are spoken.

use serde_json::Value;

/// Names of members that differ, older one first.
const MEMBERS: [(&str, &str); 9] = [
    ("edit_history_tweet_ids", "edit_history_post_ids"),
    ("media_source_tweet", "media_source_post"),
    ("most_recent_tweet_id", "most_recent_post_id"),
    ("note_tweet", "note_post"),
    ("pinned_tweet_id", "pinned_post_id"),
    ("referenced_tweets", "referenced_posts"),
    ("retweet_count", "repost_count"),
    ("tweet_count", "post_count"),
    ("tweets", "posts"),
];
/// Values that differ, with the member that holds them.
const VALUES: [(&str, &str, &str); 2] = [("type", "retweeted", "reposted"), ("resource_type", "tweet", "post")];

/// The spelling of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    Tweet,
    Post,
}

/// A query parameter by its older name, with older names in its value.
pub(super) fn older(name: String, value: String) -> (String, String) {
    if name != "expansions" && !name.ends_with(".fields") {
        return (name, value);
    }
    let name = if name == "post.fields" { "tweet.fields".to_owned() } else { name };
    let item = |item: &str| item.split('.').map(older_member).collect::<Vec<_>>().join(".");
    (name, value.split(',').map(item).collect::<Vec<_>>().join(","))
}

fn older_member(name: &str) -> &str {
    MEMBERS.iter().find(|(_, newer)| *newer == name).map_or(name, |(older, _)| older)
}

/// Gives everything in `value` its newer name.
pub(super) fn rename_all(value: &mut Value) {
    rename(value, &mut || true);
}

/// Gives every second thing in `value` its newer name.
pub(super) fn rename_some(value: &mut Value) {
    let mut count = 0_usize;
    rename(value, &mut || {
        count += 1;
        count % 2 == 1
    });
}

fn rename(value: &mut Value, is_next: &mut impl FnMut() -> bool) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, is_next)),
        Value::Object(members) => {
            *members = std::mem::take(members).into_iter().map(|(name, value)| renamed(name, value, is_next)).collect();
        }
        _ => {}
    }
}

fn renamed(name: String, mut value: Value, is_next: &mut impl FnMut() -> bool) -> (String, Value) {
    rename(&mut value, is_next);
    let differs = VALUES.iter().find(|(member, older, _)| *member == name && value == *older);
    if let Some((_, _, newer)) = differs
        && is_next()
    {
        value = Value::from(*newer);
    }
    match MEMBERS.iter().find(|(older, _)| *older == name) {
        Some((_, newer)) if is_next() => ((*newer).to_owned(), value),
        _ => (name, value),
    }
}
