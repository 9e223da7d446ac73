//! Who decides whether a call to X may be made, and hears of every answer.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Endpoint, Fingerprint};
use crate::domain::Usage;
use crate::resilience::{Allowance, Ask, BreakerSnapshot, Decision, Pass, Report};

/// Where a call goes, and as whom: limits are counted for each pair.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// As whom.
    pub credential: Fingerprint,
    /// Where.
    pub endpoint: Endpoint,
}

/// A call that may be made. Its end has to be told; else it counts as under way until its time is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// Which call.
    pub call: Uuid,
    /// Where it goes.
    pub line: Line,
    /// For the breaker.
    pub pass: Pass,
    /// The most posts that it may ask for.
    pub posts: u32,
}

/// The governor cannot be asked, or cannot be told; no call may be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreachable(pub String);

/// How things stand, as far as the governor knows without asking anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The breaker in front of X.
    pub breaker: BreakerSnapshot,
    /// What X lets the credential do.
    pub allowances: BTreeMap<Endpoint, Allowance>,
    /// What was read and may be read.
    pub usage: Usage,
}

impl Standing {
    /// How things stand for one of the credentials whose allowances are known.
    #[must_use]
    pub fn of(
        credential: &Fingerprint,
        breaker: BreakerSnapshot,
        allowances: &BTreeMap<Line, Allowance>,
        usage: Usage,
    ) -> Self {
        let own = allowances.iter().filter(|(line, _)| line.credential == *credential);
        let allowances = own.map(|(line, allowance)| (line.endpoint, allowance.clone())).collect();
        Self { breaker, allowances, usage }
    }
}

/// Decides whether a call to X may be made, and hears of every answer: rate limits, breaker, and the month's posts.
///
/// The client asks before each attempt, retries included, and tells how it went.
#[async_trait]
pub trait Governor: Send + Sync + Debug {
    /// Asks to make a call.
    ///
    /// # Errors
    /// When the governor cannot be asked.
    async fn reserve(&self, line: &Line, ask: &Ask) -> Result<Decision<Permit>, Unreachable>;

    /// Tells how a call went; answers until when the endpoint rests if the call was refused.
    ///
    /// # Errors
    /// When the governor cannot be told.
    async fn settle(&self, permit: &Permit, report: &Report) -> Result<Option<Timestamp>, Unreachable>;

    /// Tells that a call failed for good, after its retries; its last attempt was settled before.
    ///
    /// # Errors
    /// When the governor cannot be told.
    async fn failed(&self, permit: &Permit) -> Result<(), Unreachable>;

    /// Brings what [`Governor::standing`] says up to date with what others did.
    ///
    /// # Errors
    /// When the governor cannot be asked.
    async fn refresh(&self, credential: &Fingerprint) -> Result<(), Unreachable>;

    /// How things stand for a credential.
    fn standing(&self, credential: &Fingerprint) -> Standing;
}
