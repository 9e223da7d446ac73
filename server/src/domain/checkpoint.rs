//! How far a stream is read: a high-water mark, the newest stored post, and the gaps between them.
//!
//! X gives posts newest first, so a run that is cut short leaves a hole below what it stored. The hole is written down
//! as a [`Gap`] together with the posts of the page, and only an answer of X that says "nothing more" closes it.
//! Page tokens are never kept: a gap is found again by post numbers alone.

mod gap;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use gap::{Gap, GivenUp, Unreachable};

use super::{ExternalId, UserId, snowflake_time};

/// The state of one stream, written in the transaction of the posts that it covers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Everything from `floor` up to this post is stored, but for what is unreachable; the gaps lie above.
    pub high_water: Option<i64>,
    /// The newest stored post.
    pub top: Option<i64>,
    /// What is still missing, oldest first.
    pub gaps: Vec<Gap>,
    /// The oldest post of the first read; what lies below is the matter of a backfill.
    #[serde(default)]
    pub floor: Option<i64>,
    /// What was given up, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreachable: Vec<Unreachable>,
    /// When the head was last asked for from far back, see [`Checkpoint::deep_since`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deep_at: Option<Timestamp>,
    /// A backfill came as far down as X gives posts; the account may have older ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bounded: bool,
    /// The number of the account that was read; None as long as nothing says whose posts these are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<i64>,
    /// Since when that account is read, if another one was before; None when all that is stored may be of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_since: Option<Timestamp>,
}

impl Checkpoint {
    /// The most gaps that are kept apart, and the most unreachable stretches; the oldest ones are merged beyond.
    pub const MAX_GAPS: usize = 64;

    /// What can be believed of it when no clock is right that tells more than `latest`. A mark of an empty timeline is of the
    /// clock: the stream is read like a new one when that was wrong.
    #[must_use]
    pub fn believed(mut self, latest: Timestamp) -> Self {
        self.account_since = self.account_since.filter(|at| *at <= latest);
        if self.top.is_none() && self.high_water.is_some_and(|mark| mark > first_snowflake_at(latest).0) {
            return Self { account: self.account, account_since: self.account_since, ..Self::default() };
        }
        self.deep_at = self.deep_at.filter(|at| *at <= latest);
        self
    }

    /// The same state as one of `account`.
    #[must_use]
    pub fn of_account(mut self, account: UserId) -> Self {
        self.account = Some(account.0);
        self
    }

    /// The state of a stream that is read of `account` from `now` on: this one, unless it is that of another account,
    /// whose posts say nothing about those of this one.
    #[must_use]
    pub fn for_account(self, account: UserId, now: Timestamp) -> Self {
        if self.account.is_some_and(|known| known != account.0) {
            return Self { account_since: Some(now), ..Self::default() };
        }
        self
    }

    /// The exclusive lower bound of the next head page: a bit before the newest known post, because posts can become
    /// visible late. None for a new stream.
    #[must_use]
    pub fn head_since(&self, overlap: Duration) -> Option<ExternalId> {
        Some(first_snowflake_at(before(self.newest_time()?, overlap)))
    }

    /// Whether the head was last asked for from far back at least `every` ago.
    #[must_use]
    pub fn is_deep_due(&self, now: Timestamp, every: Duration) -> bool {
        self.deep_at.is_none_or(|at| at <= before(now, every))
    }

    /// The lower bound of a head page that looks at everything since the last such look again, at least `depth` back
    /// from the newest known post, and so finds what a wrong "nothing more" of X hid. It does not go below the posts of
    /// the first read. None for a new stream.
    #[must_use]
    pub fn deep_since(&self, overlap: Duration, depth: Duration) -> Option<ExternalId> {
        let head = self.head_since(overlap)?;
        let mut from = before(self.newest_time()?, depth);
        if let Some(last) = self.deep_at {
            from = from.min(before(last, overlap));
        }
        if let Some(floor) = self.floor {
            from = from.max(before(snowflake_time(ExternalId(floor)), overlap));
        }
        Some(head.min(first_snowflake_at(from)))
    }

    /// The same state after a look from far back at `now`.
    #[must_use]
    pub fn seen_deep(mut self, now: Timestamp) -> Self {
        self.deep_at = Some(now);
        self
    }

    /// The state after the first page of a new stream, when no more than this page is wanted.
    ///
    /// Older posts are the matter of a backfill: the mark is set just below the oldest stored post.
    #[must_use]
    pub fn started(oldest: ExternalId, newest: ExternalId) -> Self {
        Self { high_water: Some(oldest.0 - 1), top: Some(newest.0), floor: Some(oldest.0), ..Self::default() }
    }

    /// The state of a new stream whose timeline holds nothing at `now`: what comes later is new.
    #[must_use]
    pub fn started_empty(now: Timestamp) -> Self {
        let mark = first_snowflake_at(now).0;
        Self { high_water: Some(mark), floor: Some(mark), ..Self::default() }
    }

    /// The state after one more page of a new stream that reaches further down.
    #[must_use]
    pub fn deepened(&self, oldest: ExternalId) -> Self {
        let mut next = self.clone();
        next.high_water = Some(next.high_water.map_or(oldest.0 - 1, |mark| mark.min(oldest.0 - 1)));
        next.floor = Some(next.floor.map_or(oldest.0, |floor| floor.min(oldest.0)));
        next
    }

    /// The state of a backfill that walks down from `floor`. A new one has one gap, which reaches to the beginning of the
    /// timeline. One that began lower, because the newest posts were read anew since, also reads what lies between.
    #[must_use]
    pub fn backfill_below(&self, floor: ExternalId) -> Self {
        let lo = self.top.unwrap_or_default();
        let mut next = self.clone();
        if lo < floor.0 {
            next.gaps.push(Gap::new(lo, floor.0, floor.0));
            next.top = Some(floor.0);
        }
        next
    }

    /// The state after a head page that was asked for with `since` and held `oldest..=newest`.
    #[must_use]
    pub fn with_head_page(&self, since: ExternalId, oldest: ExternalId, newest: ExternalId) -> Self {
        let mut next = self.clone();
        next.top = next.top.max(Some(newest.0));
        next.gaps.retain(|known| !known.is_absorbed_by(since.0, oldest.0));
        next.gaps.push(Gap::new(since.0, newest.0, oldest.0));
        next.gaps.sort_by_key(|gap| gap.lo);
        while next.gaps.len() > Self::MAX_GAPS {
            let newer = next.gaps.remove(1);
            next.gaps[0] = next.gaps[0].merged(newer);
        }
        next
    }

    /// The state after a page of the gap `gap` whose oldest post is `oldest`.
    #[must_use]
    pub fn with_gap_page(&self, gap: Gap, oldest: ExternalId) -> Self {
        let mut next = self.clone();
        for known in next.gaps.iter_mut().filter(|known| **known == gap) {
            known.cursor = known.cursor.min(oldest.0);
            known.stuck_since = None;
        }
        next
    }

    /// The state after X said that nothing is left in `gap`: the only way to close it. What was given up within it is
    /// known now.
    #[must_use]
    pub fn without_gap(&self, gap: Gap) -> Self {
        let mut next = self.clone();
        next.unreachable.retain(|lost| lost.lo < gap.lo || lost.hi > gap.hi);
        next.remove(gap);
        next
    }

    /// The state after a backfill came down to the oldest post that X gives.
    #[must_use]
    pub fn bounded_by_x(&self, gap: Gap) -> Self {
        let mut next = self.without_gap(gap);
        next.bounded = true;
        next
    }

    /// The state after an answer at `now` about `gap` that led nowhere.
    #[must_use]
    pub fn with_gap_stuck(&self, gap: Gap, now: Timestamp) -> Self {
        let mut next = self.clone();
        for known in next.gaps.iter_mut().filter(|known| **known == gap) {
            known.stuck_since.get_or_insert(now);
        }
        next
    }

    /// The state after `gap` was given up: it no longer holds back the mark.
    #[must_use]
    pub fn with_gap_given_up(&self, gap: Gap, now: Timestamp, reason: GivenUp) -> Self {
        let mut next = self.clone();
        next.unreachable.push(Unreachable { lo: gap.lo, hi: gap.cursor, since: now, reason });
        next.unreachable.sort_by_key(|lost| lost.lo);
        while next.unreachable.len() > Self::MAX_GAPS {
            let newer = next.unreachable.remove(1);
            next.unreachable[0] = next.unreachable[0].merged(newer);
        }
        next.remove(gap);
        next
    }

    fn remove(&mut self, gap: Gap) {
        self.gaps.retain(|known| *known != gap);
        if self.gaps.is_empty() {
            self.high_water = self.high_water.max(self.top);
        }
    }

    fn newest_time(&self) -> Option<Timestamp> {
        self.high_water.max(self.top).map(|newest| snowflake_time(ExternalId(newest)))
    }
}

fn before(at: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    at.checked_sub(by).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The smallest post number that X could have made at `at`.
fn first_snowflake_at(at: Timestamp) -> ExternalId {
    ExternalId((at.as_millisecond() - 1_288_834_974_657).max(0) << 22)
}
