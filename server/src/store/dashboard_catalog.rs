//! The dashboards, deleted ones included, so that no id is ever taken twice.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::entity::dashboards::{ActiveModel, Column, Entity, Model};
use super::newest_first::behind;
use super::text::{clean, from_json, json};
use super::{Error, Store, instant, number};
use crate::domain::{Dashboard, DashboardId, DashboardSpec, LeaderId, Locale, Platform, Section, Theme};

/// A place in the list of dashboards: the last one that was shown. The next page starts after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DashboardCursor {
    /// When that dashboard was created.
    pub created_at: Timestamp,
    /// That dashboard.
    pub id: DashboardId,
}

/// What is known of an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// This dashboard.
    Dashboard(Dashboard),
    /// A dashboard that was deleted.
    Deleted,
    /// No dashboard ever had it.
    Never,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Updated {
    /// The dashboard as it is now.
    Done(Dashboard),
    /// Somebody else changed it since.
    Changed,
    /// There is no such dashboard.
    Missing,
}

/// Keeps the dashboards.
#[async_trait]
pub trait DashboardCatalog: Send + Sync {
    /// Adds a dashboard; None when its id was taken at any time.
    ///
    /// # Errors
    /// When the database fails.
    async fn add_dashboard(
        &self,
        id: &DashboardId,
        spec: &DashboardSpec,
        at: Timestamp,
    ) -> Result<Option<Dashboard>, Error>;

    /// What is known of an id.
    ///
    /// # Errors
    /// When the database fails.
    async fn dashboard(&self, id: &DashboardId) -> Result<Found, Error>;

    /// At most `limit` dashboards after `after`, the newest first, without deleted ones.
    ///
    /// # Errors
    /// When the database fails.
    async fn dashboards(&self, after: Option<&DashboardCursor>, limit: u32) -> Result<Vec<Dashboard>, Error>;

    /// Replaces what was chosen about a dashboard; with `version`, only when it is still at that version.
    ///
    /// # Errors
    /// When the database fails.
    async fn update_dashboard(
        &self,
        id: &DashboardId,
        spec: &DashboardSpec,
        version: Option<u64>,
        at: Timestamp,
    ) -> Result<Updated, Error>;

    /// Deletes a dashboard; false when there was none.
    ///
    /// # Errors
    /// When the database fails.
    async fn delete_dashboard(&self, id: &DashboardId, at: Timestamp) -> Result<bool, Error>;
}

/// The choices as they are stored.
#[derive(Serialize, Deserialize)]
struct Choices {
    leaders: Vec<Uuid>,
    platforms: Vec<String>,
    locale: String,
    theme: String,
    sections: Vec<String>,
}

#[async_trait]
impl DashboardCatalog for Store {
    async fn add_dashboard(
        &self,
        id: &DashboardId,
        spec: &DashboardSpec,
        at: Timestamp,
    ) -> Result<Option<Dashboard>, Error> {
        let row = ActiveModel {
            id: Set(id.to_string()),
            title: Set(clean(&spec.title)),
            choices: Set(choices(spec)),
            version: Set(1),
            created_at: Set(at.as_microsecond()),
            updated_at: Set(at.as_microsecond()),
            deleted_at: Set(None),
        };
        let taken = OnConflict::column(Column::Id).do_nothing().to_owned();
        let tx = self.begin().await?;
        if Entity::insert(row).on_conflict(taken).exec_without_returning(&tx).await? == 0 {
            return Ok(None);
        }
        let Found::Dashboard(added) = find(&tx, id).await? else { return Err(Error::Corrupt { what: "dashboard" }) };
        tx.commit().await?;
        Ok(Some(added))
    }

    async fn dashboard(&self, id: &DashboardId) -> Result<Found, Error> {
        find(&self.db, id).await
    }

    async fn dashboards(&self, after: Option<&DashboardCursor>, limit: u32) -> Result<Vec<Dashboard>, Error> {
        let mut query = Entity::find()
            .filter(Column::DeletedAt.is_null())
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(u64::from(limit));
        if let Some(DashboardCursor { created_at, id }) = after {
            query = query.filter(behind([Column::CreatedAt, Column::Id], created_at.as_microsecond(), id.as_str()));
        }
        query.all(&self.db).await?.into_iter().map(read).collect()
    }

    async fn update_dashboard(
        &self,
        id: &DashboardId,
        spec: &DashboardSpec,
        version: Option<u64>,
        at: Timestamp,
    ) -> Result<Updated, Error> {
        let mut update = Entity::update_many()
            .col_expr(Column::Title, Expr::value(clean(&spec.title)))
            .col_expr(Column::Choices, Expr::value(choices(spec)))
            .col_expr(Column::Version, Expr::col(Column::Version).add(1))
            .col_expr(Column::UpdatedAt, Expr::value(at.as_microsecond()))
            .filter(Column::Id.eq(id.as_str()))
            .filter(Column::DeletedAt.is_null());
        if let Some(version) = version {
            // No stored version is beyond an i64, so such a one matches nothing.
            update = update.filter(Column::Version.eq(i64::try_from(version).unwrap_or(i64::MAX)));
        }
        // The answer is what this change made, whoever changes the dashboard next.
        let tx = self.begin().await?;
        let changed = update.exec(&tx).await?.rows_affected > 0;
        let updated = match find(&tx, id).await? {
            Found::Dashboard(dashboard) if changed => Updated::Done(dashboard),
            Found::Dashboard(_) => Updated::Changed,
            Found::Deleted | Found::Never => Updated::Missing,
        };
        tx.commit().await?;
        Ok(updated)
    }

    async fn delete_dashboard(&self, id: &DashboardId, at: Timestamp) -> Result<bool, Error> {
        let deleted = Entity::update_many()
            .col_expr(Column::DeletedAt, Expr::value(at.as_microsecond()))
            .filter(Column::Id.eq(id.as_str()))
            .filter(Column::DeletedAt.is_null())
            .exec(&self.db)
            .await?;
        Ok(deleted.rows_affected > 0)
    }
}

async fn find<C: ConnectionTrait>(db: &C, id: &DashboardId) -> Result<Found, Error> {
    match Entity::find_by_id(id.to_string()).one(db).await? {
        None => Ok(Found::Never),
        Some(row) if row.deleted_at.is_some() => Ok(Found::Deleted),
        Some(row) => read(row).map(Found::Dashboard),
    }
}

fn choices(spec: &DashboardSpec) -> Value {
    json(&Choices {
        leaders: spec.leaders.iter().map(|leader| leader.0).collect(),
        platforms: spec.platforms.iter().map(|platform| platform.as_str().to_owned()).collect(),
        locale: spec.locale.as_str().to_owned(),
        theme: spec.theme.as_str().to_owned(),
        sections: spec.sections.iter().map(|section| section.as_str().to_owned()).collect(),
    })
}

fn read(row: Model) -> Result<Dashboard, Error> {
    let corrupt = Error::Corrupt { what: "dashboard" };
    let stored: Choices = from_json(row.choices, "dashboard")?;
    let spec = (|| {
        Some(DashboardSpec {
            title: row.title,
            leaders: stored.leaders.into_iter().map(LeaderId).collect(),
            platforms: stored.platforms.iter().map(|name| Platform::parse(name)).collect::<Option<_>>()?,
            locale: Locale::parse(&stored.locale)?,
            theme: Theme::parse(&stored.theme)?,
            sections: stored.sections.iter().map(|name| Section::parse(name)).collect::<Option<_>>()?,
        })
    })();
    Ok(Dashboard {
        id: DashboardId::parse(&row.id).ok_or(Error::Corrupt { what: "dashboard id" })?,
        spec: spec.ok_or(corrupt)?,
        version: number::read(row.version)?,
        created_at: instant::read(row.created_at)?,
        updated_at: instant::read(row.updated_at)?,
    })
}
