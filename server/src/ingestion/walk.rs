//! Reads one leader's timeline: the head page, then the gaps, oldest first; on a backfill also what is older.
//!
//! Every page is stored in one transaction with the checkpoint that covers it, so the walk can be cut at any point.

use tokio_util::sync::CancellationToken;

use super::Deps;
use crate::domain::{
    Checkpoint, ExternalId, FetchedPost, Gap, Leader, LeaderState, Platform, RunCounters, RunId, ScoredPost, Sentiment,
    Unscored, UserId,
};
use crate::store::{self, PageCommit, Rejected, Stream, StreamKind};
use crate::x_api::{self, Client, TimelinePage, TimelineRequest};

/// The most pages that one run reads of one leader; what is left is a gap for the next run.
const MAX_PAGES: u32 = 64;

/// Why the walk of a leader ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    /// X could not be read.
    #[error(transparent)]
    X(#[from] x_api::Error),
    /// The store failed, or another worker has the stream.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// X says that the account cannot be read.
    #[error("the account is {}", .0.as_str())]
    Unreadable(LeaderState),
    /// Every record of a page lacks a usable number, so it cannot be told what was read.
    #[error("X sent {0} records without a usable id; they are in quarantine and are asked for again")]
    Unplaceable(u64),
    /// Amber is told to stop.
    #[error("Amber was stopped")]
    Cancelled,
}

/// What a walk works with.
pub(super) struct Walk<'a> {
    pub(super) deps: &'a Deps,
    pub(super) x: &'a Client,
    pub(super) run: RunId,
    pub(super) dry_run: bool,
    pub(super) stop: &'a CancellationToken,
    /// What this walk counted.
    pub(super) counters: RunCounters,
    /// New posts that it may still store.
    left: u64,
    user: UserId,
    pages: u32,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        deps: &'a Deps,
        x: &'a Client,
        run: (RunId, bool),
        stop: &'a CancellationToken,
        user: UserId,
        limit: u32,
    ) -> Self {
        let (run, dry_run) = run;
        let counters = RunCounters::default();
        Self { deps, x, run, dry_run, stop, counters, left: u64::from(limit), user, pages: 0 }
    }

    /// Reads the newest posts, and older ones as far as the limit allows when `backfill` is asked for.
    pub(super) async fn read(&mut self, leader: &Leader, backfill: bool) -> Result<(), Stop> {
        let mut stream = self.deps.ingest.stream(leader.id, Platform::X, StreamKind::Posts).await?;
        let outcome = self.read_newest(&mut stream).await;
        self.note(&stream, &outcome).await?;
        outcome?;
        if !backfill || self.left == 0 {
            return Ok(());
        }
        let mut older = self.deps.ingest.stream(leader.id, Platform::X, StreamKind::Backfill).await?;
        if let (None, Some(floor)) = (older.checkpoint.top, stream.checkpoint.floor) {
            older.checkpoint = Checkpoint::backfill_below(ExternalId(floor));
        }
        let outcome = self.read_gaps(&mut older).await;
        self.note(&older, &outcome).await?;
        outcome
    }

    async fn read_newest(&mut self, stream: &mut Stream) -> Result<(), Stop> {
        match stream.checkpoint.head_since(self.deps.settings.overlap) {
            None => self.read_first(stream).await,
            Some(since) => {
                self.read_head(stream, since).await?;
                self.read_gaps(stream).await
            }
        }
    }

    /// The first read of a stream: from the newest post downwards, no further than the limit.
    async fn read_first(&mut self, stream: &mut Stream) -> Result<(), Stop> {
        let (mut until, mut token) = (None, None);
        while self.may_read() {
            let page = self.fetch(None, until, token.take()).await?;
            let next_token = page.next_token.clone();
            let Some((oldest, newest)) = span(&page, i64::MIN, until.map_or(i64::MAX, |id: ExternalId| id.0)) else {
                token = next_token;
                if token.is_some() {
                    continue;
                }
                if page.oldest.is_none() && page.fetched > 0 {
                    return self.set_aside(stream, page).await;
                }
                if until.is_none() {
                    self.store(stream, page, Checkpoint::started_empty(self.deps.clock.now())).await?;
                }
                return Ok(());
            };
            let checkpoint = match until {
                None => Checkpoint::started(oldest, newest),
                Some(_) => stream.checkpoint.deepened(oldest),
            };
            self.store(stream, page, checkpoint).await?;
            if next_token.is_none() {
                return Ok(());
            }
            until = Some(oldest);
        }
        Ok(())
    }

    /// The newest page above `since`; what lies between becomes a gap.
    async fn read_head(&mut self, stream: &mut Stream, since: ExternalId) -> Result<(), Stop> {
        let mut token = None;
        while self.may_read() {
            let page = self.fetch(Some(since), None, token.take()).await?;
            token.clone_from(&page.next_token);
            if let Some((oldest, newest)) = span(&page, since.0, i64::MAX) {
                let checkpoint = stream.checkpoint.with_head_page(since, oldest, newest);
                return self.store(stream, page, checkpoint).await;
            }
            if token.is_none() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The gaps, oldest first. Only an answer without posts and without a token closes one.
    async fn read_gaps(&mut self, stream: &mut Stream) -> Result<(), Stop> {
        let mut token = None;
        while let Some(gap) = stream.checkpoint.gaps.first().copied().filter(|_| self.may_read()) {
            let since = (gap.lo > 0).then_some(ExternalId(gap.lo));
            let page = self.fetch(since, Some(ExternalId(gap.cursor)), token.take()).await?;
            let next_token = page.next_token.clone();
            match span(&page, gap.lo, gap.cursor) {
                Some((oldest, _)) => {
                    let checkpoint = stream.checkpoint.with_gap_page(gap, oldest);
                    self.store(stream, page, checkpoint).await?;
                }
                None if next_token.is_some() => token = next_token,
                None if page.oldest.is_none() && page.fetched > 0 => return self.set_aside(stream, page).await,
                None => self.close(stream, gap, page).await?,
            }
        }
        Ok(())
    }

    async fn close(&mut self, stream: &mut Stream, gap: Gap, page: TimelinePage) -> Result<(), Stop> {
        let checkpoint = stream.checkpoint.without_gap(gap);
        self.store(stream, page, checkpoint).await
    }

    /// Keeps the records of a page that moves nothing, and ends the walk: the gap stays open.
    async fn set_aside(&mut self, stream: &mut Stream, page: TimelinePage) -> Result<(), Stop> {
        let (fetched, checkpoint) = (page.fetched, stream.checkpoint.clone());
        self.store(stream, page, checkpoint).await?;
        Err(Stop::Unplaceable(fetched))
    }

    fn may_read(&self) -> bool {
        self.left > 0 && self.pages < MAX_PAGES
    }

    async fn fetch(
        &mut self,
        since: Option<ExternalId>,
        until: Option<ExternalId>,
        token: Option<String>,
    ) -> Result<TimelinePage, Stop> {
        if self.stop.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        self.pages += 1;
        let max_results = u32::try_from(self.left).unwrap_or(u32::MAX);
        let request = TimelineRequest { user: self.user, since, until, max_results, token };
        let answer = self.stop.run_until_cancelled(self.x.user_timeline(request)).await.ok_or(Stop::Cancelled)?;
        let page = answer?;
        match page.state {
            Some(state) if state != LeaderState::Active && page.fetched == 0 => Err(Stop::Unreadable(state)),
            _ => Ok(page),
        }
    }

    /// Stores the page and its checkpoint in one transaction; a dry run only counts.
    async fn store(&mut self, stream: &mut Stream, page: TimelinePage, checkpoint: Checkpoint) -> Result<(), Stop> {
        let commit = PageCommit {
            run: Some(self.run),
            stream: stream.id,
            version: stream.version,
            checkpoint: checkpoint.clone(),
            fetched: page.fetched,
            posts: page.posts.into_iter().map(|post| self.score(post)).collect(),
            rejected: page.rejected.into_iter().map(rejected).collect(),
        };
        let counted = if self.dry_run {
            counted_only(&commit)
        } else {
            let committed = self.deps.ingest.commit_page(commit).await?;
            stream.version = committed.version;
            committed.counters
        };
        stream.checkpoint = checkpoint;
        self.left = self.left.saturating_sub(counted.inserted);
        self.counters.add(counted);
        self.deps.metrics.page_stored(&counted);
        Ok(())
    }

    fn score(&self, post: FetchedPost) -> ScoredPost {
        let analysis = self.deps.analyzer.analyze(&post.text, post.language.as_deref());
        let is_withheld = !post.withheld_in.is_empty();
        let sentiment = if is_withheld { Sentiment::Unscored(Unscored::Withheld) } else { analysis.sentiment };
        ScoredPost { post, sentiment, language: analysis.language }
    }

    async fn note(&self, stream: &Stream, outcome: &Result<(), Stop>) -> Result<(), store::Error> {
        match outcome {
            _ if self.dry_run => Ok(()),
            Ok(()) => self.deps.ingest.note_success(stream.id).await,
            Err(Stop::Cancelled | Stop::Store(_)) => Ok(()),
            Err(reason) => self.deps.ingest.note_failure(stream.id, &reason.to_string()).await,
        }
    }
}

/// The oldest and the newest post of a page within the bounds, which X may take as inclusive. A page that only repeats
/// a bound has none, or the walk would stand still.
fn span(page: &TimelinePage, lo: i64, cursor: i64) -> Option<(ExternalId, ExternalId)> {
    let (oldest, newest) = (page.oldest?, page.newest?);
    let inside = |id: i64| lo < id && id < cursor;
    let ids = || page.posts.iter().map(|post| post.id.0).chain([oldest.0, newest.0]).filter(|id| inside(*id));
    Some((ExternalId(ids().min()?), ExternalId(ids().max()?)))
}

fn rejected(record: x_api::Rejected) -> Rejected {
    Rejected { raw: record.raw, reason: record.reason, path: record.path }
}

/// What a page would count if every valid post in it were new.
fn counted_only(page: &PageCommit) -> RunCounters {
    RunCounters {
        fetched: page.fetched,
        inserted: page.posts.len() as u64,
        quarantined: page.rejected.len() as u64,
        pages: 1,
        ..RunCounters::default()
    }
}
