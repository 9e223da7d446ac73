//! The leaders: list, add, change, remove, refresh.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::error::Missing;
use super::{Error, page_token};
use crate::auth::require_role;
use crate::domain::{
    FeedFilter, Leader, LeaderChange, LeaderId, NewLeader, Post, Principal, Role, Run, RunId, RunStatus, RunTrigger,
};
use crate::ingestion::{self, Ingestion, RunRequest};
use crate::store::{self, LeaderCursor};

/// The longest that a refresh is waited for.
const REFRESH_WAIT: Duration = Duration::from_secs(25);

/// A page of leaders, newest first.
#[derive(Debug, Clone)]
pub struct LeaderPage {
    /// The leaders.
    pub leaders: Vec<Leader>,
    /// Where the next page starts; empty at the end.
    pub next: String,
    /// All leaders.
    pub total: u64,
}

/// What a refresh brought.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// The run.
    pub run: Run,
    /// The leader's newest posts.
    pub posts: Vec<Post>,
}

/// The leaders.
pub struct Leaders {
    store: Arc<dyn store::Leaders>,
    posts: Arc<dyn store::Posts>,
    ingestion: Ingestion,
}

impl Leaders {
    /// The most leaders on one page.
    pub const MAX_PAGE_SIZE: u32 = 100;
    /// Leaders on a page when the caller does not say.
    pub const DEFAULT_PAGE_SIZE: u32 = 50;

    /// Works on these.
    #[must_use]
    pub fn new(store: Arc<dyn store::Leaders>, posts: Arc<dyn store::Posts>, ingestion: Ingestion) -> Self {
        Self { store, posts, ingestion }
    }

    /// A page of leaders, newest first. Anyone may ask.
    ///
    /// # Errors
    /// [`Error::PageToken`], or when the store fails.
    pub async fn list(&self, page_size: u32, token: &str) -> Result<LeaderPage, Error> {
        let after = page_token::decode(token)?;
        let after = after.map(|(created_at, id)| LeaderCursor { created_at, id: LeaderId(id) });
        let size = page_size.clamp(1, Self::MAX_PAGE_SIZE);
        let leaders = self.store.list(after, size + 1).await?;
        let (leaders, next) =
            page_token::cut(leaders, size, |leader| page_token::encode(leader.created_at, leader.id.0));
        Ok(LeaderPage { leaders, next, total: self.store.count().await? })
    }

    /// Every leader, newest first, for the old route that knows no pages. Anyone may ask.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn all(&self) -> Result<Vec<Leader>, Error> {
        let mut all = Vec::new();
        let mut token = String::new();
        loop {
            let page = self.list(Self::MAX_PAGE_SIZE, &token).await?;
            all.extend(page.leaders);
            if page.next.is_empty() {
                return Ok(all);
            }
            token = page.next;
        }
    }

    /// Adds a leader. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`] with every mistake, or when the store fails.
    pub async fn create(&self, caller: &Principal, leader: NewLeader) -> Result<Leader, Error> {
        require_role(caller, Role::Admin)?;
        let violations = leader.violations();
        if !violations.is_empty() {
            return Err(Error::Invalid(violations));
        }
        Ok(self.store.create(leader).await?)
    }

    /// One leader. Anyone may ask.
    ///
    /// # Errors
    /// [`Error::NotFound`], or when the store fails.
    pub async fn get(&self, id: &str) -> Result<Leader, Error> {
        self.store.get(leader_id(id)?).await?.ok_or(Error::NotFound(Missing::Leader))
    }

    /// Changes a leader. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`] with every mistake, [`Error::NotFound`], or when the store fails.
    pub async fn update(&self, caller: &Principal, id: &str, change: &LeaderChange) -> Result<Leader, Error> {
        require_role(caller, Role::Admin)?;
        let violations = change.violations();
        if !violations.is_empty() {
            return Err(Error::Invalid(violations));
        }
        let changed = self.store.change(leader_id(id)?, change).await?.ok_or(Error::NotFound(Missing::Leader))?;
        self.ingestion.move_files(&changed.moved).await;
        Ok(changed.leader)
    }

    /// Removes a leader with all its posts. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::NotFound`], or when the store fails.
    pub async fn delete(&self, caller: &Principal, id: &str) -> Result<(), Error> {
        require_role(caller, Role::Admin)?;
        let streams = self.store.delete(leader_id(id)?).await?.ok_or(Error::NotFound(Missing::Leader))?;
        self.ingestion.forget_files(&streams).await;
        Ok(())
    }

    /// Starts reading one leader. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::NotFound`], [`Error::Disabled`], [`Error::Busy`], or when the store fails.
    pub async fn start_refresh(&self, caller: &Principal, id: &str) -> Result<RunId, Error> {
        require_role(caller, Role::Admin)?;
        Ok(self.ask_for_refresh(leader_id(id)?).await?.id)
    }

    /// Reads one leader, waits for it, and answers with its newest posts. When this process stops meanwhile, the run is
    /// answered as it is; another process, or the next start, goes on with it. Admins only.
    ///
    /// # Errors
    /// As [`Self::start_refresh`]; [`Error::StillRunning`] when it takes too long, [`Error::Unreadable`] when X could
    /// not be read.
    pub async fn refresh(&self, caller: &Principal, id: &str) -> Result<Refreshed, Error> {
        require_role(caller, Role::Admin)?;
        let id = leader_id(id)?;
        let asked = self.ask_for_refresh(id).await?;
        let ended = timeout(REFRESH_WAIT, self.ingestion.finished(asked.id)).await;
        let run = match ended.map_err(|_| Error::StillRunning(asked.id))? {
            Err(ingestion::Error::Stopping) => self.ingestion.run(asked.id).await?.unwrap_or(asked),
            ended => ended?,
        };
        if run.status == RunStatus::Failed {
            return Err(Error::Unreadable(run.error.unwrap_or_else(|| "X could not be read".to_owned())));
        }
        let filter = FeedFilter { leaders: vec![id], ..FeedFilter::default() };
        let page = self.posts.page(&filter, None, FeedFilter::DEFAULT_PAGE_SIZE).await?;
        Ok(Refreshed { run, posts: page.posts })
    }

    async fn ask_for_refresh(&self, id: LeaderId) -> Result<Run, Error> {
        if self.store.get(id).await?.is_none() {
            return Err(Error::NotFound(Missing::Leader));
        }
        let request = RunRequest { trigger: RunTrigger::Refresh, backfill: false, dry_run: false, leaders: vec![id] };
        Ok(self.ingestion.trigger(request).await?)
    }
}

/// An id that is no UUID names no leader.
fn leader_id(text: &str) -> Result<LeaderId, Error> {
    text.parse().map_err(|_| Error::NotFound(Missing::Leader))
}
