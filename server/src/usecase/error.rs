//! Why a caller does not get what it asked for.

use std::time::Duration;

use tracing::error;

use crate::domain::{OriginError, Violation};
use crate::{auth, checkpoints, embed, ingestion, store};

/// What was asked for and is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// A leader.
    Leader,
    /// A post.
    Post,
    /// A run.
    Run,
    /// A checkpoint.
    Checkpoint,
    /// A dashboard.
    Dashboard,
    /// An API key.
    ApiKey,
    /// An item of the review queue.
    ReviewItem,
}

impl Missing {
    fn text(self) -> &'static str {
        match self {
            Self::Leader => "Leader not found",
            Self::Post => "Post not found",
            Self::Run => "Run not found",
            Self::Checkpoint => "Checkpoint not found",
            Self::Dashboard => "Dashboard not found",
            Self::ApiKey => "API key not found",
            Self::ReviewItem => "Review item not found",
        }
    }
}

/// Why a caller does not get what it asked for. The texts are for callers.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller may not ask this.
    #[error(transparent)]
    Auth(#[from] auth::Error),
    /// A token is not issued or not accepted.
    #[error(transparent)]
    Embed(#[from] embed::Error),
    /// Fields break rules; never empty.
    #[error("{}", .0.iter().map(|v| v.description.as_str()).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Violation>),
    /// A text in the field is no origin.
    #[error("{text:?} in {field}: {problem}")]
    OriginInvalid {
        /// The name of the field in the contract.
        field: &'static str,
        /// The text.
        text: String,
        /// The rule that it breaks.
        problem: OriginError,
    },
    /// A page token that this server did not make.
    #[error("the page token is not valid; take it unchanged from the last answer, or leave it out to start again")]
    PageToken,
    /// A resume token that this server did not make.
    #[error(
        "the resume token is not valid; take it unchanged from the last message, or leave it out to start from now"
    )]
    ResumeToken,
    /// What follows a resume token is no longer known.
    #[error(
        "the order of the posts after this resume token is no longer kept; list them, and go on with its watch_token"
    )]
    ResumeTokenExpired,
    /// A reader takes nothing although posts wait.
    #[error("posts wait and were not taken for a while; call again with the last resume token")]
    TooSlow,
    /// There is no such thing.
    #[error("{}", .0.text())]
    NotFound(Missing),
    /// The id of a dashboard is taken, or was before the dashboard was deleted.
    #[error("a dashboard has this id, or had it before it was deleted; choose another one")]
    DashboardExists,
    /// Somebody else changed the dashboard since it was read.
    #[error("the dashboard was changed since it was read; read it again and repeat the change")]
    DashboardChanged,
    /// Only the platform of a post may change its text and its counts.
    #[error(
        "the text and the counts of this post are its platform's; only its sentiment and its status can be changed"
    )]
    PostNotEditable,
    /// A record is still no valid post, for this reason.
    #[error("the record is no valid post: {0}")]
    RecordInvalid(String),
    /// The feature is switched off, in words that say how it is switched on.
    #[error("{0}")]
    Disabled(&'static str),
    /// Too many runs are waiting.
    #[error("{0} runs wait or are under way already; try again when one of them is over")]
    Busy(u64),
    /// Too many watches are open, in all or of this caller.
    #[error("{0} watches are open already; end some, try again later, or ask without watching")]
    TooManyWatchers(usize),
    /// This process stops; another one, or the next start, goes on.
    #[error("Amber is stopping; ask again in a moment")]
    Stopping,
    /// A run did not end in time; it goes on.
    #[error("the run {0} is still under way; ask for it again later")]
    StillRunning(crate::domain::RunId),
    /// X could not be read.
    #[error("{0}")]
    Unreadable(String),
    /// A checkpoint in a file cannot be read or changed, in words that say what to do.
    #[error("{0}")]
    Checkpoints(String),
    /// The store failed.
    #[error("{}", store_text(.0))]
    Store(#[from] store::Error),
}

impl Error {
    /// One wrong field.
    pub fn field(field: &str, description: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(field, description)])
    }

    /// After which time the same call can succeed, when time helps.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Store(store::Error::Unavailable { .. })
            | Self::Auth(auth::Error::DatabaseUnavailable)
            | Self::Embed(embed::Error::ReplayStoreUnavailable)
            | Self::Stopping => Some(Duration::from_secs(1)),
            Self::Busy(_) | Self::TooManyWatchers(_) | Self::StillRunning(_) | Self::Unreadable(_) => {
                Some(Duration::from_secs(10))
            }
            _ => None,
        }
    }
}

/// What callers are told of a failing store: whether to try again, and nothing else.
fn store_text(error: &store::Error) -> &'static str {
    match error {
        store::Error::Unavailable { .. } => "the database is not available; try again in a moment",
        _ => "something went wrong here; the error id finds it in the logs",
    }
}

impl From<ingestion::Error> for Error {
    fn from(error: ingestion::Error) -> Self {
        match error {
            ingestion::Error::Disabled => {
                Self::Disabled("Ingestion is not enabled: set TWITTER_BEARER_TOKEN and restart")
            }
            ingestion::Error::Busy { open } => Self::Busy(open),
            ingestion::Error::RateLimited { .. } => Self::Unreadable(error.to_string()),
            ingestion::Error::TooManyWatchers { limit } => Self::TooManyWatchers(limit),
            ingestion::Error::Stopping => Self::Stopping,
            ingestion::Error::RunNotFound(_) => Self::NotFound(Missing::Run),
            ingestion::Error::LeaderNotFound(_) => Self::NotFound(Missing::Leader),
            ingestion::Error::NoHandle(_) => Self::field("leader_ids", error.to_string()),
            ingestion::Error::Store(error) => Self::Store(error),
        }
    }
}

impl From<checkpoints::Error> for Error {
    fn from(error: checkpoints::Error) -> Self {
        match error {
            checkpoints::Error::Store(error) => Self::Store(error),
            // The words of the file system are for those who look after it.
            checkpoints::Error::Io { path, source } => {
                error!(path = %path.display(), %source, "The checkpoint folder cannot be used: {source}.");
                Self::Checkpoints("the checkpoint folder cannot be used; the log of the server says why".to_owned())
            }
            told @ (checkpoints::Error::Stale { .. }
            | checkpoints::Error::Moved { .. }
            | checkpoints::Error::BadVersion { .. }
            | checkpoints::Error::Damaged { .. }
            | checkpoints::Error::Foreign { .. }
            | checkpoints::Error::NotAFile { .. }
            | checkpoints::Error::Locked { .. }
            | checkpoints::Error::NoBackup { .. }) => Self::Checkpoints(told.to_string()),
        }
    }
}
