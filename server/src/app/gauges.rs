//! Looks at what this process has taken of everything that can run out.

use tokio::runtime::Handle;
use tracing::debug;

use super::listener::Slots;
use crate::embed::Backlog;
use crate::store::{Store, Vitals};
use crate::telemetry::{Metrics, Process, Resources};

/// What is looked at.
pub(super) struct Gauges {
    pub(super) store: Store,
    pub(super) metrics: Metrics,
    pub(super) slots: Slots,
    /// None: nothing is written about embed tokens.
    pub(super) backlog: Option<Backlog>,
}

impl Gauges {
    /// Shows what can be seen without waiting for anybody.
    pub(super) fn read(&self) {
        let store = self.store.connections();
        self.metrics.resources(&Resources {
            connections: self.slots.taken(),
            store_used: store.used,
            store_idle: store.idle,
            store_max: store.max,
            audit_waiting: self.backlog.as_ref().map_or(0, Backlog::lines),
        });
        self.metrics.runtime(&Handle::current().metrics());
        if let Some(process) = Process::look() {
            self.metrics.process(&process);
        }
    }

    /// Shows what waits in the database. The probe tells when that fails.
    pub(super) async fn ask(&self) {
        match self.store.queues().await {
            Ok(queues) => self.metrics.queues(queues.review_items, queues.ingestion_tasks),
            Err(error) => debug!(%error, "The queues were not counted."),
        }
    }
}
