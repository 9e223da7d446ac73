//! A post, or the tombstone of one.

use sea_orm::entity::prelude::*;

#[expect(clippy::struct_field_names, reason = "the model that scored the text has nothing to do with the row's name")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "posts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub platform: String,
    /// The number of the first version.
    pub root_id: String,
    /// The number of the newest version.
    pub external_id: String,
    /// Grows with every edit.
    pub version: i64,
    pub leader_id: Uuid,
    pub author_handle: String,
    pub author_name: String,
    pub author_avatar_url: Option<String>,
    pub body: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub hashtags: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub media: Json,
    pub posted_at: i64,
    pub language: String,
    pub sentiment_label: Option<String>,
    pub sentiment_score: Option<f64>,
    pub sentiment_model: Option<String>,
    pub unscored_reason: Option<String>,
    pub content_hash: Vec<u8>,
    /// 1 for a new row, one more with every change of its content.
    pub revision: i64,
    pub permalink: String,
    pub edited: bool,
    pub truncated: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub withheld_in: Json,
    pub first_seen_at: i64,
    pub updated_at: i64,
    pub deleted_at: Option<i64>,
    /// Why it is gone; set exactly when `deleted_at` is.
    pub deleted_reason: Option<String>,
    /// What reviewers say of it.
    pub verification_status: String,
    /// How it came here.
    pub origin: String,
    /// What the platform is called, for platforms that Amber does not know.
    pub platform_name: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::leaders::Entity", from = "Column::LeaderId", to = "super::leaders::Column::Id")]
    Leader,
    #[sea_orm(
        belongs_to = "super::post_metrics::Entity",
        from = "Column::Id",
        to = "super::post_metrics::Column::PostId"
    )]
    Metrics,
}

impl Related<super::leaders::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Leader.def()
    }
}

impl Related<super::post_metrics::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Metrics.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
