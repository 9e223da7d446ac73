//! The governor of calls to X over the store, so that all replicas share one budget and one breaker.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use jiff::Timestamp;

use super::shared::lock;
use crate::domain::{Clock, Usage};
use crate::resilience::{Allowance, Ask, BreakerSettings, Circuit, Decision, Report};
use crate::store::{self, ApiBudget, ApiCall, ApiLine, Known};
use crate::x_api::{Endpoint, Fingerprint, Governor, Line, Permit, Standing, Unreachable};

/// Asks the store before each call. When the database does not answer no call is made: its posts could not be stored.
pub struct SharedGovernor {
    store: Arc<dyn ApiBudget>,
    clock: Arc<dyn Clock>,
    breaker: BreakerSettings,
    /// Posts that may be read in a month.
    budget: Option<u64>,
    seen: Mutex<Seen>,
}

/// What the store said last.
#[derive(Debug, Default)]
struct Seen {
    circuit: Circuit,
    allowances: BTreeMap<Line, Allowance>,
    usage: Usage,
}

impl SharedGovernor {
    /// A governor over `store`; `budget` bounds the posts of a month.
    #[must_use]
    pub fn new(
        store: Arc<dyn ApiBudget>,
        clock: Arc<dyn Clock>,
        breaker: BreakerSettings,
        budget: Option<u64>,
    ) -> Self {
        let seen = Seen { usage: Usage { budget, ..Usage::default() }, ..Seen::default() };
        Self { store, clock, breaker, budget, seen: Mutex::new(seen) }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    fn remember(&self, credential: &Fingerprint, known: Known) {
        let mut seen = self.seen();
        seen.circuit = known.circuit;
        seen.allowances.retain(|line, _| line.credential == *credential);
        for (name, allowance) in known.allowances {
            let Some(endpoint) = Endpoint::ALL.into_iter().find(|endpoint| endpoint.as_str() == name) else { continue };
            seen.allowances.insert(Line { credential: credential.clone(), endpoint }, allowance);
        }
    }
}

impl std::fmt::Debug for SharedGovernor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedGovernor").field("seen", &self.seen()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Governor for SharedGovernor {
    async fn reserve(&self, line: &Line, ask: &Ask) -> Result<Decision<Permit>, Unreachable> {
        let reserved = self.store.reserve(&stored(line), ask, self.budget, &self.breaker).await;
        let (decision, known) = reserved.map_err(|error| unreachable(&error))?;
        self.remember(&line.credential, known);
        Ok(decision.map(|call| Permit { call: call.id, line: line.clone(), pass: call.pass, posts: call.posts }))
    }

    async fn settle(&self, permit: &Permit, report: &Report) -> Result<Option<Timestamp>, Unreachable> {
        let settled = self.store.settle(&stored(&permit.line), &call(permit), report).await;
        let (until, known) = settled.map_err(|error| unreachable(&error))?;
        self.remember(&permit.line.credential, known);
        let mut seen = self.seen();
        seen.usage.today.add(report.reads);
        seen.usage.month.add(report.reads);
        Ok(until)
    }

    async fn failed(&self, permit: &Permit) -> Result<(), Unreachable> {
        let failed = self.store.fail(&call(permit), &self.breaker).await;
        self.seen().circuit = failed.map_err(|error| unreachable(&error))?;
        Ok(())
    }

    async fn refresh(&self, credential: &Fingerprint) -> Result<(), Unreachable> {
        let known = self.store.known(credential.as_str()).await.map_err(|error| unreachable(&error))?;
        let usage = self.store.usage(self.budget).await.map_err(|error| unreachable(&error))?;
        self.remember(credential, known);
        self.seen().usage = usage;
        Ok(())
    }

    fn standing(&self, credential: &Fingerprint) -> Standing {
        let seen = self.seen();
        let breaker = seen.circuit.snapshot(self.clock.now(), &self.breaker);
        Standing::of(credential, breaker, &seen.allowances, seen.usage)
    }
}

fn stored(line: &Line) -> ApiLine {
    ApiLine { credential: line.credential.to_string(), endpoint: line.endpoint.as_str() }
}

fn call(permit: &Permit) -> ApiCall {
    ApiCall { id: permit.call, pass: permit.pass, posts: permit.posts }
}

fn unreachable(error: &store::Error) -> Unreachable {
    Unreachable(error.to_string())
}
