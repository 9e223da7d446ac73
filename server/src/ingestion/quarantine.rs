//! Reads records in quarantine again with the rules of today, and stores those that are posts after all.

use std::sync::Arc;

use super::score::score;
use crate::domain::{Author, FetchedPost, Leader};
use crate::sentiment::Analyzer;
use crate::store::{self, Leaders, Quarantine, QuarantineId, QuarantineStatus, Quarantined, ReplayOutcome};
use crate::x_api::parse_record;

/// What a replay works with.
#[derive(Clone)]
pub struct QuarantineDeps {
    /// Who wrote the records.
    pub leaders: Arc<dyn Leaders>,
    /// The records.
    pub records: Arc<dyn Quarantine>,
    /// Scores texts.
    pub analyzer: Arc<Analyzer>,
}

/// What became of the records that were to be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplayReport {
    /// One for each name that was given, in the same order.
    pub verdicts: Vec<Verdict>,
}

impl ReplayReport {
    /// How many records became posts, or were found among them.
    #[must_use]
    pub fn replayed(&self) -> usize {
        self.verdicts.iter().filter(|verdict| matches!(verdict.fate, Fate::Replayed(_))).count()
    }
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The record.
    pub id: QuarantineId,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a record that was to be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is a post and is closed.
    Replayed(ReplayOutcome),
    /// It is still no post and stays open.
    Refused {
        /// What is wrong with it.
        reason: String,
        /// Where in the record.
        path: String,
    },
    /// It was replayed or discarded before.
    Closed,
    /// There is no such record.
    Unknown,
}

/// Reads records again and stores those that are valid posts now, each in a transaction of its own. Nothing is fetched
/// from X, and no checkpoint moves.
///
/// # Errors
/// When the database fails; the records before are replayed then, and the call may be repeated.
pub async fn replay(deps: &QuarantineDeps, ids: &[QuarantineId]) -> Result<ReplayReport, store::Error> {
    let mut report = ReplayReport::default();
    for &id in ids {
        let fate = replay_one(deps, id).await?;
        report.verdicts.push(Verdict { id, fate });
    }
    Ok(report)
}

async fn replay_one(deps: &QuarantineDeps, id: QuarantineId) -> Result<Fate, store::Error> {
    let Some(record) = deps.records.record(id).await? else { return Ok(Fate::Unknown) };
    if record.status != QuarantineStatus::Open {
        return Ok(Fate::Closed);
    }
    // The leader's records go with the leader.
    let Some(leader) = deps.leaders.get(record.leader_id).await? else { return Ok(Fate::Unknown) };
    match read(&record, &leader) {
        Ok(post) => {
            let outcome = deps.records.replay(id, &score(&deps.analyzer, post)).await?;
            Ok(outcome.map_or(Fate::Closed, Fate::Replayed))
        }
        Err((reason, path)) => {
            let is_open = deps.records.refuse(id, &reason, &path).await?;
            Ok(if is_open { Fate::Refused { reason, path } } else { Fate::Closed })
        }
    }
}

/// A record belongs to one account, and what is stored under a leader shall be of an account that it has.
const UNKNOWN_ACCOUNT: &str = "is perhaps not of the leader, whose account on X is not known yet: replay it after a run \
                               that reads the leader, or discard it";

/// The post, or what is wrong and where.
fn read(record: &Quarantined, leader: &Leader) -> Result<FetchedPost, (String, String)> {
    let whole = |reason: &str| (reason.to_owned(), String::new());
    let raw = serde_json::from_str(&record.raw).map_err(|_| whole("was too long to be kept whole"))?;
    let owner = leader.x_user_id.ok_or_else(|| whole(UNKNOWN_ACCOUNT))?;
    let author = Author {
        handle: leader.x_handle().map(|handle| handle.as_str().to_owned()).unwrap_or_default(),
        name: leader.name.clone(),
        avatar_url: leader.avatar_url.clone(),
    };
    parse_record(&raw, owner, author).map_err(|rejected| (rejected.reason, rejected.path))
}
