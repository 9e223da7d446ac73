//! Looking up posts by number: what they are now, and which of them are gone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Fault;
use super::includes::Includes;
use super::node::Node;
use super::problem::{self, Problem, ProblemKind};
use super::{page, post};
use crate::domain::{ExternalId, FetchedPost, Removal};

#[cfg(test)]
mod tests;

/// What X says of the posts that were asked for. A post of which it says nothing that can be relied on is in neither
/// list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PostLookup {
    /// The posts that are there and valid.
    pub found: BTreeMap<ExternalId, FetchedPost>,
    /// The posts that are gone.
    pub gone: BTreeMap<ExternalId, Removal>,
    /// The posts in the answer, valid or not; X bills each.
    pub fetched: u64,
    /// How many of them lack a field that was asked for and that X always sends.
    pub missing_fields: BTreeMap<&'static str, u64>,
}

impl PostLookup {
    pub(super) fn add(&mut self, part: Self) {
        self.found.extend(part.found);
        self.gone.extend(part.gone);
        self.fetched += part.fetched;
        for (field, count) in part.missing_fields {
            *self.missing_fields.entry(field).or_default() += count;
        }
    }
}

/// Reads the answer to a lookup of `asked`.
pub(super) fn parse(body: &Value, asked: &[ExternalId]) -> Result<PostLookup, Fault> {
    let root = Node::root(body);
    let records: Vec<Node<'_>> = match root.get("data") {
        Some(data) => data.items()?.collect(),
        None => Vec::new(),
    };
    let asked: BTreeSet<ExternalId> = asked.iter().copied().collect();
    let problems = problem::list(root.get("errors"));
    let mut gone: BTreeMap<ExternalId, Removal> =
        problems.iter().filter_map(removal).filter(|(id, _)| asked.contains(id)).collect();
    let includes = Includes::read(&root);
    let mut found = BTreeMap::new();
    for record in &records {
        let Some(id) = record.get("id").and_then(|id| id.post_id().ok()) else { continue };
        // What is there is not gone, be it readable or not.
        gone.remove(&id);
        if let (true, Ok(post)) = (asked.contains(&id), post::parse(record, &includes, None)) {
            found.insert(id, post);
        }
    }
    let missing_fields = page::missing_fields(&records);
    Ok(PostLookup { found, gone, fetched: records.len() as u64, missing_fields })
}

/// The post that a problem says is gone. Problems of what hangs on a post say nothing of the post, even when they name
/// one that was asked for as well.
fn removal(problem: &Problem) -> Option<(ExternalId, Removal)> {
    let is_of_post = problem.resource.as_deref().is_none_or(|resource| matches!(resource, "tweet" | "post"));
    let is_of_lookup = problem.parameter.as_deref().is_none_or(|parameter| matches!(parameter, "ids" | "id"));
    if !is_of_post || !is_of_lookup {
        return None;
    }
    let reason = match problem.kind {
        ProblemKind::NotFound => Removal::NotFound,
        ProblemKind::Protected => Removal::NotAuthorized,
        ProblemKind::Suspended => Removal::Suspended,
        ProblemKind::Other => return None,
    };
    Some((problem.value.as_ref()?.parse().ok()?, reason))
}
