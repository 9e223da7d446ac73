//! The leaders that Amber follows.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, json_binary, pk_uuid, text, text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let leaders = Table::create()
            .table("leaders")
            .col(pk_uuid("id"))
            .col(text("name"))
            .col(json_binary("handles"))
            .col(text_null("x_handle"))
            .col(json_binary("tracking_topics"))
            .col(big_integer("created_at"))
            .col(big_integer_null("x_user_id"))
            .col(text_null("avatar_url"))
            .col(text("state"))
            .col(big_integer_null("looked_up_at"))
            .col(big_integer_null("x_post_count"))
            .to_owned();
        manager.create_table(leaders).await?;

        let newest_first = Index::create()
            .name("leaders_newest_first")
            .table("leaders")
            .col(("created_at", IndexOrder::Desc))
            .col(("id", IndexOrder::Desc))
            .to_owned();
        manager.create_index(newest_first).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("leaders").to_owned()).await
    }
}
