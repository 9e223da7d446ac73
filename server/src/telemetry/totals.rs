//! The plain numbers behind the JSON report.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::domain::RunCounters;

/// What happened since the process began to serve.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Posts that were fetched and stored or found equal.
    pub processed: u64,
    /// Records that were no valid post, and leaders that could not be read.
    pub failed: u64,
    /// Answers of X that say too many requests.
    pub rate_limited: u64,
    /// Records that were known and equal, or came twice.
    pub skipped_duplicates: u64,
    /// Finished runs.
    pub total_ingests: u64,
    /// How long the last run took, in milliseconds; 0 before the first.
    pub last_ingest_ms: u64,
    /// Why the last run failed; None when it did not.
    pub last_error: Option<String>,
    /// Embed tokens that a known caller asked for.
    pub embed_requested: u64,
    /// Those of them that were refused.
    pub embed_failed: u64,
    /// Requests for an embed token without a valid credential; counted neither as requested nor as failed.
    pub embed_denied: u64,
    /// Shown embed tokens that were valid.
    pub embed_validated: u64,
    /// Shown embed tokens that had expired.
    pub embed_expired: u64,
    /// Shown embed tokens that were refused for another reason.
    pub embed_invalid: u64,
    /// Time since the process began to serve.
    pub uptime: Duration,
}

/// The counts of a [`Snapshot`], kept apart from the exporter, which gives no number back.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) processed: Total,
    pub(super) failed: Total,
    pub(super) rate_limited: Total,
    pub(super) skipped_duplicates: Total,
    pub(super) ingests: Total,
    pub(super) last_ingest_ms: Total,
    pub(super) embed_issued: Total,
    pub(super) embed_failed: Total,
    pub(super) embed_denied: Total,
    pub(super) embed_validated: Total,
    pub(super) embed_expired: Total,
    pub(super) embed_invalid: Total,
}

impl Totals {
    pub(super) fn add_page(&self, page: &RunCounters) {
        self.processed.add(page.inserted + page.updated + page.unchanged);
        self.failed.add(page.quarantined);
        self.skipped_duplicates.add(page.unchanged + page.duplicates);
    }

    pub(super) fn snapshot(&self, last_error: Option<String>, uptime: Duration) -> Snapshot {
        let embed_failed = self.embed_failed.get();
        Snapshot {
            processed: self.processed.get(),
            failed: self.failed.get(),
            rate_limited: self.rate_limited.get(),
            skipped_duplicates: self.skipped_duplicates.get(),
            total_ingests: self.ingests.get(),
            last_ingest_ms: self.last_ingest_ms.get(),
            last_error,
            embed_requested: self.embed_issued.get() + embed_failed,
            embed_failed,
            embed_denied: self.embed_denied.get(),
            embed_validated: self.embed_validated.get(),
            embed_expired: self.embed_expired.get(),
            embed_invalid: self.embed_invalid.get(),
            uptime,
        }
    }
}

/// One number that threads share.
#[derive(Debug, Default)]
pub(super) struct Total(AtomicU64);

impl Total {
    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
