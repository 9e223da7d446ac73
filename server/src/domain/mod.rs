//! Values and rules of Amber: no I/O, no async, no wire types.

mod api_client;
mod background;
mod checkpoint;
mod cidr;
mod clock;
mod dashboard;
mod dashboard_spec;
mod embed_audit;
mod embed_claims;
mod entropy;
mod feed;
mod language_range;
mod leader;
mod look;
mod manual_post;
mod origin;
mod policy_name;
mod post;
mod principal;
mod quota;
mod removal;
mod reads;
mod review;
mod review_audit;
mod run;
mod saved_checkpoint;
mod sentiment;
mod stream_key;
mod token_check;

pub use api_client::{ApiClient, ApiKeyId};
pub use background::Background;
pub use checkpoint::{Checkpoint, Gap, GivenUp, Unreachable};
pub use cidr::{Cidr, CidrError};
pub use clock::{Clock, SystemClock};
pub use dashboard::{DashboardData, DashboardId, DayPoint, LeaderRow, SentimentCounts, Tally};
pub use dashboard_spec::{Dashboard, DashboardSpec, Section};
pub use embed_audit::{AuditAction, AuditEvent, Network, Selector};
pub use embed_claims::{ClientId, EmbedClaims, EmbedSession, Locks, TokenId};
pub use entropy::{Entropy, OsEntropy};
pub use feed::{FeedCursor, FeedFilter, FeedPage};
pub use language_range::LanguageRange;
pub use leader::{Handle, Leader, LeaderChange, LeaderId, LeaderState, NewLeader, Platform, Violation};
pub use look::{Locale, Theme};
pub use manual_post::{
    MAX_NOTES, MAX_POST_TEXT, NewPost, NewText, PostChange, metrics_violation, notes_violation, text_violation,
};
pub use origin::{Origin, OriginError};
pub use policy_name::PolicyName;
pub use post::{
    Author, ExternalId, FetchedPost, Media, MediaKind, Post, PostId, PostMetrics, ScoredPost, UserId, snowflake_time,
};
pub use principal::{Principal, Role, Scope};
pub use quota::Quota;
pub use reads::{Month, Reads, Usage, day_of};
pub use removal::Removal;
pub use review::{PostOrigin, ReviewId, ReviewReason, ReviewState, Verification};
pub use review_audit::{ReviewAction, ReviewEntry, ReviewFacts};
pub use run::{Run, RunCounters, RunId, RunStatus, RunTrigger};
pub use saved_checkpoint::{CheckpointError, OpaqueCheckpoint, SavedCheckpoint};
pub use sentiment::{Label, Sentiment, Unscored};
pub use stream_key::{StreamKey, StreamKeyError};
pub use token_check::TokenCheck;
