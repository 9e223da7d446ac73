//! What happened to embed tokens, line by line.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement, Value,
};
use serde::Serialize;

use super::entity::embed_audit::{Column, Entity, Model};
use super::purge::{Old, PORTION};
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

    /// Forgets events from before `limit`, a portion at a time, and says how many.
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
        let rule = Column::At.lt(limit.as_microsecond());
        Old::<Entity> { key: &[Column::Id], by: Column::At, rule }.forget(&self.db, PORTION).await
    }
}

/// The most lines of one statement, whose parameters both databases take.
const LINES: usize = 1_000;

/// What every line sets, in the order of [`Line::values`]; the database gives it its number.
const COLUMNS: &str = "at, action, token_id, client_id, subject, dashboard_id, origin, reason, network, detail";

/// Writes all events down. Only a transaction undoes what comes before a failure, when they are more than [`LINES`].
pub(super) async fn append<C: ConnectionTrait>(db: &C, events: &[AuditEvent]) -> Result<(), Error> {
    for some in events.chunks(LINES) {
        let lines: Vec<_> = some.iter().map(Line::of).collect();
        let insert = match db.get_database_backend() {
            DbBackend::Postgres => as_document(&lines),
            other => as_values(other, lines),
        };
        db.execute_raw(insert).await?;
    }
    Ok(())
}

/// An event in the form of its row.
#[derive(Serialize)]
struct Line<'a> {
    at: i64,
    action: &'static str,
    token_id: Option<&'a str>,
    client_id: Option<&'a str>,
    subject: Option<String>,
    dashboard_id: Option<&'a str>,
    origin: Option<&'a str>,
    reason: Option<&'a str>,
    network: Option<&'a str>,
    detail: Option<String>,
}

impl<'a> Line<'a> {
    fn of(event: &'a AuditEvent) -> Self {
        Self {
            at: event.at.as_microsecond(),
            action: event.action.as_str(),
            token_id: event.token_id.as_ref().map(|id| id.0.as_str()),
            client_id: event.client_id.as_ref().map(|id| id.0.as_str()),
            subject: event.subject.as_deref().map(clean),
            dashboard_id: event.dashboard_id.as_ref().map(DashboardId::as_str),
            origin: event.origin.as_ref().map(Origin::as_str),
            reason: event.reason.as_deref(),
            network: event.network.as_deref(),
            detail: event.detail.as_deref().map(clean),
        }
    }

    fn values(self) -> [Value; 10] {
        [
            self.at.into(),
            self.action.into(),
            self.token_id.into(),
            self.client_id.into(),
            self.subject.into(),
            self.dashboard_id.into(),
            self.origin.into(),
            self.reason.into(),
            self.network.into(),
            self.detail.into(),
        ]
    }
}

/// All lines as one value, so that the statement is planned once, however many lines there are.
fn as_document(lines: &[Line<'_>]) -> Statement {
    let read = "json_populate_recordset(NULL::embed_audit, $1::json)";
    let sql = format!("INSERT INTO embed_audit ({COLUMNS}) SELECT {COLUMNS} FROM {read}");
    let lines = serde_json::to_string(lines).expect("lines are texts and numbers, which are always JSON");
    Statement::from_sql_and_values(DbBackend::Postgres, sql, [lines.into()])
}

/// Each field as a value of its own, which SQLite reads faster than a document.
fn as_values(backend: DbBackend, lines: Vec<Line<'_>>) -> Statement {
    let places = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"; lines.len()].join(", ");
    let sql = format!("INSERT INTO embed_audit ({COLUMNS}) VALUES {places}");
    Statement::from_sql_and_values(backend, sql, lines.into_iter().flat_map(Line::values))
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
