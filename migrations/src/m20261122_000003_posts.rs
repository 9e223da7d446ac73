//! Posts, their public counts, how many there are per day, and their hashtags.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, double_null, json_binary, pk_uuid, text, text_null, uuid, var_binary,
};

use crate::references::belongs_to;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The feed reads keys from the first two alone, so they are partial: a tombstone is no part of the feed.
const FEED_INDEXES: [&str; 3] = [
    "CREATE INDEX posts_feed ON posts (platform, posted_at DESC, id DESC) WHERE deleted_at IS NULL",
    "CREATE INDEX posts_leader_feed ON posts (leader_id, platform, posted_at DESC, id DESC) WHERE deleted_at IS NULL",
    "CREATE INDEX posts_leader_deleted ON posts (leader_id, platform, posted_at) WHERE deleted_at IS NOT NULL",
];

/// The posts of which X is to be asked again, the longest due first. A tombstone has no counts, so it is not among them.
const DUE_INDEX: &str = "CREATE INDEX post_metrics_due ON post_metrics (next_check_at) WHERE next_check_at IS NOT NULL";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(posts()).await?;
        for index in FEED_INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        manager.create_table(metrics()).await?;
        manager.get_connection().execute_unprepared(DUE_INDEX).await?;
        if manager.get_database_backend() == sea_orm_migration::sea_orm::DbBackend::Postgres {
            // Counts change often: room on the page keeps nearly every update off the index.
            manager.get_connection().execute_unprepared("ALTER TABLE post_metrics SET (fillfactor = 50)").await?;
        }
        manager.create_table(counts()).await?;
        manager.create_table(hashtags()).await?;
        let of_leader = Index::create()
            .name("post_hashtags_leader")
            .table("post_hashtags")
            .col("leader_id")
            .col("posted_at")
            .col("tag")
            .to_owned();
        manager.create_index(of_leader).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["post_hashtags", "post_counts", "post_metrics", "posts"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn posts() -> TableCreateStatement {
    Table::create()
        .table("posts")
        .col(pk_uuid("id"))
        .col(text("platform"))
        .col(text("root_id"))
        .col(text("external_id"))
        .col(big_integer("version"))
        .col(uuid("leader_id"))
        .col(text("author_handle"))
        .col(text("author_name"))
        .col(text_null("author_avatar_url"))
        .col(text("body"))
        .col(json_binary("hashtags"))
        .col(json_binary("media"))
        .col(big_integer("posted_at"))
        .col(text("language"))
        .col(text_null("sentiment_label"))
        .col(double_null("sentiment_score"))
        .col(text_null("sentiment_model"))
        .col(text_null("unscored_reason"))
        .col(var_binary("content_hash", 32))
        .col(big_integer("revision"))
        .col(text("permalink"))
        .col(boolean("edited"))
        .col(boolean("truncated"))
        .col(json_binary("withheld_in"))
        .col(big_integer("first_seen_at"))
        .col(big_integer("updated_at"))
        .col(big_integer_null("deleted_at"))
        .col(text_null("deleted_reason"))
        .check(Expr::cust("(deleted_at IS NULL) = (deleted_reason IS NULL)"))
        .check(Expr::cust("(sentiment_score IS NULL) = (unscored_reason IS NOT NULL)"))
        .index(Index::create().name("posts_root").col("platform").col("root_id").unique())
        .foreign_key(&mut belongs_to("posts", "leader_id", "leaders"))
        .to_owned()
}

fn metrics() -> TableCreateStatement {
    let mut table = Table::create().table("post_metrics").col(pk_uuid("post_id")).to_owned();
    for count in ["likes", "reposts", "replies", "quotes", "bookmarks", "impressions"] {
        table.col(big_integer_null(count));
    }
    table
        .col(big_integer("updated_at"))
        .col(big_integer_null("next_check_at"))
        .col(big_integer_null("claimed_until"))
        .foreign_key(&mut belongs_to("post_metrics", "post_id", "posts"))
        .to_owned()
}

fn counts() -> TableCreateStatement {
    Table::create()
        .table("post_counts")
        .col(uuid("leader_id"))
        .col(text("platform"))
        .col(big_integer("day"))
        .col(big_integer("n"))
        .primary_key(Index::create().name("post_counts_pkey").col("leader_id").col("platform").col("day"))
        .foreign_key(&mut belongs_to("post_counts", "leader_id", "leaders"))
        .to_owned()
}

fn hashtags() -> TableCreateStatement {
    Table::create()
        .table("post_hashtags")
        .col(uuid("post_id"))
        .col(text("tag"))
        .col(uuid("leader_id"))
        .col(big_integer("posted_at"))
        .primary_key(Index::create().name("post_hashtags_pkey").col("post_id").col("tag"))
        .foreign_key(&mut belongs_to("post_hashtags", "post_id", "posts"))
        .to_owned()
}
