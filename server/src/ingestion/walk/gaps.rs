//! The gaps, oldest first: the oldest sink out of X's reach first.

use std::time::Duration;

use jiff::SignedDuration;
use tracing::warn;

use super::page::Found;
use super::{Stop, Walk};
use crate::domain::{ExternalId, Gap, GivenUp, Platform};
use crate::store::{PostsFrom, Stream, StreamKind};
use crate::x_api::{self, TimelinePage};

/// X gives about the 3,200 newest posts of an account; deleted ones make the number vary. An empty answer from below
/// so many stored posts says nothing about what is there.
const REACH: u64 = 3_100;
/// How long a gap may be stuck before it is given up.
const PATIENCE: Duration = Duration::from_hours(24);

/// How a visit of a gap ended.
enum Visit {
    /// It is no longer among the gaps.
    Gone,
    /// Answers about it lead nowhere, for this reason.
    Stuck(Stop),
    /// The limit of this walk is spent.
    Spent,
}

impl Walk<'_> {
    /// Reads the gaps as far as the limit allows. One that is stuck does not hold up the others.
    pub(super) async fn read_gaps(&mut self, stream: &mut Stream) -> Result<(), Stop> {
        let (mut at, mut stuck) = (0, None);
        while at < stream.checkpoint.gaps.len() {
            match self.visit(stream, at).await? {
                Visit::Gone => {}
                Visit::Stuck(reason) => {
                    stuck.get_or_insert(reason);
                    at += 1;
                }
                Visit::Spent => break,
            }
        }
        stuck.map_or(Ok(()), Err)
    }

    async fn visit(&mut self, stream: &mut Stream, at: usize) -> Result<Visit, Stop> {
        loop {
            let gap = stream.checkpoint.gaps[at];
            let since = (gap.lo > 0).then_some(ExternalId(gap.lo));
            match self.next_page(stream, since, Some(ExternalId(gap.cursor))).await {
                Ok(None) => return Ok(Visit::Spent),
                Ok(Some(Found::Posts { page, oldest, .. })) => {
                    let checkpoint = stream.checkpoint.with_gap_page(gap, oldest);
                    self.store(stream, page, checkpoint).await?;
                }
                Ok(Some(Found::End(page))) => {
                    self.close(stream, gap, page).await?;
                    return Ok(Visit::Gone);
                }
                Err(reason) if leads_nowhere(&reason) => return self.stand_still(stream, gap, reason).await,
                Err(reason) => return Err(reason),
            }
        }
    }

    /// Only an answer without posts and without a token comes here.
    async fn close(&mut self, stream: &mut Stream, gap: Gap, page: TimelinePage) -> Result<(), Stop> {
        // A gap without a lower end is all that is missing below, so X's own count of the account decides: some posts may be
        // stored of another leader, or of this one from when it had the account before.
        let above = match self.owner_posts.filter(|_| gap.lo == 0) {
            Some(counted) => counted,
            None => self.stored_from(ExternalId(gap.cursor)).await?,
        };
        let checkpoint = match stream.kind {
            _ if above < REACH => stream.checkpoint.without_gap(gap),
            StreamKind::Backfill => stream.checkpoint.bounded_by_x(gap),
            StreamKind::Posts => return self.give_up(stream, gap, page, GivenUp::Limit).await,
        };
        self.store(stream, page, checkpoint).await
    }

    async fn stored_from(&self, from: ExternalId) -> Result<u64, Stop> {
        let asked = PostsFrom { leader: self.claim.lease.leader, platform: Platform::X, from, since: self.since };
        Ok(self.deps.ingest.posts_from(asked).await?)
    }

    async fn stand_still(&mut self, stream: &mut Stream, gap: Gap, reason: Stop) -> Result<Visit, Stop> {
        let now = self.deps.clock.now();
        let Some(since) = gap.stuck_since else {
            let checkpoint = stream.checkpoint.with_gap_stuck(gap, now);
            self.store(stream, TimelinePage::default(), checkpoint).await?;
            return Ok(Visit::Stuck(reason));
        };
        let patience = SignedDuration::try_from(PATIENCE).expect("a day is no long time");
        if now.duration_since(since) < patience {
            return Ok(Visit::Stuck(reason));
        }
        self.give_up(stream, gap, TimelinePage::default(), GivenUp::Stuck).await?;
        Ok(Visit::Gone)
    }

    async fn give_up(
        &mut self,
        stream: &mut Stream,
        gap: Gap,
        page: TimelinePage,
        reason: GivenUp,
    ) -> Result<(), Stop> {
        let checkpoint = stream.checkpoint.with_gap_given_up(gap, self.deps.clock.now(), reason);
        let stored = self.store(stream, page, checkpoint).await;
        if !self.claim.dry_run && matches!(stored, Ok(()) | Err(Stop::RunCancelled)) {
            self.deps.metrics.gap_given_up(reason.as_str());
            let (key, reason, lo, hi) = (&stream.key, reason.as_str(), gap.lo, gap.cursor);
            warn!(stream = %key, reason, lo, hi, "Posts of {key} between {lo} and {hi} are out of reach ({reason}).");
        }
        stored
    }
}

/// Whether an answer is one about the gap that was asked for, and does not help it. Other failures are of X as a whole.
fn leads_nowhere(reason: &Stop) -> bool {
    matches!(
        reason,
        Stop::X(x_api::Error::BadRequest { .. } | x_api::Error::NotFound) | Stop::Unplaceable(_) | Stop::Nowhere(_)
    )
}
