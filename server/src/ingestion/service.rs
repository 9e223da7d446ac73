//! Takes requests for runs and tells how they fare.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tracing::info;

use super::status::{Job, LeaderProgress, Status};
use super::{Deps, Error, Worker};
use crate::domain::{Leader, LeaderId, Platform, Run, RunCounters, RunId, RunStatus, RunTrigger};
use crate::store::StreamKind;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRequest {
    /// Who asks.
    pub trigger: RunTrigger,
    /// Read older posts as well.
    pub backfill: bool,
    /// Store nothing.
    pub dry_run: bool,
    /// Only these leaders; empty means all.
    pub leaders: Vec<LeaderId>,
}

/// A run that was asked for.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// Which run.
    pub run_id: RunId,
    /// How it fares; the newest state wins, the last one is always seen.
    pub progress: watch::Receiver<Run>,
}

impl Ticket {
    /// Waits until the run is over.
    pub async fn finished(mut self) -> Run {
        let over = self.progress.wait_for(|run| run.status.is_over()).await.map(|run| run.clone());
        over.unwrap_or_else(|_| self.progress.borrow().clone())
    }
}

/// A run that waits or is under way.
#[derive(Debug)]
pub(super) struct ActiveRun {
    pub(super) request: RunRequest,
    pub(super) progress: watch::Sender<Run>,
}

/// What the process knows of its runs.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) active: Mutex<Vec<Arc<ActiveRun>>>,
    pub(super) stopped_reason: Mutex<Option<String>>,
    pub(super) next_due: Mutex<Option<Timestamp>>,
}

/// Takes requests for runs and tells how they fare. Clones share everything.
#[derive(Clone)]
pub struct Ingestion {
    pub(super) deps: Deps,
    pub(super) shared: Arc<Shared>,
    queue: mpsc::Sender<Arc<ActiveRun>>,
}

/// The most runs that wait.
const QUEUE: usize = 16;

impl Ingestion {
    /// The front desk, and the worker that must be run beside it.
    #[must_use]
    pub fn new(deps: Deps) -> (Self, Worker) {
        let (queue, inbox) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared::default());
        let worker = Worker::new(deps.clone(), Arc::clone(&shared), inbox);
        (Self { deps, shared, queue }, worker)
    }

    /// Asks for a run. The same request twice is one run.
    ///
    /// # Errors
    /// When ingestion has no access to X, a leader cannot be read, too many runs wait, or the store fails.
    pub async fn trigger(&self, mut request: RunRequest) -> Result<Ticket, Error> {
        if self.deps.x.is_none() {
            return Err(Error::Disabled);
        }
        self.check_leaders(&request.leaders).await?;
        request.leaders.sort_unstable();
        request.leaders.dedup();
        request.dry_run |= self.deps.settings.dry_run;
        let (run, place) = match self.enter(request) {
            Entry::Joined(ticket) => return Ok(ticket),
            Entry::New(run, place) => (run, place),
        };
        let ticket = Ticket { run_id: run.id, progress: place.progress.subscribe() };
        let mut unwritten = Unwritten { shared: &self.shared, place: Some(&place) };
        self.deps.ingest.start_run(&run).await?;
        unwritten.place = None;
        if self.queue.try_send(Arc::clone(&place)).is_err() {
            self.shared.forget(&place);
            let refused = Run { status: RunStatus::Interrupted, ended_at: Some(self.deps.clock.now()), ..run };
            self.deps.ingest.finish_run(&refused).await?;
            return Err(Error::Busy { waiting: QUEUE });
        }
        info!(run_id = %run.id, trigger = run.trigger.as_str(), "Run {} was asked for.", run.id);
        Ok(ticket)
    }

    /// What ingestion is doing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn status(&self) -> Result<Status, Error> {
        let leaders = all_leaders(&self.deps).await?;
        let streams = self.deps.ingest.streams().await?;
        let progress = leaders.into_iter().map(|leader| {
            let stream = streams.iter().find(|stream| {
                (stream.leader_id, stream.platform, stream.kind) == (leader.id, Platform::X, StreamKind::Posts)
            });
            LeaderProgress {
                last_error: stream.and_then(|stream| stream.last_error.clone()),
                last_success_at: stream.and_then(|stream| stream.last_success_at),
                high_water: stream.and_then(|stream| stream.checkpoint.high_water),
                gaps: stream.map_or(0, |stream| stream.checkpoint.gaps.len()),
                leader,
            }
        });
        Ok(Status { leaders: progress.collect(), last_run: self.deps.ingest.last_run().await?, ..self.vitals() })
    }

    /// What can be said without the store: everything but runs and leaders.
    #[must_use]
    pub fn vitals(&self) -> Status {
        let next_due = *lock(&self.shared.next_due);
        Status {
            enabled: self.deps.settings.enabled,
            running: next_due.is_some(),
            breaker: self.deps.breaker.snapshot(),
            rate_limited_until: self.deps.x.as_ref().and_then(|x| x.rate_limited_until().into_values().max()),
            stopped_reason: lock(&self.shared.stopped_reason).clone(),
            jobs: next_due.map(|at| self.job(at)).into_iter().collect(),
            settings: self.deps.settings.clone(),
            last_run: None,
            leaders: Vec::new(),
        }
    }

    /// One run; None when there is no such run.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn run(&self, id: RunId) -> Result<Option<Run>, Error> {
        let running =
            lock(&self.shared.active).iter().map(|place| place.progress.borrow().clone()).find(|r| r.id == id);
        match running {
            Some(run) => Ok(Some(run)),
            None => Ok(self.deps.ingest.run(id).await?),
        }
    }

    fn job(&self, next_run: Timestamp) -> Job {
        if let Some(cron) = &self.deps.settings.cron {
            let trigger = format!("cron[{cron}]");
            return Job { id: "x_ingestion_cron", name: "X Post Ingestion (Cron)", trigger, next_run };
        }
        let seconds = self.deps.settings.interval.as_secs();
        let clock = format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
        let trigger = format!("interval[{clock}]");
        Job { id: "x_ingestion_interval", name: "X Post Ingestion (Interval)", trigger, next_run }
    }

    /// Joins an equal run that waits or is under way, or takes a new place.
    fn enter(&self, request: RunRequest) -> Entry {
        let mut active = lock(&self.shared.active);
        if let Some(place) = active.iter().find(|place| place.request.reads_the_same(&request)) {
            let progress = place.progress.subscribe();
            let run_id = progress.borrow().id;
            return Entry::Joined(Ticket { run_id, progress });
        }
        let now = self.deps.clock.now();
        let run = Run {
            id: RunId(self.deps.entropy.uuid_v7(now)),
            trigger: request.trigger,
            status: RunStatus::Queued,
            backfill: request.backfill,
            dry_run: request.dry_run,
            started_at: now,
            ended_at: None,
            counters: RunCounters::default(),
            leaders_total: 0,
            leaders_done: 0,
            error: None,
        };
        let place = Arc::new(ActiveRun { request, progress: watch::Sender::new(run.clone()) });
        active.push(Arc::clone(&place));
        Entry::New(run, place)
    }

    async fn check_leaders(&self, wanted: &[LeaderId]) -> Result<(), Error> {
        if wanted.is_empty() {
            return Ok(());
        }
        let found = self.deps.leaders.get_many(wanted).await?;
        for id in wanted {
            let leader = found.iter().find(|leader| leader.id == *id).ok_or(Error::LeaderNotFound(*id))?;
            leader.x_handle().ok_or(Error::NoHandle(*id))?;
        }
        Ok(())
    }
}

/// Gives the place of a run back when the run was not written down, also when the caller went away meanwhile.
struct Unwritten<'a> {
    shared: &'a Shared,
    place: Option<&'a Arc<ActiveRun>>,
}

impl Drop for Unwritten<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.shared.forget(place);
        }
    }
}

enum Entry {
    Joined(Ticket),
    New(Run, Arc<ActiveRun>),
}

impl RunRequest {
    fn reads_the_same(&self, other: &Self) -> bool {
        (self.backfill, self.dry_run, &self.leaders) == (other.backfill, other.dry_run, &other.leaders)
    }
}

impl Shared {
    pub(super) fn forget(&self, place: &Arc<ActiveRun>) {
        lock(&self.active).retain(|known| !Arc::ptr_eq(known, place));
    }
}

/// Locks for a moment; what is guarded is valid at every step, so a panic elsewhere does no harm.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Every leader, page by page.
pub(super) async fn all_leaders(deps: &Deps) -> Result<Vec<Leader>, crate::store::Error> {
    const PAGE: u32 = 500;
    let mut leaders: Vec<Leader> = Vec::new();
    loop {
        let after = leaders.last().map(|last| crate::store::LeaderCursor { created_at: last.created_at, id: last.id });
        let page = deps.leaders.list(after, PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        leaders.extend(page);
        if is_last {
            return Ok(leaders);
        }
    }
}
