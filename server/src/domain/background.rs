//! The names of the tasks in the background.

/// Names a task of the background in the log, in metrics and in the health report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Background {
    /// Takes connections. Without it the process ends.
    Listener,
    /// Reads leaders.
    Ingestion,
    /// Opens the runs of the schedule.
    Scheduler,
    /// Looks stored posts up again.
    Recheck,
    /// Writes the audit of embed tokens.
    EmbedAudit,
    /// Asks Redis about calls.
    RateLimits,
    /// Probes, gauges, and forgetting what is old.
    Upkeep,
    /// Looks for new secrets.
    Secrets,
    /// Looks for a new TLS certificate.
    Certificate,
}

impl Background {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Listener,
        Self::Ingestion,
        Self::Scheduler,
        Self::Recheck,
        Self::EmbedAudit,
        Self::RateLimits,
        Self::Upkeep,
        Self::Secrets,
        Self::Certificate,
    ];

    /// The name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Listener => "listener",
            Self::Ingestion => "ingestion",
            Self::Scheduler => "scheduler",
            Self::Recheck => "recheck",
            Self::EmbedAudit => "embed_audit",
            Self::RateLimits => "rate_limits",
            Self::Upkeep => "upkeep",
            Self::Secrets => "secrets",
            Self::Certificate => "certificate",
        }
    }
}
