//! Whether a call may be made: the money, the limits and the breaker, decided at one instant.

use std::time::Duration;

use jiff::Timestamp;

use super::{Allowance, BreakerSettings, Circuit, Pass, Refusal, Window, WindowKind};
use crate::domain::{Month, Reads};

#[cfg(test)]
mod tests;

/// The fewest posts for which a call is worth making: services give no smaller page.
const LEAST_POSTS: u64 = 5;

/// How many posts a call may return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Demand {
    /// With fewer the call is not made.
    pub least: u32,
    /// More are not asked for.
    pub most: u32,
}

/// A call that is about to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// How many posts it may return.
    pub demand: Demand,
    /// How long it may take; a call whose end is not told counts as under way until then.
    pub hold: Duration,
}

/// Calls whose end has not been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UnderWay {
    /// On the endpoint in question.
    pub calls: u64,
    /// Those of them that were begun within [`PROBE_PATIENCE`](super::PROBE_PATIENCE).
    pub recent: u64,
    /// Posts that all of them, on every endpoint, may return.
    pub posts: u64,
}

/// What may be read this month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purse {
    /// Posts that may be read in a month; None is no bound.
    pub budget: Option<u64>,
    /// Posts that were read this month.
    pub spent: u64,
}

/// The right to make one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The breaker has to be told of the outcome with this.
    pub pass: Pass,
    /// The posts that the call may return.
    pub posts: u32,
}

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<G = Grant> {
    /// It may.
    Granted(G),
    /// Not while other calls are under way; ask again in a moment.
    Busy,
    /// Not before then, because the limit is used up.
    RateLimited {
        /// When the next call may be made.
        until: Timestamp,
    },
    /// Not now, because the service failed too often.
    Open {
        /// How long no call passes; zero while one call tries whether the service is back.
        retry_after: Duration,
    },
    /// Not this month, because its posts are spent.
    Spent {
        /// When the next month begins.
        until: Timestamp,
    },
}

impl<G> Decision<G> {
    /// The same decision with another form of grant.
    pub fn map<H>(self, form: impl FnOnce(G) -> H) -> Decision<H> {
        match self {
            Self::Granted(grant) => Decision::Granted(form(grant)),
            Self::Busy => Decision::Busy,
            Self::RateLimited { until } => Decision::RateLimited { until },
            Self::Open { retry_after } => Decision::Open { retry_after },
            Self::Spent { until } => Decision::Spent { until },
        }
    }
}

/// How a call went.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// The windows that the answer told.
    pub windows: Vec<(WindowKind, Window)>,
    /// The answer was a refusal for too many calls.
    pub refusal: Option<Refusal>,
    /// What the answer returned, and bills.
    pub reads: Reads,
    /// The service is there: whatever it answered, it was no sign of trouble.
    pub is_alive: bool,
    /// The service may have counted the call, but told nothing of what is left.
    pub is_lost: bool,
}

impl Report {
    /// Teaches an allowance; tells until when it rests if the call was refused.
    pub fn teach(&self, allowance: &mut Allowance, now: Timestamp) -> Option<Timestamp> {
        for (kind, window) in &self.windows {
            allowance.learn(*kind, *window);
        }
        if self.is_lost {
            allowance.lost(now, 1);
        }
        if self.is_alive && self.refusal.is_none() {
            allowance.admitted();
        }
        self.refusal.map(|refusal| allowance.refused(now, refusal))
    }
}

/// Decides about a call. The breaker comes last, since its one probe is taken by asking.
pub fn decide(
    now: Timestamp,
    ask: &Ask,
    purse: &Purse,
    allowance: &Allowance,
    under_way: UnderWay,
    (circuit, settings): (&mut Circuit, &BreakerSettings),
) -> Decision {
    let least = u64::from(ask.demand.least).max(LEAST_POSTS);
    let left = purse.budget.map(|budget| budget.saturating_sub(purse.spent));
    if left.is_some_and(|left| left < least) {
        return Decision::Spent { until: Month::of(now).end() };
    }
    if let Some(until) = allowance.resting_until(now) {
        return Decision::RateLimited { until };
    }
    if let Err(open) = circuit.check(now, settings) {
        return Decision::Open { retry_after: open.retry_after };
    }
    let free = left.map(|left| left.saturating_sub(under_way.posts));
    if allowance.permits(now, under_way.calls, under_way.recent) == 0 || free.is_some_and(|free| free < least) {
        return Decision::Busy;
    }
    let posts = free.map_or(ask.demand.most, |free| ask.demand.most.min(u32::try_from(free).unwrap_or(u32::MAX)));
    match circuit.pass(now, settings) {
        Ok(pass) => Decision::Granted(Grant { pass, posts }),
        Err(open) => Decision::Open { retry_after: open.retry_after },
    }
}
