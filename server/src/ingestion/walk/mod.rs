//! Reads one leader's timeline: the head page, then the gaps, oldest first; on a backfill also what is older.
//!
//! Every page is stored in one transaction with the checkpoint that covers it, so the walk can be cut at any point.

mod gaps;
mod newest;
mod page;
#[cfg(test)]
mod tests;
mod timeline;

use std::time::Duration;

use jiff::Timestamp;
use tracing::{info, warn};

use super::Deps;
use super::keeper::Trust;
use super::score::score;
use crate::checkpoints;
use crate::domain::{Checkpoint, ExternalId, LeaderState, Platform, RunCounters, StreamKey, UserId};
use crate::resilience::furthest;
use crate::store::{self, Claim, PageCommit, Stream, StreamKind};
use crate::x_api::{self, TimelinePage, TimelineRequest};

use timeline::Timeline;

/// The most pages that one run reads of the newest posts of one leader; what is left is a gap for the next run.
const MAX_PAGES: u32 = 64;
/// The most pages of older posts: enough for all that X gives, 3,200 posts of 100 a page, even if many pages are short.
const MAX_BACKFILL_PAGES: u32 = 128;

/// Why the walk of a leader ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    /// X could not be read.
    #[error(transparent)]
    X(#[from] x_api::Error),
    /// The store failed, or another worker has the stream.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The file of a new stream's checkpoint cannot be read.
    #[error(transparent)]
    Checkpoints(#[from] checkpoints::Error),
    /// X says that the account cannot be read.
    #[error("the account is {}", .0.as_str())]
    Unreadable(LeaderState),
    /// Every record of a page lacks a usable number, so it cannot be told what was read.
    #[error("X sent {0} records without a usable id; they are in quarantine and are asked for again")]
    Unplaceable(u64),
    /// X answers, but with nothing that was asked for, and yet does not say that nothing is left.
    #[error("X sent {0} pages in a row without any post that was asked for; they are asked for again")]
    Nowhere(u32),
    /// Somebody asked the run to end.
    #[error("the run was cancelled")]
    RunCancelled,
    /// Amber is told to stop, or the lease is no longer sure.
    #[error("Amber was stopped")]
    Cancelled,
}

/// The way through one leader's timeline, for one task.
pub(super) struct Walk<'a> {
    deps: &'a Deps,
    x: &'a dyn Timeline,
    claim: &'a Claim,
    trust: &'a Trust,
    user: UserId,
    /// What this walk counted.
    pub(super) counters: RunCounters,
    /// How many posts X counts of the account, as far as a page told it.
    pub(super) owner_posts: Option<u64>,
    /// Since when the leader has this account; None when it had no other one.
    since: Option<Timestamp>,
    /// New posts that it may still store; None: as many as there are.
    left: Option<u64>,
    /// Pages that it may still read of the stream.
    pages: u32,
    /// What was read last was all new, so that the next page probably is as well.
    is_new_ground: bool,
}

impl<'a> Walk<'a> {
    /// A walk under `claim`. Of a backfill the newest posts count as well.
    pub(super) fn new(deps: &'a Deps, x: &'a dyn Timeline, claim: &'a Claim, trust: &'a Trust, user: UserId) -> Self {
        let limit = if claim.backfill { deps.settings.backfill_count } else { Some(deps.settings.limit) };
        let counters = RunCounters::default();
        let left = limit.map(u64::from);
        let (owner_posts, since) = (None, None);
        Self { deps, x, claim, trust, user, counters, owner_posts, since, left, pages: 0, is_new_ground: false }
    }

    /// Reads the newest posts, and on a backfill older ones as far as the limit allows.
    pub(super) async fn read(&mut self) -> Result<(), Stop> {
        let mut newest = self.open(StreamKind::Posts).await?;
        self.since = newest.checkpoint.account_since;
        self.pages = MAX_PAGES;
        let outcome = self.read_newest(&mut newest).await;
        self.conclude(&newest, &outcome).await?;
        outcome?;
        if !self.claim.backfill || self.left == Some(0) {
            return Ok(());
        }
        let mut older = self.open(StreamKind::Backfill).await?;
        if let Some(floor) = newest.checkpoint.floor {
            older.checkpoint = older.checkpoint.backfill_below(ExternalId(floor));
        }
        self.pages = MAX_BACKFILL_PAGES;
        let outcome = self.read_gaps(&mut older).await;
        self.conclude(&older, &outcome).await?;
        outcome
    }

    async fn open(&mut self, kind: StreamKind) -> Result<Stream, Stop> {
        let mut stream = self.adopted(kind).await?;
        self.is_new_ground = stream.version == 0;
        let (before, now) = (stream.checkpoint.account, self.deps.clock.now());
        stream.checkpoint = stream.checkpoint.believed(furthest(now, Duration::ZERO)).for_account(self.user, now);
        if before.is_some() && stream.checkpoint.account.is_none() {
            info!(key = stream.key, user_id = %self.user, "{} is read anew: it is that of another account.", stream.key);
        }
        Ok(stream)
    }

    async fn adopted(&self, kind: StreamKind) -> Result<Stream, Stop> {
        let open = || self.deps.ingest.stream(&self.claim.lease, Platform::X, kind);
        let stream = open().await?;
        match &self.deps.mirror {
            Some(mirror) if stream.version == 0 && !self.claim.dry_run && mirror.adopt(&key(&stream)?).await? => {
                info!(key = stream.key, "{} goes on from its checkpoint file.", stream.key);
                Ok(open().await?)
            }
            _ => Ok(stream),
        }
    }

    fn may_read(&self) -> bool {
        self.left != Some(0) && self.pages > 0
    }

    async fn fetch(
        &mut self,
        since: Option<ExternalId>,
        until: Option<ExternalId>,
        token: Option<String>,
    ) -> Result<TimelinePage, Stop> {
        if !self.trust.may_ask() {
            return Err(Stop::Cancelled);
        }
        self.pages -= 1;
        let max_results = self.left.and_then(|left| u32::try_from(left).ok()).unwrap_or(u32::MAX);
        let request = TimelineRequest { user: self.user, since, until, max_results, token };
        let page = self.trust.unless_stopped(self.x.page(request)).await.ok_or(Stop::Cancelled)??;
        self.owner_posts = page.owner_posts.or(self.owner_posts);
        match page.state {
            Some(state) if state != LeaderState::Active && page.fetched == 0 => Err(Stop::Unreadable(state)),
            _ => Ok(page),
        }
    }

    /// Stores the page and its checkpoint in one transaction; a dry run only counts.
    async fn store(&mut self, stream: &mut Stream, page: TimelinePage, checkpoint: Checkpoint) -> Result<(), Stop> {
        let checkpoint = Checkpoint { account_since: self.since, ..checkpoint.of_account(self.user) };
        let commit = PageCommit {
            run: self.claim.run,
            lease: self.claim.lease,
            stream: stream.id,
            platform: stream.platform,
            version: stream.version,
            checkpoint: checkpoint.clone(),
            fetched: page.fetched,
            posts: page.posts.into_iter().map(|post| score(&self.deps.analyzer, post)).collect(),
            rejected: page.rejected.into_iter().map(page::rejected).collect(),
            is_likely_new: self.is_new_ground,
        };
        if self.claim.dry_run {
            self.count(self.deps.ingest.rehearse_page(commit).await?);
            stream.checkpoint = checkpoint;
            return Ok(());
        }
        let committed = self.deps.ingest.commit_page(commit).await?;
        stream.version = committed.version;
        stream.checkpoint = checkpoint;
        self.mirror(stream).await;
        self.count(committed.counters);
        if committed.cancel_requested { Err(Stop::RunCancelled) } else { Ok(()) }
    }

    /// A file that is not renewed lags, which costs no post.
    async fn mirror(&self, stream: &Stream) {
        let Some(mirror) = &self.deps.mirror else { return };
        let followed = match key(stream) {
            Ok(key) => mirror.follow(&key, &stream.checkpoint, stream.version).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = followed {
            warn!(key = stream.key, %error, "The checkpoint file of {} was not renewed: {error}.", stream.key);
        }
    }

    fn count(&mut self, page: RunCounters) {
        self.left = self.left.map(|left| left.saturating_sub(page.inserted));
        self.is_new_ground = page.inserted > 0 && page.updated + page.unchanged == 0;
        self.counters.add(page);
        self.deps.metrics.page_stored(&page);
    }

    /// Notes on the stream how reading it ended.
    async fn conclude(&self, stream: &Stream, outcome: &Result<(), Stop>) -> Result<(), store::Error> {
        match outcome {
            _ if self.claim.dry_run => Ok(()),
            Ok(()) => self.deps.ingest.note_success(stream.id).await,
            Err(Stop::Cancelled | Stop::RunCancelled | Stop::Store(_)) => Ok(()),
            Err(reason) => self.deps.ingest.note_failure(stream.id, &reason.to_string()).await,
        }
    }
}

fn key(stream: &Stream) -> Result<StreamKey, store::Error> {
    stream.key.parse().map_err(|_| store::Error::Corrupt { what: "stream key" })
}
