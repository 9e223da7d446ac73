//! A record of X that is no valid post.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "quarantine")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub stream_id: Uuid,
    pub raw_hash: Vec<u8>,
    pub raw: String,
    pub reason: String,
    pub path: String,
    pub status: String,
    /// Replays that were tried.
    pub attempts: i32,
    /// What a replay made of it.
    pub outcome: Option<String>,
    pub first_seen_at: i64,
    pub last_seen_at: i64,
    pub closed_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::ingest_streams::Entity",
        from = "Column::StreamId",
        to = "super::ingest_streams::Column::Id"
    )]
    Stream,
}

impl ActiveModelBehavior for ActiveModel {}
