//! What Amber remembers: one trait per need, on SQLite and PostgreSQL.
//!
//! [`Store`] implements all of them. Times are kept in microseconds since 1970 UTC, and every statement is the same on
//! both databases.

mod connect;
mod dashboards;
mod embed_tokens;
mod error;
mod ingest;
mod leaders;
mod posts;
mod settings;
mod vitals;

pub use connect::Store;
pub use dashboards::{Aggregates, Dashboards};
pub use embed_tokens::EmbedTokens;
pub use error::Error;
pub use ingest::{Committed, Ingest, PageCommit, Rejected, RunTotals, Stream, StreamId, StreamKind};
pub use leaders::{LeaderCursor, Leaders};
pub use posts::Posts;
pub use settings::Settings;
pub use vitals::{Counts, Vitals};
