//! What happened to embed tokens, line by line.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement, Value,
};
use serde_json::json;

use super::entity::embed_audit::{Column, Entity, Model};
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
        if events.len() <= LINES {
            // One statement is written whole or not at all.
            return append(&self.appender, events).await;
        }
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

/// What every line sets; the database gives it its number.
const COLUMNS: &str = "at, action, token_id, client_id, subject, dashboard_id, origin, reason, network, detail";

/// Writes all events down. Only a transaction undoes what comes before a failure, when they are more than [`LINES`].
pub(super) async fn append<C: ConnectionTrait>(db: &C, events: &[AuditEvent]) -> Result<(), Error> {
    for some in events.chunks(LINES) {
        let insert = match db.get_database_backend() {
            DbBackend::Postgres => as_document(some),
            other => as_values(other, some),
        };
        db.execute_raw(insert).await?;
    }
    Ok(())
}

/// All lines as one value, so that the statement is planned once, however many lines there are.
fn as_document(events: &[AuditEvent]) -> Statement {
    let sql = format!(
        "INSERT INTO embed_audit ({COLUMNS}) SELECT {COLUMNS} FROM json_to_recordset($1::json) AS line(at bigint, \
         action text, token_id text, client_id text, subject text, dashboard_id text, origin text, reason text, network text, \
         detail text)"
    );
    let lines: Vec<_> = events.iter().map(document).collect();
    let lines = serde_json::to_string(&lines).expect("lines are texts and numbers, which are always JSON");
    Statement::from_sql_and_values(DbBackend::Postgres, sql, [lines.into()])
}

fn document(event: &AuditEvent) -> serde_json::Value {
    let AuditEvent { at, action, token_id, client_id, subject, dashboard_id, origin, reason, network, detail } = event;
    json!({
        "at": at.as_microsecond(),
        "action": action.as_str(),
        "token_id": token_id.as_ref().map(|id| &id.0),
        "client_id": client_id.as_ref().map(|id| &id.0),
        "subject": subject.as_deref().map(clean),
        "dashboard_id": dashboard_id.as_ref().map(DashboardId::as_str),
        "origin": origin.as_ref().map(Origin::as_str),
        "reason": reason,
        "network": network,
        "detail": detail.as_deref().map(clean),
    })
}

/// Each field as a value of its own, which SQLite reads faster than a document.
fn as_values(backend: DbBackend, events: &[AuditEvent]) -> Statement {
    let lines = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"; events.len()].join(", ");
    let sql = format!("INSERT INTO embed_audit ({COLUMNS}) VALUES {lines}");
    Statement::from_sql_and_values(backend, sql, events.iter().flat_map(values))
}

fn values(event: &AuditEvent) -> [Value; 10] {
    let AuditEvent { at, action, token_id, client_id, subject, dashboard_id, origin, reason, network, detail } = event;
    [
        at.as_microsecond().into(),
        action.as_str().into(),
        token_id.as_ref().map(|id| id.0.clone()).into(),
        client_id.as_ref().map(|id| id.0.clone()).into(),
        subject.as_deref().map(clean).into(),
        dashboard_id.as_ref().map(ToString::to_string).into(),
        origin.as_ref().map(ToString::to_string).into(),
        reason.clone().into(),
        network.clone().into(),
        detail.as_deref().map(clean).into(),
    ]
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
