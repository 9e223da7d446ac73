//! How far a timeline is read, and who reads it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ingest_streams")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub stream_key: String,
    /// None for a stream that only the checkpoint store knows.
    pub leader_id: Option<Uuid>,
    pub platform: String,
    pub kind: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub cursor: Json,
    pub cursor_version: i64,
    pub lease_owner: Option<Uuid>,
    pub lease_epoch: i64,
    /// In microseconds since 1970 by the clock of the database; 0 when the lease was given back.
    pub lease_until: i64,
    pub last_success_at: Option<i64>,
    pub last_error: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
