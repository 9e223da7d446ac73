//! What all replicas know of the schedule: one row.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ingest_control")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub paused: bool,
    pub stopped_reason: Option<String>,
    pub stopped_until: Option<i64>,
    pub schedule: String,
    pub next_due_at: Option<i64>,
    pub last_tick: Option<i64>,
    pub missed_ticks: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
