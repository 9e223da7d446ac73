//! What every limiter does, wherever it keeps its buckets.

use std::cmp::Reverse;
use std::time::Duration;

use async_trait::async_trait;

use super::{Identity, Policy};
use crate::domain::PolicyName;
use crate::redis;

/// What a limiter says of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The policy that decided: the one that refuses for the longest time, else the one with the fewest permits left.
    pub policy: PolicyName,
    /// The call may go on.
    pub allowed: bool,
    /// The size of the bucket.
    pub limit: u32,
    /// Permits left after this call.
    pub remaining: u32,
    /// The time until the bucket is full again.
    pub reset_after: Duration,
    /// The time until the call can pass; zero when it is allowed, [`Duration::MAX`] when no time helps because it costs
    /// more than the bucket holds.
    pub retry_after: Duration,
}

/// Why a limiter cannot decide.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There was no decision in time.
    #[error("Redis did not decide within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// Redis refused, or the connection broke.
    #[error(transparent)]
    Redis(#[from] redis::Error),
    /// Too many calls wait for a decision.
    #[error("too many calls wait for Redis")]
    QueueFull,
    /// Redis is not waited for any more, because it was given up or this process is about to stop.
    #[error("Redis is not waited for any more")]
    Abandoned,
    /// Redis answered something else than the script does.
    #[error("Redis answered what the script never says")]
    Answer,
}

/// Keeps buckets.
#[async_trait]
pub trait Limiter: Send + Sync {
    /// Takes the permits of all these policies or of none.
    ///
    /// # Errors
    /// When no decision can be had; then nothing is known of the permits.
    async fn check(&self, identity: &Identity, policies: &[Policy]) -> Result<Decision, Error> {
        let decisions = self.decide(identity, policies).await?;
        Decision::strictest(&decisions).ok_or(Error::Answer)
    }

    /// The same with what each policy says by itself, in their order.
    ///
    /// # Errors
    /// As [`Limiter::check`].
    async fn decide(&self, identity: &Identity, policies: &[Policy]) -> Result<Vec<Decision>, Error>;

    /// Fills the buckets of a caller; true when one of them was not full.
    ///
    /// # Errors
    /// When the buckets cannot be reached.
    async fn reset(&self, identity: &Identity) -> Result<bool, Error>;
}

impl Decision {
    /// The one of several that a caller is told; None of none.
    #[must_use]
    pub fn strictest(decisions: &[Self]) -> Option<Self> {
        let order = |told: &&Self| (told.allowed, Reverse(told.retry_after), told.remaining, Reverse(told.reset_after));
        decisions.iter().min_by_key(order).copied()
    }
}
