//! A round of ingestion.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ingest_runs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub trigger: String,
    pub tick: Option<i64>,
    pub request_key: String,
    pub cancel_requested: bool,
    pub seq: i64,
    pub status: String,
    pub backfill: bool,
    pub dry_run: bool,
    pub started_at: i64,
    pub ended_at: Option<i64>,
    pub pages: i64,
    pub fetched: i64,
    pub inserted: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub quarantined: i64,
    pub duplicates: i64,
    pub leaders_total: i32,
    pub leaders_done: i32,
    pub leaders_failed: i32,
    pub error: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
