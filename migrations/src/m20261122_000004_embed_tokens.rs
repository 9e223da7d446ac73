//! The embed tokens that were used, until they expire.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let used = Table::create()
            .table("embed_tokens_used")
            .col(text("issuer"))
            .col(text("token_id"))
            .col(big_integer("expires_at"))
            .primary_key(Index::create().name("embed_tokens_used_pkey").col("issuer").col("token_id"))
            .to_owned();
        manager.create_table(used).await?;

        let by_expiry =
            Index::create().name("embed_tokens_used_expiry").table("embed_tokens_used").col("expires_at").to_owned();
        manager.create_index(by_expiry).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("embed_tokens_used").to_owned()).await
    }
}
