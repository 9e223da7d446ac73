//! What Amber remembers: one trait per need, on SQLite and PostgreSQL.
//!
//! [`Store`] implements all of them. Times are kept in microseconds since 1970 UTC. Statements are the same on both databases, but
//! where PostgreSQL does in one of its own what takes SQLite several, for which it waits for no network.

mod checkpoints;
mod api_budget;
mod api_clients;
mod arrivals;
mod bounded;
mod bulk;
mod connect;
mod dashboard_catalog;
mod dashboards;
mod editing;
mod embed_audit;
mod embed_requests;
mod embed_tokens;
mod entity;
mod error;
mod imports;
mod ingest;
mod instant;
mod leaders;
mod ledger;
pub mod legacy;
mod migrate;
mod newest_first;
mod number;
mod posts;
mod purge;
mod runs;
mod schedule;
mod rechecks;
mod reviews;
mod settings;
mod text;
mod tombstones;
mod vitals;
mod work;

pub use api_budget::{ApiBudget, ApiCall, ApiLine, Known};
pub use api_clients::{ApiClients, ClientCursor, StoredClient};
pub use arrivals::{Arrivals, Arrived};
pub use checkpoints::Checkpoints;
pub use connect::{Connections, Store};
pub use dashboard_catalog::{DashboardCatalog, DashboardCursor, Found, Updated};
pub use dashboards::{Aggregates, Counting, Dashboards, LeaderDay};
pub use editing::{Edited, Editing};
pub use embed_audit::{AuditFilter, EmbedAudit};
pub use embed_requests::{EmbedRequests, Remembered};
pub use embed_tokens::{Consumed, EmbedTokens, Standing};
pub use error::{Cause, Error};
pub use imports::{Imported, ImportedLeader, ImportedPost, ImportedReviewItem, Imports, KnownPosts};
pub use ingest::{
    Committed, Ingest, MovedStream, PageCommit, PostsFrom, Quarantine, QuarantineFilter, QuarantineId,
    QuarantineStatus, Quarantined, Rejected, ReplayOutcome, Stream, StreamId, StreamKind,
};
pub use leaders::{ChangedLeader, LeaderCursor, Leaders};
pub use ledger::Ledger;
pub use migrate::Migration;
pub use posts::Posts;
pub use rechecks::{Checked, Drift, DueCheck, Finding, Rechecks, Settled};
pub use reviews::{Amendment, Decision, ReviewAuditFilter, ReviewCursor, ReviewItem, Reviewed, Reviews, Subject};
pub use runs::{MAX_OPEN_RUNS, Opened, RunRequest, Runs, Tick, Ticked};
pub use schedule::{Control, Schedules};
pub use settings::Settings;
pub use vitals::{Counts, Queues, Vitals};
pub use work::{Claim, Lease, TaskEnd, Want, Work, WorkerId};
