//! A page of posts: what is valid, what is not, and where the next page begins.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Fault;
use super::includes::Includes;
use super::node::Node;
use super::post;
use super::problem::{self, Problem};
use crate::domain::{ExternalId, FetchedPost, LeaderState, UserId};

/// The fields that X sends with every post when they are asked for.
const EXPECTED: [(&str, &str); 5] = [
    ("author_id", "author_id"),
    ("created_at", "created_at"),
    ("edit_history_tweet_ids", "edit_history_post_ids"),
    ("lang", "lang"),
    ("public_metrics", "public_metrics"),
];

/// A page of posts, newest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TimelinePage {
    /// The valid posts, in the order of X.
    pub posts: Vec<FetchedPost>,
    /// The records that are no valid post.
    pub rejected: Vec<Rejected>,
    /// Where the next page begins; only the page without one is the last, however short the others are.
    pub next_token: Option<String>,
    /// The greatest post number on the page, rejected records included.
    pub newest: Option<ExternalId>,
    /// The least post number on the page, rejected records included.
    pub oldest: Option<ExternalId>,
    /// The records on the page, valid or not; X bills each.
    pub fetched: u64,
    /// What X could not give, next to what it gave.
    pub problems: Vec<Problem>,
    /// Why the account has no timeline; the page is then empty and says nothing about the posts.
    pub state: Option<LeaderState>,
    /// How many posts the owner has, as the page tells it.
    pub owner_posts: Option<u64>,
    /// How many records lack a field that was asked for and that X always sends.
    pub missing_fields: BTreeMap<&'static str, u64>,
}

/// A record that is no valid post.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected {
    /// The record as it came.
    pub raw: Value,
    /// What is wrong with it.
    pub reason: String,
    /// Where the fault is, as a JSON path from the top of the answer (`data[3].created_at`).
    pub path: String,
}

/// Reads a page of the timeline of `owner`, or of posts from anywhere.
pub(super) fn parse(body: &Value, owner: Option<UserId>) -> Result<TimelinePage, Fault> {
    let root = Node::root(body);
    let records: Vec<Node<'_>> = match root.get("data") {
        Some(data) => data.items()?.collect(),
        None => Vec::new(),
    };
    let meta = root.get("meta");
    let token = meta.as_ref().and_then(|meta| meta.get("next_token")).map(|token| token.text()).transpose()?;
    let mut page = TimelinePage {
        next_token: token.filter(|token| !token.is_empty()).map(str::to_owned),
        fetched: records.len() as u64,
        problems: problem::list(root.get("errors")),
        missing_fields: missing_fields(&records),
        ..TimelinePage::default()
    };
    if records.is_empty() && meta.is_none() && !page.problems.is_empty() {
        page.state = Some(failed_lookup(&page.problems)?);
    }
    let includes = Includes::read(&root);
    page.owner_posts = owner.and_then(|owner| includes.post_count(owner));
    for record in &records {
        match post::parse(record, &includes, owner) {
            Ok(post) => page.posts.push(post),
            Err(fault) => {
                page.rejected.push(Rejected { raw: record.value().clone(), reason: fault.reason, path: fault.path });
            }
        }
    }
    (page.oldest, page.newest) = bounds(&records);
    Ok(page)
}

/// An answer that holds nothing but problems is a failed lookup, not an empty timeline.
fn failed_lookup(problems: &[Problem]) -> Result<LeaderState, Fault> {
    let state = problems.iter().find_map(|problem| problem.kind.leader_state());
    state.ok_or_else(|| Fault::Body { reason: format!("only problems: {}", problems[0].detail) })
}

/// The least and the greatest post number. Records whose number cannot be believed are left out, unless there are only
/// such: the walk has to get past them.
fn bounds(records: &[Node<'_>]) -> (Option<ExternalId>, Option<ExternalId>) {
    let credible: Vec<ExternalId> = records.iter().filter_map(post::credible_id).collect();
    let ids = if credible.is_empty() {
        records.iter().filter_map(|record| record.get("id")?.post_id().ok()).collect()
    } else {
        credible
    };
    (ids.iter().min().copied(), ids.iter().max().copied())
}

/// How many records lack each field that X always sends when it is asked for.
pub(super) fn missing_fields(records: &[Node<'_>]) -> BTreeMap<&'static str, u64> {
    let mut missing = BTreeMap::new();
    for (older, newer) in EXPECTED {
        let count = records.iter().filter(|record| record.either(older, newer).is_none()).count() as u64;
        if count > 0 {
            missing.insert(older, count);
        }
    }
    missing
}
