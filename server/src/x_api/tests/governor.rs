//! A governor in memory, for a client that shares its credential with nobody.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::{Clock, Entropy, Month, Reads, Usage, day_of};
use crate::resilience::{
    Allowance, Ask, BreakerSettings, Circuit, Decision, PROBE_PATIENCE, Purse, Report, UnderWay, decide,
};
use crate::x_api::{Fingerprint, Governor, Line, Permit, Standing, Unreachable};

/// A governor in memory, for a client that shares its credential with nobody.
#[derive(Debug)]
pub(crate) struct LocalGovernor {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    breaker: BreakerSettings,
    /// Posts that may be read in a month.
    budget: Option<u64>,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    circuit: Circuit,
    allowances: BTreeMap<Line, Allowance>,
    under_way: HashMap<Uuid, Call>,
    /// By UTC day.
    reads: BTreeMap<i64, Reads>,
}

#[derive(Debug)]
struct Call {
    line: Line,
    posts: u32,
    begun_at: Timestamp,
    until: Timestamp,
}

impl LocalGovernor {
    /// A governor that has heard of no call yet; `budget` bounds the posts of a month.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        breaker: BreakerSettings,
        budget: Option<u64>,
    ) -> Self {
        Self { clock, entropy, breaker, budget, books: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        // Each book is whole between any two statements, so a panic elsewhere does not spoil it.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn read_in(&self, days: std::ops::Range<i64>) -> Reads {
        let mut sum = Reads::default();
        for reads in self.reads.range(days).map(|(_, reads)| reads) {
            sum.add(*reads);
        }
        sum
    }

    fn usage(&self, now: Timestamp, budget: Option<u64>) -> Usage {
        let today = day_of(now);
        Usage { today: self.read_in(today..today + 1), month: self.read_in(Month::of(now).days()), budget }
    }

    fn under_way(&mut self, line: &Line, now: Timestamp) -> UnderWay {
        for (_, call) in self.under_way.extract_if(|_, call| call.until <= now) {
            self.allowances.entry(call.line).or_default().lost(now, 1);
        }
        let begun: Vec<_> =
            self.under_way.values().filter(|call| call.line == *line).map(|call| call.begun_at).collect();
        let recent = begun.iter().filter(|at| **at > now - PROBE_PATIENCE).count() as u64;
        UnderWay {
            calls: begun.len() as u64,
            recent,
            posts: self.under_way.values().map(|call| u64::from(call.posts)).sum(),
        }
    }
}

#[async_trait]
impl Governor for LocalGovernor {
    async fn reserve(&self, line: &Line, ask: &Ask) -> Result<Decision<Permit>, Unreachable> {
        let now = self.clock.now();
        let mut books = self.lock();
        let under_way = books.under_way(line, now);
        let purse = Purse { budget: self.budget, spent: books.usage(now, self.budget).month.posts };
        let Books { circuit, allowances, .. } = &mut *books;
        let allowance = allowances.entry(line.clone()).or_default();
        let decision = decide(now, ask, &purse, allowance, under_way, (circuit, &self.breaker));
        Ok(decision.map(|grant| {
            let call = self.entropy.uuid_v4();
            let until = now.checked_add(ask.hold).unwrap_or(Timestamp::MAX);
            books.under_way.insert(call, Call { line: line.clone(), posts: grant.posts, begun_at: now, until });
            Permit { call, line: line.clone(), pass: grant.pass, posts: grant.posts }
        }))
    }

    async fn settle(&self, permit: &Permit, report: &Report) -> Result<Option<Timestamp>, Unreachable> {
        let now = self.clock.now();
        let mut books = self.lock();
        books.under_way.remove(&permit.call);
        books.reads.entry(day_of(now)).or_default().add(report.reads);
        if report.is_alive {
            books.circuit.succeed(permit.pass);
        }
        Ok(report.teach(books.allowances.entry(permit.line.clone()).or_default(), now))
    }

    async fn failed(&self, permit: &Permit) -> Result<(), Unreachable> {
        self.lock().circuit.fail(permit.pass, self.clock.now(), &self.breaker);
        Ok(())
    }

    async fn refresh(&self, _: &Fingerprint) -> Result<(), Unreachable> {
        Ok(())
    }

    fn standing(&self, credential: &Fingerprint) -> Standing {
        let now = self.clock.now();
        let books = self.lock();
        let (breaker, usage) = (books.circuit.snapshot(now, &self.breaker), books.usage(now, self.budget));
        Standing::of(credential, breaker, &books.allowances, usage)
    }
}
