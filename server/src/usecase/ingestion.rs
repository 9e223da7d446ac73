//! The runs and their schedule: ask for a run, look at one, watch it, end it; stop and start the schedule.

use futures::{Stream, TryStreamExt};

use super::error::Missing;
use super::{Error, page_token};
use crate::auth::require_role;
use crate::domain::{FeedFilter, LeaderId, Principal, Role, Run, RunId, RunTrigger, Violation};
use crate::ingestion::{Ingestion, RunRequest, Status};

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

/// A page of runs, newest first.
#[derive(Debug, Clone)]
pub struct RunPage {
    /// The runs.
    pub runs: Vec<Run>,
    /// Where the next page starts; empty at the end.
    pub next: String,
}

/// The runs.
pub struct Runs {
    ingestion: Ingestion,
}

impl Runs {
    /// The most runs on one page.
    pub const MAX_PAGE_SIZE: u32 = 100;
    /// Runs on a page when the caller does not say.
    pub const DEFAULT_PAGE_SIZE: u32 = 20;

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
    pub async fn trigger(&self, caller: &Principal, trigger: Trigger) -> Result<Run, Error> {
        require_role(caller, Role::Admin)?;
        let request = RunRequest {
            trigger: RunTrigger::Manual,
            backfill: trigger.backfill,
            dry_run: trigger.dry_run,
            leaders: leader_ids(&trigger.leaders)?,
        };
        Ok(self.ingestion.trigger(request).await?)
    }

    /// One run. For viewers and above.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::NotFound`], or when the store fails.
    pub async fn get(&self, caller: &Principal, id: &str) -> Result<Run, Error> {
        require_role(caller, Role::Viewer)?;
        self.ingestion.run(run_id(id)?).await?.ok_or(Error::NotFound(Missing::Run))
    }

    /// A page of runs, newest first. Reviewers and admins.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::PageToken`], or when the store fails.
    pub async fn list(&self, caller: &Principal, page_size: u32, token: &str) -> Result<RunPage, Error> {
        require_role(caller, Role::Reviewer)?;
        let before = page_token::decode(token)?.map(|(_, id)| RunId(id));
        let size = page_size.clamp(1, Self::MAX_PAGE_SIZE);
        let runs = self.ingestion.runs(before, size + 1).await?;
        let (runs, next) = page_token::cut(runs, size, |run| page_token::encode(run.started_at, run.id.0));
        Ok(RunPage { runs, next })
    }

    /// A run as it fares: its state now if it is newer than `after_seq`, then each change, until the run is over; the
    /// last state always. For viewers and above.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::NotFound`] or [`Error::TooManyWatchers`]; in the stream [`Error::Stopping`],
    /// [`Error::NotFound`], or when the store fails.
    pub fn watch(
        &self,
        caller: &Principal,
        id: &str,
        after_seq: u64,
    ) -> Result<impl Stream<Item = Result<Run, Error>> + Send + use<>, Error> {
        require_role(caller, Role::Viewer)?;
        Ok(self.ingestion.watch(run_id(id)?, after_seq)?.map_err(Error::from))
    }

    /// Asks a run to end after the pages under way. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::NotFound`], or when the store fails.
    pub async fn cancel(&self, caller: &Principal, id: &str) -> Result<Run, Error> {
        require_role(caller, Role::Admin)?;
        self.ingestion.cancel(run_id(id)?).await?.ok_or(Error::NotFound(Missing::Run))
    }

    /// Starts the schedule of all replicas, whoever stopped it, and tells its state without the leaders. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], or when the store fails.
    pub async fn start(&self, caller: &Principal) -> Result<Status, Error> {
        require_role(caller, Role::Admin)?;
        let control = self.ingestion.start().await?;
        Ok(Status { control, ..self.ingestion.vitals() })
    }

    /// Stops the schedule of all replicas, and tells its state without the leaders; runs under way go on. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], or when the store fails.
    pub async fn stop(&self, caller: &Principal) -> Result<Status, Error> {
        require_role(caller, Role::Admin)?;
        let control = self.ingestion.stop().await?;
        Ok(Status { control, ..self.ingestion.vitals() })
    }

    /// What ingestion is doing. Anyone may ask.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn status(&self) -> Result<Status, Error> {
        Ok(self.ingestion.status().await?)
    }
}

/// An id that is no UUID names no run.
fn run_id(text: &str) -> Result<RunId, Error> {
    text.parse().map_err(|_| Error::NotFound(Missing::Run))
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
