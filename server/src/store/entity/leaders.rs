//! A leader.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "leaders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub handles: Json,
    pub x_handle: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub tracking_topics: Json,
    pub created_at: i64,
    pub x_user_id: Option<i64>,
    pub avatar_url: Option<String>,
    pub state: String,
    pub looked_up_at: Option<i64>,
    /// How many posts X counts of the account.
    pub x_post_count: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
