//! What this process has taken of everything that can run out.

use std::time::Duration;

use tokio::runtime::RuntimeMetrics;

use super::super::declared;
use super::super::process::Process;
use super::{Metrics, gauge_of};

/// What is looked at now and then, since nothing happens that could be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resources {
    /// Connections of callers.
    pub connections: usize,
    /// Connections to the database that somebody uses.
    pub store_used: u32,
    /// Connections to the database that wait for somebody.
    pub store_idle: u32,
    /// The most connections to the database.
    pub store_max: u32,
    /// Lines of the embed audit that wait.
    pub audit_waiting: usize,
}

impl Metrics {
    /// So much of everything is in use.
    pub fn resources(&self, now: &Resources) {
        self.gauge(declared::CONNECTIONS, &[]).set(gauge_of(now.connections as u64));
        for (state, connections) in [("used", now.store_used), ("idle", now.store_idle)] {
            self.gauge(declared::STORE_CONNECTIONS, &[state]).set(connections);
        }
        self.gauge(declared::STORE_CONNECTIONS_MAX, &[]).set(now.store_max);
        self.gauge(declared::AUDIT_WAITING, &[]).set(gauge_of(now.audit_waiting as u64));
    }

    /// So many items wait for a reviewer, and so many leaders for being read.
    pub fn queues(&self, review_items: u64, ingestion_tasks: u64) {
        self.gauge(declared::REVIEW_WAITING, &[]).set(gauge_of(review_items));
        self.gauge(declared::INGESTION_TASKS, &[]).set(gauge_of(ingestion_tasks));
    }

    /// The threads and tasks of the runtime.
    pub fn runtime(&self, runtime: &RuntimeMetrics) {
        let gauges = [
            (declared::RUNTIME_WORKERS, runtime.num_workers()),
            (declared::RUNTIME_TASKS, runtime.num_alive_tasks()),
            (declared::RUNTIME_QUEUE, runtime.global_queue_depth()),
        ];
        for (metric, count) in gauges {
            self.gauge(metric, &[]).set(gauge_of(count as u64));
        }
        let busy = (0..runtime.num_workers()).map(|worker| runtime.worker_total_busy_duration(worker));
        self.counter(declared::RUNTIME_BUSY, &[]).absolute(busy.sum::<Duration>().as_secs());
    }

    /// What the system says of this process.
    #[expect(clippy::cast_precision_loss, reason = "no process has 2^53 bytes of memory")]
    pub fn process(&self, process: &Process) {
        self.counter(declared::PROCESS_CPU, &[]).absolute(process.cpu.as_secs());
        self.gauge(declared::PROCESS_MEMORY, &[]).set(process.memory as f64);
        self.gauge(declared::PROCESS_FDS, &[]).set(gauge_of(process.open_files as u64));
        self.gauge(declared::PROCESS_MAX_FDS, &[]).set(gauge_of(process.max_files));
    }
}
