//! A post, or a record in quarantine, that a reviewer is to look at or has looked at.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "review_items")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// None for a record that is no post so far.
    pub post_id: Option<Uuid>,
    /// The record that it came from; None for all others.
    pub quarantine_id: Option<Uuid>,
    /// Of the items of a post at most one is pending.
    pub state: String,
    /// Why it entered the queue.
    pub reason: String,
    pub notes: Option<String>,
    /// Who decided last.
    pub reviewer: Option<String>,
    pub reviewed_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
