//! Something that happened to an embed token.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "embed_audit")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub at: i64,
    pub action: String,
    pub token_id: Option<String>,
    pub client_id: Option<String>,
    pub subject: Option<String>,
    pub dashboard_id: Option<String>,
    pub origin: Option<String>,
    pub reason: Option<String>,
    pub network: Option<String>,
    pub detail: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
