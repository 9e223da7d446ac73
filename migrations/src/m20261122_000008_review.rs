//! The posts that wait for a reviewer, what reviewers decided, and what posts need that nobody fetched.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, json_binary_null, pk_uuid, text, text_null, uuid_null};

use crate::references::belongs_to;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// What was stored before came from X, and nobody reviewed it.
const COLUMNS: [&str; 3] = [
    "ALTER TABLE posts ADD COLUMN verification_status text NOT NULL DEFAULT 'needs_review'",
    "ALTER TABLE posts ADD COLUMN origin text NOT NULL DEFAULT 'fetched'",
    // The name of a platform that Amber does not know, whose posts have the platform `other`.
    "ALTER TABLE posts ADD COLUMN platform_name text",
];

/// A post waits once, however many rules it meets, and so does a record in quarantine.
const INDEXES: [&str; 6] = [
    "CREATE UNIQUE INDEX review_items_open ON review_items (post_id) WHERE state = 'pending'",
    "CREATE UNIQUE INDEX review_items_record ON review_items (quarantine_id) WHERE quarantine_id IS NOT NULL",
    "CREATE INDEX review_items_post ON review_items (post_id)",
    "CREATE INDEX review_items_state ON review_items (state, created_at DESC, id DESC)",
    "CREATE INDEX review_items_newest ON review_items (created_at DESC, id DESC)",
    "CREATE INDEX review_audit_item ON review_audit (item_id, id)",
];

/// The records that wait in quarantine take their own names for their items.
const QUARANTINED: &str = "INSERT INTO review_items (id, quarantine_id, state, reason, created_at, updated_at) \
     SELECT id, id, 'pending', 'quarantined', first_seen_at, first_seen_at FROM quarantine WHERE status = 'open'";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for column in COLUMNS {
            db.execute_unprepared(column).await?;
        }
        manager.create_table(items()).await?;
        manager.create_table(audit()).await?;
        for index in INDEXES {
            db.execute_unprepared(index).await?;
        }
        db.execute_unprepared(QUARANTINED).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["review_audit", "review_items"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        for column in ["platform_name", "origin", "verification_status"] {
            let drop = format!("ALTER TABLE posts DROP COLUMN {column}");
            manager.get_connection().execute_unprepared(&drop).await?;
        }
        Ok(())
    }
}

/// An item is about a post, or about a record that is none so far.
fn items() -> TableCreateStatement {
    Table::create()
        .table("review_items")
        .col(pk_uuid("id"))
        .col(uuid_null("post_id"))
        .col(uuid_null("quarantine_id"))
        .col(text("state"))
        .col(text("reason"))
        .col(text_null("notes"))
        .col(text_null("reviewer"))
        .col(big_integer_null("reviewed_at"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .check(Expr::cust("state IN ('pending', 'approved', 'rejected')"))
        .check(Expr::cust("post_id IS NOT NULL OR quarantine_id IS NOT NULL"))
        .foreign_key(&mut belongs_to("review_items", "post_id", "posts"))
        .foreign_key(&mut belongs_to("review_items", "quarantine_id", "quarantine"))
        .to_owned()
}

/// Without references: what was done outlives what it was done to.
fn audit() -> TableCreateStatement {
    Table::create()
        .table("review_audit")
        .col(pk_uuid("id"))
        .col(big_integer("at"))
        .col(text("actor"))
        .col(text("action"))
        .col(uuid_null("item_id"))
        .col(uuid_null("post_id"))
        .col(json_binary_null("before"))
        .col(json_binary_null("after"))
        .to_owned()
}
