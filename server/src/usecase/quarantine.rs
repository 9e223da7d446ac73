//! The records of X that are no valid posts: list them, read them again, discard them.

use super::{Error, page_token};
use crate::auth::require_role;
use crate::domain::{LeaderId, Principal, Role};
use crate::ingestion::{Fate, QuarantineDeps, replay};
use crate::store::{QuarantineFilter, QuarantineId, QuarantineStatus, Quarantined};

/// Which records are wanted.
#[derive(Debug, Clone, Default)]
pub struct RecordQuery {
    /// Only those with this status.
    pub status: Option<QuarantineStatus>,
    /// Only those of this leader; an id that nobody has matches nothing. None means all.
    pub leader: Option<String>,
}

/// A page of records, newest first.
#[derive(Debug, Clone)]
pub struct RecordPage {
    /// The records.
    pub records: Vec<Quarantined>,
    /// Where the next page starts; empty at the end.
    pub next: String,
}

/// What became of records that were to be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replayed {
    /// Valid posts now, and stored.
    pub stored: u32,
    /// Still no valid posts.
    pub refused: u32,
    /// Unknown, or not open.
    pub passed_over: u32,
}

/// What became of records that were to be discarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Discarded {
    /// Open before, and discarded now.
    pub discarded: u32,
    /// Unknown, or not open.
    pub passed_over: u32,
}

/// The records in quarantine.
pub struct Quarantine {
    deps: QuarantineDeps,
}

impl Quarantine {
    /// The most records on one page.
    pub const MAX_PAGE_SIZE: u32 = 100;
    /// Records on a page when the caller does not say.
    pub const DEFAULT_PAGE_SIZE: u32 = 20;
    /// The most records of one call that changes them.
    pub const MAX_BATCH: u32 = 100;

    /// Works on these.
    #[must_use]
    pub fn new(deps: QuarantineDeps) -> Self {
        Self { deps }
    }

    /// A page of records, newest first. Reviewers and admins.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::PageToken`], or when the store fails.
    pub async fn list(
        &self,
        caller: &Principal,
        query: &RecordQuery,
        page_size: u32,
        token: &str,
    ) -> Result<RecordPage, Error> {
        require_role(caller, Role::Reviewer)?;
        let before = page_token::decode(token)?.map(|(_, id)| QuarantineId(id));
        let leader = query.leader.as_ref().map(|id| id.parse::<LeaderId>());
        let Ok(leader) = leader.transpose() else { return Ok(RecordPage { records: Vec::new(), next: String::new() }) };
        let filter = QuarantineFilter { status: query.status, leader };
        let size = page_size.clamp(1, Self::MAX_PAGE_SIZE);
        let records = self.deps.records.records(filter, before, size + 1).await?;
        let (records, next) =
            page_token::cut(records, size, |record| page_token::encode(record.first_seen_at, record.id.0));
        Ok(RecordPage { records, next })
    }

    /// Reads these records again or, when a `leader` is named instead, the newest open ones of that leader, and stores
    /// those that are valid posts now. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`], or when the store fails; the call may be repeated then.
    pub async fn replay(&self, caller: &Principal, ids: &[String], leader: &str) -> Result<Replayed, Error> {
        require_role(caller, Role::Admin)?;
        let ids = match (ids, leader) {
            (ids, "") => record_ids(ids)?,
            ([], leader) => self.open_of(leader).await?,
            _ => return Err(Error::field("leader_id", "name either ids or a leader, not both")),
        };
        let mut done = Replayed::default();
        for verdict in replay(&self.deps, &ids).await?.verdicts {
            let count = match verdict.fate {
                Fate::Replayed(_) => &mut done.stored,
                Fate::Refused { .. } => &mut done.refused,
                Fate::Closed | Fate::Unknown => &mut done.passed_over,
            };
            *count += 1;
        }
        Ok(done)
    }

    /// Marks these records as done with. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`], or when the store fails; the call may be repeated then.
    pub async fn discard(&self, caller: &Principal, ids: &[String]) -> Result<Discarded, Error> {
        require_role(caller, Role::Admin)?;
        let mut done = Discarded::default();
        for id in record_ids(ids)? {
            let count = if self.deps.records.discard(id).await? { &mut done.discarded } else { &mut done.passed_over };
            *count += 1;
        }
        Ok(done)
    }

    async fn open_of(&self, leader: &str) -> Result<Vec<QuarantineId>, Error> {
        let leader = leader.parse().map_err(|_| Error::field("leader_id", "a leader id is a UUID"))?;
        let filter = QuarantineFilter { status: Some(QuarantineStatus::Open), leader: Some(leader) };
        let open = self.deps.records.records(filter, None, Self::MAX_BATCH).await?;
        Ok(open.iter().map(|record| record.id).collect())
    }
}

fn record_ids(texts: &[String]) -> Result<Vec<QuarantineId>, Error> {
    if texts.is_empty() || texts.len() > Quarantine::MAX_BATCH as usize {
        return Err(Error::field("ids", format!("name 1 to {} records", Quarantine::MAX_BATCH)));
    }
    let ids: Result<Vec<QuarantineId>, _> = texts.iter().map(|text| text.parse()).collect();
    ids.map_err(|_| Error::field("ids", "the id of a record is a UUID, as ListQuarantine shows it"))
}
