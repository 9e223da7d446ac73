//! How far a leader's timeline is read.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ingest_streams")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub leader_id: Uuid,
    pub platform: String,
    pub kind: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub cursor: Json,
    pub cursor_version: i64,
    pub last_success_at: Option<i64>,
    pub last_error: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
