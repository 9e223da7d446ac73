//! The runs: ask for one, look at one, and what ingestion is doing.

use super::Error;
use super::error::Missing;
use crate::auth::require_role;
use crate::domain::{FeedFilter, LeaderId, Principal, Role, Run, RunTrigger, Violation};
use crate::ingestion::{Ingestion, RunRequest, Status, Ticket};

/// What a caller wants to be read.
#[derive(Debug, Clone, Default)]
pub struct Trigger {
    /// Older posts as well.
    pub backfill: bool,
    /// Store nothing.
    pub dry_run: bool,
    /// Ids of leaders; empty means all.
    pub leaders: Vec<String>,
}

/// The runs.
pub struct Runs {
    ingestion: Ingestion,
}

impl Runs {
    /// Asks `ingestion`.
    #[must_use]
    pub fn new(ingestion: Ingestion) -> Self {
        Self { ingestion }
    }

    /// Asks for a run, or joins an equal one. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`], [`Error::NotFound`], [`Error::Disabled`], [`Error::Busy`], or when the
    /// store fails.
    pub async fn trigger(&self, caller: &Principal, trigger: Trigger) -> Result<Ticket, Error> {
        require_role(caller, Role::Admin)?;
        let request = RunRequest {
            trigger: RunTrigger::Manual,
            backfill: trigger.backfill,
            dry_run: trigger.dry_run,
            leaders: leader_ids(&trigger.leaders)?,
        };
        Ok(self.ingestion.trigger(request).await?)
    }

    /// One run. Reviewers and admins.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::NotFound`], or when the store fails.
    pub async fn get(&self, caller: &Principal, id: &str) -> Result<Run, Error> {
        require_role(caller, Role::Reviewer)?;
        let id = id.parse().map_err(|_| Error::NotFound(Missing::Run))?;
        self.ingestion.run(id).await?.ok_or(Error::NotFound(Missing::Run))
    }

    /// What ingestion is doing. Anyone may ask.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn status(&self) -> Result<Status, Error> {
        Ok(self.ingestion.status().await?)
    }
}

fn leader_ids(texts: &[String]) -> Result<Vec<LeaderId>, Error> {
    if texts.len() > FeedFilter::MAX_LEADERS {
        return Err(Error::field("leader_ids", format!("name at most {} leaders", FeedFilter::MAX_LEADERS)));
    }
    let (ids, bad): (Vec<_>, Vec<_>) = texts.iter().map(|text| text.parse::<LeaderId>()).partition(Result::is_ok);
    if !bad.is_empty() {
        return Err(Error::Invalid(vec![Violation::new(
            "leader_ids",
            "a leader id is a UUID, as ListLeaders shows it",
        )]));
    }
    Ok(ids.into_iter().flatten().collect())
}
