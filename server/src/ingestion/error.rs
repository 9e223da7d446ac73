//! Why ingestion cannot do what it is asked for.

use jiff::Timestamp;

use crate::domain::{LeaderId, RunId};
use crate::store;

/// Why ingestion cannot do what it is asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no bearer token for X.
    #[error("ingestion needs a bearer token for X; set TWITTER_BEARER_TOKEN and restart")]
    Disabled,
    /// Too many runs are open.
    #[error("{open} runs wait or are under way already; try again when one of them is over")]
    Busy {
        /// Runs that are open.
        open: u64,
    },
    /// X accepts no call before then, and somebody waits for the answer.
    #[error("X limits the rate of calls until {until}; try again then")]
    RateLimited {
        /// When X accepts calls again.
        until: Timestamp,
    },
    /// Too many callers watch runs.
    #[error("{limit} callers watch runs already; try again later or ask for the run itself")]
    TooManyWatchers {
        /// How many may.
        limit: usize,
    },
    /// This process stops; another one, or the next start, goes on with the run.
    #[error("Amber is stopping; watch the run again in a moment")]
    Stopping,
    /// There is no such run.
    #[error("there is no run {0}")]
    RunNotFound(RunId),
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
