//! What ingestion is doing, for people and probes.

use std::collections::HashMap;

use jiff::Timestamp;

use super::service::all_leaders;
use super::shared::lock;
use super::{Error, Ingestion};
use crate::config;
use crate::domain::{Leader, LeaderState, Platform, Run, Usage};
use crate::resilience::BreakerSnapshot;
use crate::store::{Control, Stream, StreamKind};

/// What ingestion is doing.
#[derive(Debug, Clone)]
pub struct Status {
    /// Runs are scheduled by the configuration.
    pub enabled: bool,
    /// The scheduler is at work, and nothing has stopped it.
    pub running: bool,
    /// The schedule of all replicas: whether somebody stopped it, or why it stopped by itself.
    pub control: Control,
    /// The breaker in front of X.
    pub breaker: BreakerSnapshot,
    /// X asked to wait until then.
    pub rate_limited_until: Option<Timestamp>,
    /// What X returned to all replicas, as last seen; None without access to X.
    pub usage: Option<Usage>,
    /// The scheduled job; none while the scheduler is stopped.
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
    /// Stretches that X no longer gives.
    pub unreachable: usize,
}

impl LeaderProgress {
    /// Whether the leader's posts can be fetched.
    #[must_use]
    pub fn state(&self) -> LeaderState {
        self.leader.state
    }
}

impl Ingestion {
    /// What ingestion is doing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn status(&self) -> Result<Status, Error> {
        let leaders = all_leaders(&self.deps).await?;
        let streams = self.deps.ingest.streams().await?;
        let read_forward = |stream: &&Stream| (stream.platform, stream.kind) == (Platform::X, StreamKind::Posts);
        let streams: HashMap<_, _> =
            streams.iter().filter(read_forward).map(|stream| (stream.leader_id, stream)).collect();
        let leaders = leaders.into_iter().map(|leader| progress(streams.get(&leader.id).copied(), leader)).collect();
        let control = self.deps.schedules.control().await?;
        let last_run = self.deps.runs.last_run().await?;
        Ok(Status { control, last_run, leaders, ..self.vitals() })
    }

    /// What can be said without the store: everything but runs and leaders.
    #[must_use]
    pub fn vitals(&self) -> Status {
        let control = lock(&self.shared.control).clone();
        let running = control.as_ref().is_some_and(|control| !control.paused && control.stopped_reason.is_none());
        let control = control.unwrap_or_default();
        let next_due = control.next_due.filter(|_| running);
        Status {
            enabled: self.deps.settings.enabled,
            running,
            breaker: self.deps.breaker(),
            rate_limited_until: self.deps.x.as_ref().and_then(|x| x.rate_limited_until().into_values().max()),
            usage: self.deps.x.as_ref().map(|x| x.standing().usage),
            jobs: next_due.map(|at| self.job(&control, at)).into_iter().collect(),
            control,
            settings: self.deps.settings.clone(),
            last_run: None,
            leaders: Vec::new(),
        }
    }

    fn job(&self, control: &Control, next_run: Timestamp) -> Job {
        let trigger = control.schedule.clone();
        if self.deps.settings.cron.is_some() {
            return Job { id: "x_ingestion_cron", name: "X Post Ingestion (Cron)", trigger, next_run };
        }
        Job { id: "x_ingestion_interval", name: "X Post Ingestion (Interval)", trigger, next_run }
    }
}

fn progress(stream: Option<&Stream>, leader: Leader) -> LeaderProgress {
    let checkpoint = stream.map(|stream| &stream.checkpoint);
    LeaderProgress {
        leader,
        last_error: stream.and_then(|stream| stream.last_error.clone()),
        last_success_at: stream.and_then(|stream| stream.last_success_at),
        high_water: checkpoint.and_then(|checkpoint| checkpoint.high_water),
        gaps: checkpoint.map_or(0, |checkpoint| checkpoint.gaps.len()),
        unreachable: checkpoint.map_or(0, |checkpoint| checkpoint.unreachable.len()),
    }
}
