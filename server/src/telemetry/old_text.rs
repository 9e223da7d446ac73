//! The text of `/api/metrics` under the names that older dashboards know.

use std::fmt::Write;

use super::Snapshot;

impl Snapshot {
    /// The old names in the Prometheus text format 0.0.4.
    ///
    /// They lack the suffix that Prometheus advises for counters, so they stand apart from `/metrics`.
    #[must_use]
    pub fn to_old_text(&self) -> String {
        let lines = [
            ("ingestion_processed", "Total number of posts processed", self.processed),
            ("ingestion_failed", "Total number of ingestion failures", self.failed),
            ("ingestion_rate_limited", "Total number of rate limit hits", self.rate_limited),
            ("embed_token_requested", "Total number of embed token requests", self.embed_requested),
            ("embed_token_failed", "Total number of embed token failures", self.embed_failed),
            ("embed_token_validated", "Total number of successful token validations", self.embed_validated),
            ("uptime_seconds", "Application uptime in seconds", self.uptime.as_secs()),
        ];
        let mut text = String::new();
        for (name, help, value) in lines {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}\n");
        }
        text
    }
}
