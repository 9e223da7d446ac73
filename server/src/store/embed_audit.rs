//! What happened to embed tokens, line by line.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::entity::embed_audit::{ActiveModel, Column, Entity, Model};
use super::text::clean;
use super::{Error, Store, instant};
use crate::domain::{AuditAction, AuditEvent, ClientId, DashboardId, Origin, TokenId};

/// Which lines are wanted; what is None matches everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// What happened.
    pub action: Option<AuditAction>,
    /// Which token.
    pub token_id: Option<TokenId>,
    /// Which client.
    pub client_id: Option<ClientId>,
    /// Which dashboard.
    pub dashboard_id: Option<DashboardId>,
}

/// Keeps the audit.
#[async_trait]
pub trait EmbedAudit: Send + Sync {
    /// Writes all events down or none.
    ///
    /// # Errors
    /// When the database fails.
    async fn append(&self, events: &[AuditEvent]) -> Result<(), Error>;

    /// At most `limit` events with their numbers, the newest first; `before` is the number below which to go on.
    ///
    /// # Errors
    /// When the database fails.
    async fn events(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(i64, AuditEvent)>, Error>;

    /// Forgets the events from before `limit` and says how many they were.
    ///
    /// # Errors
    /// When the database fails.
    async fn purge_events(&self, limit: Timestamp) -> Result<u64, Error>;
}

#[async_trait]
impl EmbedAudit for Store {
    async fn append(&self, events: &[AuditEvent]) -> Result<(), Error> {
        let tx = self.begin().await?;
        append(&tx, events).await?;
        Ok(tx.commit().await?)
    }

    async fn events(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(i64, AuditEvent)>, Error> {
        let mut query = Entity::find().order_by_desc(Column::Id).limit(u64::from(limit));
        if let Some(before) = before {
            query = query.filter(Column::Id.lt(before));
        }
        if let Some(action) = filter.action {
            query = query.filter(Column::Action.eq(action.as_str()));
        }
        if let Some(token) = &filter.token_id {
            query = query.filter(Column::TokenId.eq(&token.0));
        }
        if let Some(client) = &filter.client_id {
            query = query.filter(Column::ClientId.eq(&client.0));
        }
        if let Some(dashboard) = &filter.dashboard_id {
            query = query.filter(Column::DashboardId.eq(dashboard.as_str()));
        }
        query.all(&self.db).await?.into_iter().map(read).collect()
    }

    async fn purge_events(&self, limit: Timestamp) -> Result<u64, Error> {
        let old = Entity::delete_many().filter(Column::At.lt(limit.as_microsecond()));
        Ok(old.exec(&self.db).await?.rows_affected)
    }
}

/// The most lines of one statement, whose parameters both databases take.
const LINES: usize = 1_000;

/// Writes all events down. Only a transaction undoes what comes before a failure.
pub(super) async fn append(tx: &DatabaseTransaction, events: &[AuditEvent]) -> Result<(), Error> {
    for some in events.chunks(LINES) {
        Entity::insert_many(some.iter().map(row)).exec_without_returning(tx).await?;
    }
    Ok(())
}

fn row(event: &AuditEvent) -> ActiveModel {
    ActiveModel {
        at: Set(event.at.as_microsecond()),
        action: Set(event.action.as_str().to_owned()),
        token_id: Set(event.token_id.as_ref().map(|id| id.0.clone())),
        client_id: Set(event.client_id.as_ref().map(|id| id.0.clone())),
        subject: Set(event.subject.as_deref().map(clean)),
        dashboard_id: Set(event.dashboard_id.as_ref().map(ToString::to_string)),
        origin: Set(event.origin.as_ref().map(ToString::to_string)),
        reason: Set(event.reason.clone()),
        network: Set(event.network.clone()),
        detail: Set(event.detail.as_deref().map(clean)),
        ..ActiveModel::default()
    }
}

fn read(row: Model) -> Result<(i64, AuditEvent), Error> {
    let corrupt = |what| Error::Corrupt { what };
    let origin = row.origin.map(|text| Origin::parse(&text)).transpose();
    let dashboard = row.dashboard_id.map(|text| DashboardId::parse(&text).ok_or(corrupt("dashboard id")));
    let event = AuditEvent {
        at: instant::read(row.at)?,
        action: AuditAction::parse(&row.action).ok_or(corrupt("audit action"))?,
        token_id: row.token_id.map(TokenId),
        client_id: row.client_id.map(ClientId),
        subject: row.subject,
        dashboard_id: dashboard.transpose()?,
        origin: origin.map_err(|_| corrupt("origin"))?,
        reason: row.reason,
        network: row.network,
        detail: row.detail,
    };
    Ok((row.id, event))
}
