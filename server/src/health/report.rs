//! The health report: what answers, and how much there is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tracing::{debug, warn};

use super::{TaskCheck, Tasks};
use crate::config::Build;
use crate::domain::Clock;
use crate::ingestion::Ingestion;
use crate::redis::Pool;
use crate::resilience::BreakerState;
use crate::store::{Counts, Vitals};
use crate::telemetry::Metrics;

/// The longest that one probe may take.
const PROBE_LIMIT: Duration = Duration::from_secs(1);
/// How long counts are not made anew after they took too long.
const COUNT_AGAIN: Duration = Duration::from_mins(1);
/// How long a report is good for, so that many callers do not become many probes.
const FRESH_FOR: Duration = Duration::from_millis(500);

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check<T> {
    /// It answered, so fast.
    Ok(T, Duration),
    /// It did not answer in time or refused, in words without a driver's text.
    Failed(&'static str),
    /// It is not configured.
    Disabled,
}

impl<T> Check<T> {
    /// Whether both found the same, whatever there was and however long it took.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Ok(..), Self::Ok(..)) | (Self::Disabled, Self::Disabled) => true,
            (Self::Failed(one), Self::Failed(another)) => one == another,
            _ => false,
        }
    }
}

/// What ingestion is doing, without asking the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IngestionCheck {
    /// Runs are scheduled.
    pub enabled: bool,
    /// The scheduler is at work.
    pub running: bool,
    /// The breaker in front of X.
    pub breaker: BreakerState,
}

/// The runs of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IngestTotals {
    /// Runs that ended.
    pub total_ingests: u64,
    /// How long the last one took.
    pub last_ingest: Duration,
}

/// The health report.
#[derive(Debug, Clone)]
pub struct Report {
    /// When it was made.
    pub at: Timestamp,
    /// The database: whether it answers.
    pub database: Check<()>,
    /// What it holds: older than the report where counting takes long; None when it was never counted in time.
    pub counts: Option<Counts>,
    /// Redis.
    pub redis: Check<()>,
    /// The scheduler.
    pub ingestion: IngestionCheck,
    /// The tasks of the background.
    pub tasks: TaskCheck,
    /// The runs of this process.
    pub totals: IngestTotals,
    /// What was built.
    pub build: Build,
}

impl Report {
    /// Whether calls can be served: the database answers. Redis may be away.
    #[must_use]
    pub fn serves(&self) -> bool {
        matches!(self.database, Check::Ok(..))
    }

    /// Whether Amber can do all of its work: besides, no task of the background is down.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.serves() && self.tasks.down.is_empty()
    }

    /// Whether both say the same of every part, whatever is counted and however long it took.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.database.is_like(&other.database)
            && self.redis.is_like(&other.redis)
            && self.ingestion == other.ingestion
            && self.tasks.down == other.tasks.down
    }
}

/// What was counted last.
#[derive(Debug, Default)]
struct Counted {
    last: Option<Counts>,
    /// Nothing is counted before then.
    rest_until: Option<Instant>,
}

/// Makes health reports.
pub struct Health {
    vitals: Arc<dyn Vitals>,
    redis: Option<Pool>,
    ingestion: Ingestion,
    tasks: Tasks,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
    build: Build,
    last: Mutex<Option<(Instant, Report)>>,
    counted: Mutex<Counted>,
    is_draining: AtomicBool,
}

impl Health {
    /// Reports on these parts.
    #[must_use]
    pub fn new(
        vitals: Arc<dyn Vitals>,
        redis: Option<Pool>,
        ingestion: Ingestion,
        metrics: Metrics,
        clock: Arc<dyn Clock>,
        build: Build,
    ) -> Self {
        Self {
            vitals,
            redis,
            ingestion,
            tasks: Tasks::default(),
            metrics,
            clock,
            build,
            last: Mutex::new(None),
            counted: Mutex::default(),
            is_draining: AtomicBool::new(false),
        }
    }

    /// The report, at most half a second old. It takes at most as long as one probe may.
    pub async fn report(&self) -> Report {
        let mut last = self.last.lock().await;
        if let Some((_, report)) = last.as_ref().filter(|(made, _)| made.elapsed() < FRESH_FOR) {
            return report.clone();
        }
        let (database, counts, redis) = tokio::join!(self.database(), self.counts(), self.redis());
        let is_up = matches!(database, Check::Ok(..));
        if !is_up {
            // That counts came late says nothing of how long they take.
            self.counted.lock().await.rest_until = None;
        }
        self.metrics.store_up(is_up);
        if !matches!(redis, Check::Disabled) {
            self.metrics.redis_up(matches!(redis, Check::Ok(..)));
        }
        let report = Report {
            at: self.clock.now(),
            database,
            counts,
            redis,
            ingestion: self.ingestion_check(),
            tasks: self.tasks.check(),
            totals: self.totals(),
            build: self.build.clone(),
        };
        *last = Some((Instant::now(), report.clone()));
        report
    }

    /// Where it is to be told what becomes of the tasks of the background.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// Says from now on that no more calls should come: the process is about to stop.
    pub fn begin_drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    /// Whether calls should come: the database answers within a second, and the process is not about to stop.
    pub async fn is_ready(&self) -> bool {
        !self.is_draining.load(Ordering::Relaxed) && self.database_answers().await
    }

    /// Asks the database and Redis for a sign of life, each for a second at most, and shows in the metrics what they said. The
    /// answer is that of [`Health::is_ready`].
    pub async fn probe(&self) -> bool {
        let redis = async {
            if let Some(pool) = &self.redis {
                self.metrics.redis_up(pool.ping(PROBE_LIMIT).await.is_ok());
            }
        };
        let (is_up, ()) = tokio::join!(self.database_answers(), redis);
        self.metrics.store_up(is_up);
        is_up && !self.is_draining.load(Ordering::Relaxed)
    }

    async fn database_answers(&self) -> bool {
        matches!(timeout(PROBE_LIMIT, self.vitals.ping()).await, Ok(Ok(())))
    }

    async fn database(&self) -> Check<()> {
        let started = Instant::now();
        match timeout(PROBE_LIMIT, self.vitals.ping()).await {
            Ok(Ok(())) => Check::Ok((), started.elapsed()),
            Ok(Err(error)) => {
                warn!(%error, source = std::error::Error::source(&error).map(tracing::field::display), "The database failed its probe.");
                Check::Failed("the database does not answer")
            }
            Err(_) => Check::Failed("the database did not answer within one second"),
        }
    }

    /// What the database holds. It is counted anew for each report while that is quick; else the last counts stand for a while,
    /// since to count says nothing about whether the database lives.
    async fn counts(&self) -> Option<Counts> {
        let mut counted = self.counted.lock().await;
        if counted.rest_until.is_some_and(|until| Instant::now() < until) {
            return counted.last;
        }
        counted.rest_until = None;
        match timeout(PROBE_LIMIT, self.vitals.counts()).await {
            Ok(Ok(counts)) => counted.last = Some(counts),
            Ok(Err(error)) => {
                debug!(%error, "What the database holds was not counted.");
            }
            Err(_) => {
                debug!("To count what the database holds took too long.");
                counted.rest_until = Some(Instant::now() + COUNT_AGAIN);
            }
        }
        counted.last
    }

    async fn redis(&self) -> Check<()> {
        let Some(pool) = &self.redis else { return Check::Disabled };
        let started = Instant::now();
        match pool.ping(PROBE_LIMIT).await {
            Ok(()) => Check::Ok((), started.elapsed()),
            Err(error) => {
                warn!(%error, "Redis failed its probe.");
                Check::Failed("Redis does not answer")
            }
        }
    }

    fn ingestion_check(&self) -> IngestionCheck {
        let vitals = self.ingestion.vitals();
        IngestionCheck { enabled: vitals.enabled, running: vitals.running, breaker: vitals.breaker.state }
    }

    fn totals(&self) -> IngestTotals {
        let snapshot = self.metrics.snapshot();
        IngestTotals {
            total_ingests: snapshot.total_ingests,
            last_ingest: Duration::from_millis(snapshot.last_ingest_ms),
        }
    }
}
