//! The order in which posts were stored, for those who follow them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// One row: whoever stores posts takes numbers from it, one after the other.
const START: &str = "INSERT INTO arrival_clock (id, seq) VALUES (1, 0)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let clock = Table::create()
            .table("arrival_clock")
            .col(big_integer("id").primary_key())
            .col(big_integer("seq"))
            .to_owned();
        manager.create_table(clock).await?;
        manager.get_connection().execute_unprepared(START).await?;
        // Without a reference to the post: a place outlives what stood there.
        let arrivals = Table::create()
            .table("post_arrivals")
            .col(big_integer("seq").primary_key())
            .col(uuid("post_id"))
            .col(big_integer("arrived_at"))
            .to_owned();
        manager.create_table(arrivals).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("post_arrivals").to_owned()).await?;
        manager.drop_table(Table::drop().table("arrival_clock").to_owned()).await
    }
}
