//! Indexes for the filters of both audits, and for what is forgotten when it is old.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Lists are read newest first, so each filter is followed by the id. A filter names a value, so rows without one stay out.
const INDEXES: [(&str, &str); 7] = [
    ("review_audit_post", "review_audit (post_id, id) WHERE post_id IS NOT NULL"),
    ("embed_audit_action", "embed_audit (action, id)"),
    ("embed_audit_client", "embed_audit (client_id, id) WHERE client_id IS NOT NULL"),
    ("embed_audit_dashboard", "embed_audit (dashboard_id, id) WHERE dashboard_id IS NOT NULL"),
    ("embed_revocations_before", "embed_revocations (revoked_before)"),
    ("ingest_commits_of_nobody", "ingest_commits (committed_at) WHERE run_id IS NULL"),
    ("quarantine_closed", "quarantine (closed_at) WHERE closed_at IS NOT NULL"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, over) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {name} ON {over}")).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        Ok(())
    }
}
