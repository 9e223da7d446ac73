//! Which endpoints rest after a rate limit, and for how long.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::rate_limit::Limits;
use super::{Endpoint, Error, RateLimit};
use crate::domain::{Clock, Entropy};
use crate::resilience::Backoff;

/// The shortest and the longest rest, whatever X says: its windows are at most 15 minutes long in practice, and after a
/// wrong header the next call finds out.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(15);
/// Up to so much is added, so that several replicas do not come back in the same instant.
const MOST_JITTER: Duration = Duration::from_secs(2);

/// The endpoints that rest.
#[derive(Debug)]
pub(super) struct Parking {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    backoff: Backoff,
    places: Mutex<BTreeMap<Endpoint, Place>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    limit: RateLimit,
    until: Option<Timestamp>,
    /// Refusals in a row.
    refusals: u32,
}

impl Parking {
    pub(super) fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, backoff: Backoff) -> Self {
        Self { clock, entropy, backoff, places: Mutex::default() }
    }

    /// Refuses a call to an endpoint that rests.
    pub(super) fn check(&self, endpoint: Endpoint) -> Result<(), Error> {
        match self.resting().get(&endpoint) {
            Some(&until) => Err(Error::RateLimited { until, endpoint }),
            None => Ok(()),
        }
    }

    /// The endpoints that rest now, and until when.
    pub(super) fn resting(&self) -> BTreeMap<Endpoint, Timestamp> {
        let now = self.clock.now();
        let places = self.lock();
        places.iter().filter_map(|(endpoint, place)| Some((*endpoint, place.until.filter(|at| *at > now)?))).collect()
    }

    /// The limits as last told.
    pub(super) fn limits(&self) -> BTreeMap<Endpoint, RateLimit> {
        self.lock().iter().map(|(endpoint, place)| (*endpoint, place.limit)).collect()
    }

    /// Learns from an answer that was no refusal. When it used up the limit, the endpoint rests without being refused.
    pub(super) fn learn(&self, endpoint: Endpoint, limits: &Limits) {
        let until = limits.exhausted_for().map(|rest| self.after(rest));
        self.lock().insert(endpoint, Place { limit: limits.short_window(), until, refusals: 0 });
    }

    /// Learns from a refusal; tells until when the endpoint rests.
    pub(super) fn refused(&self, endpoint: Endpoint, limits: &Limits) -> Timestamp {
        let refusals = self.lock().get(&endpoint).map_or(0, |place| place.refusals);
        let rest = limits.rest().unwrap_or_else(|| self.backoff.delay(refusals, self.entropy.unit()));
        let until = self.after(rest);
        let place = Place { limit: limits.short_window(), until: Some(until), refusals: refusals.saturating_add(1) };
        self.lock().insert(endpoint, place);
        until
    }

    fn after(&self, rest: Duration) -> Timestamp {
        let rest = rest.clamp(SHORTEST, LONGEST) + MOST_JITTER.min(rest / 10).mul_f64(self.entropy.unit());
        let rest = SignedDuration::try_from(rest).expect("a quarter of an hour fits");
        self.clock.now().checked_add(rest).unwrap_or(Timestamp::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Endpoint, Place>> {
        // The map is whole between any two statements, so a panic elsewhere does not spoil it.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
