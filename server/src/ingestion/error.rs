//! Why a run cannot be asked for.

use crate::domain::LeaderId;
use crate::store;

/// Why a run cannot be asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no bearer token for X.
    #[error("ingestion needs a bearer token for X; set TWITTER_BEARER_TOKEN and restart")]
    Disabled,
    /// Too many runs are waiting.
    #[error("{waiting} runs are waiting already; try again when one of them is over")]
    Busy {
        /// Runs that wait.
        waiting: usize,
    },
    /// There is no such leader.
    #[error("there is no leader {0}")]
    LeaderNotFound(LeaderId),
    /// The leader has no usable handle on X.
    #[error("the leader {0} has no handle on X; add one under the key \"x\"")]
    NoHandle(LeaderId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}
