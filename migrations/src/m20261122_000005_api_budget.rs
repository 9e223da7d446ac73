//! What the replicas share about calls to outside services: breaker, limits, calls under way, and what was read.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, json_binary, pk_uuid, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: [&str; 4] = ["api_reads", "api_calls", "api_budget", "api_breakers"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(breakers()).await?;
        manager.create_table(budget()).await?;
        manager.create_table(calls()).await?;
        manager.create_table(reads()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// One row per service; whoever decides about a call locks it.
fn breakers() -> TableCreateStatement {
    Table::create()
        .table("api_breakers")
        .col(text("service").primary_key())
        .col(big_integer("failures"))
        .col(big_integer_null("open_until"))
        .col(big_integer_null("probe_until"))
        .col(big_integer("epoch"))
        .to_owned()
}

/// What a credential, known by its fingerprint, may do on an endpoint.
fn budget() -> TableCreateStatement {
    Table::create()
        .table("api_budget")
        .col(text("credential"))
        .col(text("endpoint"))
        .col(json_binary("allowance"))
        .col(big_integer("updated_at"))
        .primary_key(Index::create().name("api_budget_pkey").col("credential").col("endpoint"))
        .to_owned()
}

/// Calls under way; a row outlives its call only when a process dies, and then until its time is over.
fn calls() -> TableCreateStatement {
    Table::create()
        .table("api_calls")
        .col(pk_uuid("id"))
        .col(text("credential"))
        .col(text("endpoint"))
        .col(big_integer("posts"))
        .col(big_integer("begun_at"))
        .col(big_integer("until"))
        .to_owned()
}

/// What was read and is billed, per UTC day.
fn reads() -> TableCreateStatement {
    Table::create()
        .table("api_reads")
        .col(big_integer("day").primary_key())
        .col(big_integer("posts"))
        .col(big_integer("users"))
        .to_owned()
}
