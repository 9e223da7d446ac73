//! Everything that a caller may ask, with its authorisation: the gRPC and the HTTP adapter both call this and nothing
//! else.

mod accounts;
mod api_keys;
mod checkpoints;
mod dashboards;
mod editing;
mod embed_tokens;
mod error;
mod feed;
mod holder;
mod ingestion;
mod leaders;
mod operations;
mod page_token;
mod quarantine;
mod rate_limits;
mod reviews;

pub use accounts::Accounts;
pub use api_keys::{ApiKeyPage, ApiKeys, AskedKey};
pub use checkpoints::{CheckpointPage, Checkpoints};
pub use dashboards::{AskedDashboard, DashboardPage, DashboardParts, Dashboards, FrameData};
pub use editing::{Editing, EditingParts, EnteredChange, EnteredPost};
pub use embed_tokens::{
    AskedLocks, AuditPage, AuditQuery, EmbedParts, EmbedTokens, IssueToken, IssuedToken, Revocation,
};
pub use error::{Error, Missing};
pub use feed::{Feed, FeedParts, FeedQuery, Told, Trend};
pub use ingestion::{RunPage, Runs, Trigger};
pub use leaders::{LeaderPage, Leaders, Refreshed};
pub use operations::Operations;
pub use quarantine::{Discarded, Quarantine, RecordPage, RecordQuery, Replayed};
pub use rate_limits::RateLimits;
pub use reviews::{ReviewAuditPage, ReviewEdit, ReviewPage, Reviews};

use std::sync::Arc;

/// All use cases. Clones share everything.
#[derive(Clone)]
pub struct UseCases(Arc<Parts>);

/// All use cases.
pub struct Parts {
    /// The leaders.
    pub leaders: Leaders,
    /// The posts.
    pub feed: Feed,
    /// Posts by hand.
    pub editing: Editing,
    /// The review queue.
    pub reviews: Reviews,
    /// The runs.
    pub runs: Runs,
    /// How far each stream is read.
    pub checkpoints: Checkpoints,
    /// The records that are no valid posts.
    pub quarantine: Quarantine,
    /// Embed tokens.
    pub embed_tokens: EmbedTokens,
    /// Dashboards.
    pub dashboards: Dashboards,
    /// API keys.
    pub api_keys: ApiKeys,
    /// Admin tokens.
    pub accounts: Accounts,
    /// The limits of callers.
    pub rate_limits: RateLimits,
    /// Health and metrics.
    pub operations: Operations,
}

impl From<Parts> for UseCases {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for UseCases {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
