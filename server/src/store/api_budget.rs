//! Calls to X, as all replicas share them: limits, breaker, and what was read.
//!
//! Each decision is one transaction under the lock of the one row of the breaker, so that no two replicas give the same
//! permit away. Credentials are known by their fingerprint alone.

mod ledger;
mod reads;

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Error, Store};
use crate::domain::Usage;
use crate::resilience::{Allowance, Ask, BreakerSettings, Circuit, Decision, Pass, Report};

/// Where a call goes, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiLine {
    /// The fingerprint of the credential; never the credential itself.
    pub credential: String,
    /// The endpoint.
    pub endpoint: &'static str,
}

/// A call that may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiCall {
    /// Which call.
    pub id: Uuid,
    /// For the breaker.
    pub pass: Pass,
    /// The most posts that it may ask for.
    pub posts: u32,
}

/// How things stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// The breaker.
    pub circuit: Circuit,
    /// What the credential may do, by endpoint; only what was looked at.
    pub allowances: BTreeMap<String, Allowance>,
}

/// Decides about calls to X for all replicas.
#[async_trait]
pub trait ApiBudget: Send + Sync {
    /// Asks to make a call, of at most `budget` posts in the month.
    ///
    /// # Errors
    /// When the database fails; the call must then not be made.
    async fn reserve(
        &self,
        line: &ApiLine,
        ask: &Ask,
        budget: Option<u64>,
        settings: &BreakerSettings,
    ) -> Result<(Decision<ApiCall>, Known), Error>;

    /// Takes down how a call went; answers until when the endpoint rests if the call was refused.
    ///
    /// # Errors
    /// When the database fails.
    async fn settle(
        &self,
        line: &ApiLine,
        call: &ApiCall,
        report: &Report,
    ) -> Result<(Option<Timestamp>, Known), Error>;

    /// Takes down that a call failed for good.
    ///
    /// # Errors
    /// When the database fails.
    async fn fail(&self, call: &ApiCall, settings: &BreakerSettings) -> Result<Circuit, Error>;

    /// How things stand for a credential.
    ///
    /// # Errors
    /// When the database fails.
    async fn known(&self, credential: &str) -> Result<Known, Error>;

    /// What was read today and this month, against `budget`.
    ///
    /// # Errors
    /// When the database fails.
    async fn usage(&self, budget: Option<u64>) -> Result<Usage, Error>;

    /// Forgets credentials that were not used for two days, longer than any limit lasts; says how many rows they had.
    ///
    /// # Errors
    /// When the database fails.
    async fn forget_unused_credentials(&self) -> Result<u64, Error>;
}

#[async_trait]
impl ApiBudget for Store {
    async fn reserve(
        &self,
        line: &ApiLine,
        ask: &Ask,
        budget: Option<u64>,
        settings: &BreakerSettings,
    ) -> Result<(Decision<ApiCall>, Known), Error> {
        self.reserve_call(line, ask, budget, settings).await
    }

    async fn settle(
        &self,
        line: &ApiLine,
        call: &ApiCall,
        report: &Report,
    ) -> Result<(Option<Timestamp>, Known), Error> {
        self.settle_call(line, call, report).await
    }

    async fn fail(&self, call: &ApiCall, settings: &BreakerSettings) -> Result<Circuit, Error> {
        self.fail_call(call, settings).await
    }

    async fn known(&self, credential: &str) -> Result<Known, Error> {
        self.all_known(credential).await
    }

    async fn usage(&self, budget: Option<u64>) -> Result<Usage, Error> {
        reads::usage(&self.db, self.now(), budget).await
    }

    async fn forget_unused_credentials(&self) -> Result<u64, Error> {
        self.delete_unused_budgets().await
    }
}
