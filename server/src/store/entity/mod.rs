//! The rows of the tables, as the database gives them.
#![expect(unreachable_pub, reason = "the derive macros make every item public")]

pub(super) mod api_breakers;
pub(super) mod api_budget;
pub(super) mod api_calls;
pub(super) mod api_clients;
pub(super) mod api_reads;
pub(super) mod arrival_clock;
pub(super) mod dashboards;
pub(super) mod embed_audit;
pub(super) mod embed_requests;
pub(super) mod embed_revocations;
pub(super) mod embed_tokens_used;
pub(super) mod ingest_commits;
pub(super) mod ingest_control;
pub(super) mod ingest_runs;
pub(super) mod ingest_streams;
pub(super) mod ingest_tasks;
pub(super) mod leaders;
pub(super) mod post_arrivals;
pub(super) mod post_counts;
pub(super) mod post_hashtags;
pub(super) mod post_metrics;
pub(super) mod posts;
pub(super) mod quarantine;
pub(super) mod review_audit;
pub(super) mod review_items;
