//! How far a stream is read: a high-water mark, the newest stored post, and the gaps between them.
//!
//! X gives posts newest first, so a run that is cut short leaves a hole below what it stored. The hole is written down
//! as a [`Gap`] together with the posts of the page, and only an answer of X that says "nothing more" closes it.
//! Page tokens are never kept: a gap is found again by post numbers alone.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::{ExternalId, snowflake_time};

/// A stretch of the timeline that is not read yet: `lo < id < cursor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The lower end; this post itself is not missing.
    pub lo: i64,
    /// The newest post of the page that opened the gap.
    pub hi: i64,
    /// The oldest post stored so far; the walk goes on below it.
    pub cursor: i64,
}

/// The state of one stream, written in the transaction of the posts that it covers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Everything at or below this post is stored, but for the gaps.
    pub high_water: Option<i64>,
    /// The newest stored post.
    pub top: Option<i64>,
    /// What is still missing, oldest first.
    pub gaps: Vec<Gap>,
    /// The oldest post of the first read; what lies below is the matter of a backfill.
    #[serde(default)]
    pub floor: Option<i64>,
}

impl Gap {
    /// One gap that covers both; what lies between them is read again.
    fn merged(self, other: Self) -> Self {
        Self { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi), cursor: self.cursor.max(other.cursor) }
    }
}

impl Checkpoint {
    /// The most gaps that are kept apart; the oldest ones are merged beyond.
    pub const MAX_GAPS: usize = 64;

    /// The exclusive lower bound of the next head page: a bit before the newest known post, because posts can become
    /// visible late. None for a new stream.
    #[must_use]
    pub fn head_since(&self, overlap: std::time::Duration) -> Option<ExternalId> {
        let newest = self.high_water.max(self.top)?;
        let overlap = i64::try_from(overlap.as_millis()).unwrap_or(i64::MAX / 2);
        let from =
            snowflake_time(ExternalId(newest)).checked_sub(overlap.milliseconds()).unwrap_or(Timestamp::UNIX_EPOCH);
        Some(first_snowflake_at(from))
    }

    /// The state after the first page of a new stream, when no more than this page is wanted.
    ///
    /// Older posts are the matter of a backfill: the mark is set just below the oldest stored post.
    #[must_use]
    pub fn started(oldest: ExternalId, newest: ExternalId) -> Self {
        Self { high_water: Some(oldest.0 - 1), top: Some(newest.0), gaps: Vec::new(), floor: Some(oldest.0) }
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

    /// The state of a backfill that walks down from `floor`; one gap that reaches to the beginning of the timeline.
    #[must_use]
    pub fn backfill_below(floor: ExternalId) -> Self {
        Self { gaps: vec![Gap { lo: 0, hi: floor.0, cursor: floor.0 }], top: Some(floor.0), ..Self::default() }
    }

    /// The state after a head page that was asked for with `since` and held `oldest..=newest`.
    #[must_use]
    pub fn with_head_page(&self, since: ExternalId, oldest: ExternalId, newest: ExternalId) -> Self {
        let mut next = self.clone();
        next.top = next.top.max(Some(newest.0));
        next.gaps.push(Gap { lo: since.0, hi: newest.0, cursor: oldest.0 });
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
        }
        next
    }

    /// The state after X said that nothing is left in `gap`: the only way to close it.
    #[must_use]
    pub fn without_gap(&self, gap: Gap) -> Self {
        let mut next = self.clone();
        next.gaps.retain(|known| *known != gap);
        if next.gaps.is_empty() {
            next.high_water = next.high_water.max(next.top);
        }
        next
    }
}

/// The smallest post number that X could have made at `at`.
fn first_snowflake_at(at: Timestamp) -> ExternalId {
    ExternalId((at.as_millisecond() - 1_288_834_974_657).max(0) << 22)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn id(hour: i64) -> ExternalId {
        first_snowflake_at(Timestamp::from_second(1_700_000_000 + hour * 3_600).unwrap())
    }

    #[test]
    fn the_head_asks_again_for_the_overlap() {
        let state = Checkpoint::started(id(1), id(5));
        assert_eq!(state.head_since(Duration::from_hours(1)), Some(id(4)));
        assert_eq!(Checkpoint::default().head_since(Duration::ZERO), None);
    }

    #[test]
    fn a_head_page_opens_a_gap_and_only_its_end_closes_it() {
        let state = Checkpoint::started(id(0), id(1)).with_head_page(id(1), id(8), id(9));
        let gap = state.gaps[0];
        assert_eq!((gap.lo, gap.hi, gap.cursor), (id(1).0, id(9).0, id(8).0));
        assert_eq!(state.high_water, Some(id(0).0 - 1), "the mark must not pass a gap");

        let state = state.with_gap_page(gap, id(3));
        let gap = state.gaps[0];
        assert_eq!(gap.cursor, id(3).0);

        let state = state.without_gap(gap);
        assert!(state.gaps.is_empty());
        assert_eq!(state.high_water, Some(id(9).0));
    }

    #[test]
    fn a_stream_that_never_catches_up_keeps_a_bounded_state_and_loses_nothing() {
        let mut state = Checkpoint::started(id(0), id(1));
        for hour in 1..500 {
            state = state.with_head_page(id(hour), id(hour + 2), id(hour + 3));
        }
        assert_eq!(state.gaps.len(), Checkpoint::MAX_GAPS);
        for hour in 1..500 {
            let missing = id(hour).0 + 1;
            assert!(state.gaps.iter().any(|gap| gap.lo < missing && missing < gap.cursor), "hour {hour}");
        }
    }

    #[test]
    fn the_mark_waits_for_the_last_gap() {
        let state =
            Checkpoint::started(id(0), id(1)).with_head_page(id(1), id(4), id(5)).with_head_page(id(5), id(8), id(9));
        let closed_newer = state.without_gap(state.gaps[1]);
        assert_eq!(closed_newer.high_water, Some(id(0).0 - 1));
        assert_eq!(closed_newer.without_gap(closed_newer.gaps[0]).high_water, Some(id(9).0));
    }
}
