//! What a service lets a credential do on one endpoint, learnt from what its answers tell.
//!
//! [`Allowance::learn`] is a join: whatever the order in which answers arrive, and however often, the same state
//! follows. How many calls may be made is what is left less the calls under way, which are counted apart: every call
//! that was answered is in what is left, so that permits are neither given twice nor lost. One whose answer never came
//! may have been counted all the same, so [`Allowance::lost`] takes it off.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::moment::{after, furthest};

#[cfg(test)]
mod tests;

/// Calls that may be under way at once while the window is unknown, but the service has told none before, or has told
/// a limit of at least as many.
const PROBES: u64 = 4;
/// How long the answer that tells an unknown window is waited for before another call may try: the process that made
/// the first one may be dead.
pub const PROBE_PATIENCE: Duration = Duration::from_secs(2);
/// The shortest rest after a refusal.
const SHORTEST_REST: Duration = Duration::from_secs(1);
/// Up to so much is added to a rest, so that several replicas do not come back in the same instant.
const MOST_JITTER: Duration = Duration::from_secs(2);

/// The windows in which calls are counted, each by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowKind {
    /// The one of a quarter of an hour.
    Short,
    /// A day's, for the application.
    AppDay,
    /// A day's, for the user.
    UserDay,
}

impl WindowKind {
    /// The longest time until it is over; whatever tells of more is mistaken.
    #[must_use]
    pub fn longest(self) -> Duration {
        match self {
            Self::Short => Duration::from_mins(15),
            Self::AppDay | Self::UserDay => Duration::from_hours(24),
        }
    }
}

/// A window as an answer told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Calls per window, when that is told.
    pub limit: Option<u64>,
    /// Calls that are left.
    pub remaining: u64,
    /// When it is over by the clock of the service, which names it.
    pub reset: Timestamp,
    /// When it is over by the own clock.
    pub over_at: Timestamp,
}

/// A refusal for too many calls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Refusal {
    /// How long to rest.
    pub rest: Duration,
    /// The longest rest that is believed.
    pub longest: Duration,
    /// Where in the jitter: `0.0..1.0`.
    pub unit: f64,
}

/// What a service lets a credential do on one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Allowance {
    windows: BTreeMap<WindowKind, Window>,
    parked_until: Option<Timestamp>,
    /// Refusals in a row.
    refusals: u32,
    /// The service has answered before, whether it told a window or not.
    answered: bool,
}

impl Allowance {
    /// What can be believed of it at `now`: no rest and no window lasts longer than by a clock that was wrong.
    #[must_use]
    pub fn believed(mut self, now: Timestamp) -> Self {
        self.windows.retain(|kind, window| window.over_at <= furthest(now, kind.longest()));
        let longest = WindowKind::AppDay.longest() + MOST_JITTER;
        self.parked_until = self.parked_until.filter(|until| *until <= furthest(now, longest));
        self
    }

    /// Learns of a window: of the same one the smaller rest counts, a later one replaces, an earlier one is ignored.
    pub fn learn(&mut self, kind: WindowKind, told: Window) {
        let known = self.windows.entry(kind).or_insert(told);
        if told.reset > known.reset {
            *known = told;
        }
        if told.reset == known.reset {
            known.remaining = known.remaining.min(told.remaining);
            known.limit = known.limit.max(told.limit);
            known.over_at = known.over_at.max(told.over_at);
        }
    }

    /// Learns that nobody knows whether `calls` calls were counted: their answers did not come, or told nothing.
    pub fn lost(&mut self, now: Timestamp, calls: u64) {
        for window in self.windows.values_mut().filter(|window| window.over_at > now) {
            window.remaining = window.remaining.saturating_sub(calls);
        }
    }

    /// Learns that a call was answered and not refused.
    pub fn admitted(&mut self) {
        (self.refusals, self.answered) = (0, true);
    }

    /// Rests after a refusal; tells until when.
    pub fn refused(&mut self, now: Timestamp, refusal: Refusal) -> Timestamp {
        let rest = refusal.rest.clamp(SHORTEST_REST, refusal.longest.max(SHORTEST_REST));
        let until = after(now, rest + MOST_JITTER.min(rest / 10).mul_f64(refusal.unit.clamp(0.0, 1.0)));
        self.refusals = self.refusals.saturating_add(1);
        self.parked_until = self.parked_until.max(Some(until));
        self.resting_until(now).unwrap_or(until)
    }

    /// Until when no call may be made, because one was refused or a window is used up: the latest of all reasons.
    #[must_use]
    pub fn resting_until(&self, now: Timestamp) -> Option<Timestamp> {
        let used_up = self.windows.values().filter(|window| window.remaining == 0).map(|window| window.over_at);
        used_up.chain(self.parked_until).filter(|until| *until > now).max()
    }

    /// Calls that may be made beside the `under_way` ones, apart from any rest; `recent` ones of them were begun within
    /// [`PROBE_PATIENCE`].
    ///
    /// An unknown window, such as one that has just begun, lets few calls through until an answer tells it: not more
    /// than it can hold, so a single one before anything is known. A window that is never told is not used up.
    #[must_use]
    pub fn permits(&self, now: Timestamp, under_way: u64, recent: u64) -> u64 {
        let known = self.windows.values().filter(|window| window.over_at > now).map(|window| window.remaining).min();
        let left = known.map_or(u64::MAX, |remaining| remaining.saturating_sub(under_way));
        if self.short().is_some_and(|window| window.over_at > now) {
            return left;
        }
        left.min(self.probes().saturating_sub(recent))
    }

    /// The window of a quarter of an hour, as last told.
    #[must_use]
    pub fn short(&self) -> Option<&Window> {
        self.windows.get(&WindowKind::Short)
    }

    /// Refusals since the last call that was admitted.
    #[must_use]
    pub fn refusals(&self) -> u32 {
        self.refusals
    }

    fn probes(&self) -> u64 {
        match self.short().map(|window| window.limit) {
            Some(Some(limit)) => PROBES.min(limit).max(1),
            _ if self.answered => PROBES,
            _ => 1,
        }
    }
}
