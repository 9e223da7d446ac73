//! Between the messages of the contract and the values of the domain.

mod api_key;
mod auth;
mod checkpoint;
mod dashboard;
mod dashboard_catalog;
mod embed;
mod embed_audit;
mod feed;
mod health;
mod ingestion;
mod leader;
mod metrics;
mod number;
mod quarantine;
mod rate_limit;
mod run;
mod time;

pub(super) use api_key::{api_key, api_key_page, asked_key, issued_key};
pub(super) use auth::{admin_token, asked_lifetime, asked_role};
pub(super) use checkpoint::{checkpoint, checkpoint_page};
pub(super) use dashboard::{asked_days, dashboard};
pub(super) use dashboard_catalog::{asked_dashboard, dashboard_page, stored_dashboard};
pub(super) use embed::{asked_token, checked_token, issued_token, opened_session, renewed_session};
pub(super) use embed_audit::{asked_audit, asked_revocation, audit_page, embed_keys, revoked};
pub(super) use feed::{analyses, counted_posts, listed_posts, post, post_page, told, trends, watched_posts};
pub(super) use health::health;
pub(super) use ingestion::{ingestion_status, started_ingestion};
pub(super) use leader::{leader, leader_page, new_leader};
pub(super) use metrics::metrics;
pub(super) use number::page_size;
pub(super) use quarantine::{asked_records, discarded, record_page, replayed};
pub(super) use rate_limit::limits;
pub(super) use run::{run, run_page};
