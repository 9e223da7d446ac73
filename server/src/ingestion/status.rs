//! What ingestion is doing, for people and probes.

use jiff::Timestamp;

use crate::config;
use crate::domain::{Leader, LeaderState, Run};
use crate::resilience::BreakerSnapshot;

/// What ingestion is doing.
#[derive(Debug, Clone)]
pub struct Status {
    /// Runs are scheduled.
    pub enabled: bool,
    /// The scheduler is at work.
    pub running: bool,
    /// The breaker in front of X.
    pub breaker: BreakerSnapshot,
    /// X asked to wait until then.
    pub rate_limited_until: Option<Timestamp>,
    /// Why scheduled runs are suspended; a run that somebody asks for lifts it.
    pub stopped_reason: Option<String>,
    /// The scheduled job.
    pub jobs: Vec<Job>,
    /// When and how much.
    pub settings: config::Ingestion,
    /// The newest run.
    pub last_run: Option<Run>,
    /// Each leader's stream.
    pub leaders: Vec<LeaderProgress>,
}

/// A scheduled job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// A name for programs.
    pub id: &'static str,
    /// A name for people.
    pub name: &'static str,
    /// When it runs, in words.
    pub trigger: String,
    /// When it runs next.
    pub next_run: Timestamp,
}

/// How far a leader is read.
#[derive(Debug, Clone)]
pub struct LeaderProgress {
    /// The leader.
    pub leader: Leader,
    /// Why the leader could not be read the last time.
    pub last_error: Option<String>,
    /// When the leader was last read.
    pub last_success_at: Option<Timestamp>,
    /// Everything at or below this post is stored, but for the gaps.
    pub high_water: Option<i64>,
    /// Stretches that are still to be read.
    pub gaps: usize,
}

impl LeaderProgress {
    /// Whether the leader's posts can be fetched.
    #[must_use]
    pub fn state(&self) -> LeaderState {
        self.leader.state
    }
}
