//! What embedding knows besides used tokens: dashboards, clients, revocations, named calls, and the audit.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, json_binary, text, text_null, var_binary};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: [&str; 5] = ["embed_audit", "embed_requests", "embed_revocations", "api_clients", "dashboards"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(dashboards()).await?;
        manager.create_table(clients()).await?;
        manager.create_table(revocations()).await?;
        manager.create_table(requests()).await?;
        let by_end = Index::create().name("embed_requests_end").table("embed_requests").col("forget_at").to_owned();
        manager.create_index(by_end).await?;
        manager.create_table(audit()).await?;
        for (name, column) in [("embed_audit_at", "at"), ("embed_audit_token", "token_id")] {
            let index = Index::create().name(name).table("embed_audit").col(column).to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// A deleted dashboard stays, so that its id is never taken again and its tokens are refused.
fn dashboards() -> TableCreateStatement {
    Table::create()
        .table("dashboards")
        .col(text("id").primary_key())
        .col(text("title"))
        .col(json_binary("choices"))
        .col(big_integer("version"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .col(big_integer_null("deleted_at"))
        .to_owned()
}

fn clients() -> TableCreateStatement {
    Table::create()
        .table("api_clients")
        .col(text("id").primary_key())
        .col(text("name"))
        .col(var_binary("mac", 32))
        .col(json_binary("scopes"))
        .col(json_binary("origins"))
        .col(big_integer("created_at"))
        .col(big_integer_null("last_used_at"))
        .col(big_integer_null("revoked_at"))
        .to_owned()
}

fn revocations() -> TableCreateStatement {
    Table::create()
        .table("embed_revocations")
        .col(text("selector"))
        .col(text("value"))
        .col(big_integer("revoked_before"))
        .primary_key(Index::create().name("embed_revocations_pkey").col("selector").col("value"))
        .to_owned()
}

fn requests() -> TableCreateStatement {
    Table::create()
        .table("embed_requests")
        .col(text("client_id"))
        .col(text("request_id"))
        .col(var_binary("fingerprint", 32))
        .col(text("token_id"))
        .col(big_integer("issued_at"))
        .col(big_integer("forget_at"))
        .primary_key(Index::create().name("embed_requests_pkey").col("client_id").col("request_id"))
        .to_owned()
}

fn audit() -> TableCreateStatement {
    Table::create()
        .table("embed_audit")
        .col(big_integer("id").primary_key().auto_increment())
        .col(big_integer("at"))
        .col(text("action"))
        .col(text_null("token_id"))
        .col(text_null("client_id"))
        .col(text_null("subject"))
        .col(text_null("dashboard_id"))
        .col(text_null("origin"))
        .col(text_null("reason"))
        .col(text_null("network"))
        .col(text_null("detail"))
        .to_owned()
}
