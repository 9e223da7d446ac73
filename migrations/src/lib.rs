//! The tables of Amber, step by step, for PostgreSQL and SQLite.
//!
//! A released step is never edited: a change is a new file. Times are microseconds since 1970 UTC on both databases.

pub use sea_orm_migration::{MigrationStatus, MigratorTrait};
use sea_orm_migration::{MigrationTrait, async_trait};

mod m20261122_000001_leaders;
mod m20261122_000002_ingest;
mod m20261122_000003_posts;
mod m20261122_000004_embed_tokens;
mod m20261122_000005_api_budget;
mod m20261122_000006_embedding;
mod m20261122_000007_arrivals;
mod m20261122_000008_review;
mod m20261123_000001_lookups;
mod references;

/// Runs the steps.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_leaders::Migration),
            Box::new(m20261122_000002_ingest::Migration),
            Box::new(m20261122_000003_posts::Migration),
            Box::new(m20261122_000004_embed_tokens::Migration),
            Box::new(m20261122_000005_api_budget::Migration),
            Box::new(m20261122_000006_embedding::Migration),
            Box::new(m20261122_000007_arrivals::Migration),
            Box::new(m20261122_000008_review::Migration),
            Box::new(m20261123_000001_lookups::Migration),
        ]
    }
}
