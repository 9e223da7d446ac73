//! A line of the audit, committed before the answer, for a bare server that does nothing else.

use std::sync::Arc;
use std::time::Duration;

use amber_server::config::Build;
use amber_server::domain::{AuditAction, AuditEvent, ClientId, Clock, DashboardId, OsEntropy, SystemClock, TokenId};
use amber_server::embed::AuditLog;
use amber_server::store::{Settings, Store};
use amber_server::telemetry::Metrics;
use tokio::task::JoinSet;

/// Writes lines as Amber does, many at a time.
#[derive(Clone)]
pub(crate) struct Lines {
    log: AuditLog,
    _writer: Arc<JoinSet<()>>,
}

impl Lines {
    /// Writes to the database at `url`.
    pub(crate) async fn to(url: &str) -> Self {
        let settings =
            Settings { url: url.into(), max_connections: 10, acquire_timeout: Duration::from_secs(5), lease_ttl: None };
        let store = Store::connect(&settings, Arc::new(SystemClock), Arc::new(OsEntropy)).await.unwrap();
        store.migrate().await.unwrap();
        let unknown = || "unknown".to_owned();
        let build = Build { version: unknown(), commit: unknown(), build_time: unknown() };
        let (log, mut writer) = AuditLog::new(Arc::new(store), Metrics::new(&build, Arc::new(SystemClock)));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { writer.run().await });
        Self { log, _writer: Arc::new(tasks) }
    }

    /// Returns when a line is committed.
    pub(crate) async fn write(&self) {
        let event = AuditEvent {
            at: SystemClock.now(),
            action: AuditAction::Issued,
            token_id: Some(TokenId("AZq2i5T3c0mB1q0J8b7u4g".to_owned())),
            client_id: Some(ClientId("builtin".to_owned())),
            subject: Some("viewer-7".to_owned()),
            dashboard_id: DashboardId::parse("demo"),
            origin: None,
            reason: None,
            network: Some("127.0.0.0/24".to_owned()),
            detail: None,
        };
        self.log.record(event).await.unwrap();
    }
}
