//! Opens a run whenever its time has come.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, field, info, warn};

use super::shared::{Shared, lock};
use super::task::conclude;
use super::{CronError, Deps, Ingestion, Schedule};
use crate::store::{self, Control, Ticked};
use crate::telemetry::TRACED;

/// Looks at the clock and at the schedule of all replicas once a second. Whichever replica moves the due time on has the
/// tick; the run is opened in the same transaction.
pub struct Scheduler {
    deps: Deps,
    schedule: Schedule,
    shared: Arc<Shared>,
    /// How much later than due this process looks, drawn anew for every tick.
    delay: SignedDuration,
    /// It has seen that the next tick is one that a right clock can have planned.
    has_planned: bool,
}

/// The scheduler is at work until this is dropped, by a panic too.
struct AtWork(Arc<Shared>);

impl AtWork {
    fn begin(shared: Arc<Shared>) -> Self {
        *lock(&shared.control) = Some(Control::default());
        Self(shared)
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        *lock(&self.0.control) = None;
    }
}

/// How often the scheduler looks at the clock.
const POLL: Duration = Duration::from_secs(1);

impl Scheduler {
    /// A scheduler for `ingestion`.
    ///
    /// # Errors
    /// When the configured cron fields are not valid.
    pub fn new(ingestion: &Ingestion) -> Result<Self, CronError> {
        let schedule = ingestion.schedule()?;
        let (deps, shared) = (ingestion.deps.clone(), Arc::clone(&ingestion.shared));
        let mut scheduler = Self { deps, schedule, shared, delay: SignedDuration::ZERO, has_planned: false };
        scheduler.draw_delay();
        Ok(scheduler)
    }

    /// Works until `stop`. After a panic it may be called again.
    pub async fn run(&mut self, stop: CancellationToken) {
        let _at_work = AtWork::begin(Arc::clone(&self.shared));
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(poll.tick()).await.is_some() {
            if let Err(error) = self.look().await {
                warn!(%error, "The schedule could not be read; the next look tries again.");
            }
        }
    }

    async fn look(&mut self) -> Result<(), store::Error> {
        let control = self.plan().await?;
        self.shared.note(control.clone());
        let now = self.deps.clock.now();
        let is_over = |due: &Timestamp| due.checked_add(self.delay).is_ok_and(|due| due <= now);
        let Some(due) = control.next_due.filter(is_over) else { return Ok(()) };
        if control.paused || control.stopped_reason.is_some() {
            return Ok(());
        }
        let tick = self.schedule.tick(due, now);
        let span = tracing::info_span!(target: TRACED, parent: None, "ingestion run", amber.run_id = field::Empty);
        let opening = self.deps.runs.open_tick(tick, self.deps.settings.dry_run);
        match opening.instrument(span.clone()).await? {
            Ticked::Started(run) => {
                span.record("amber.run_id", field::display(run.id));
                info!(run_id = %run.id, tick = %tick.at, missed = tick.missed, "The run of {} was opened.", tick.at);
                self.shared.work.notify_one();
                if run.status.is_over() {
                    // Nobody is followed: no task will end it.
                    conclude(&self.deps, run);
                }
            }
            Ticked::Swallowed => {
                info!(tick = %tick.at, "The run before is still under way; the tick of {} is left out.", tick.at);
            }
            Ticked::Lost => {}
        }
        self.draw_delay();
        self.shared.note(self.deps.schedules.control().await?);
        Ok(())
    }

    /// Plans the first tick, also after the rhythm was changed. A process that starts also plans anew what a wrong clock
    /// planned; later it does not, or it would dispute with a replica whose clock is wrong still.
    async fn plan(&mut self) -> Result<Control, store::Error> {
        let mut control = self.deps.schedules.control().await?;
        let (rhythm, now) = (self.schedule.to_string(), self.deps.clock.now());
        let may_be = |due| self.has_planned || self.schedule.may_be_due(due, now);
        let is_planned = control.schedule == rhythm && control.next_due.is_some_and(may_be);
        if !is_planned {
            let due = self.schedule.first(now, control.last_tick);
            info!(next_run = %due, "Ingestion is scheduled by {rhythm}; the next run is at {due}.");
            control = self.deps.schedules.plan(&control, &rhythm, due).await?;
        }
        self.has_planned = true;
        Ok(control)
    }

    /// Several installations with one rhythm do not all call X in the same instant.
    fn draw_delay(&mut self) {
        let most = SignedDuration::try_from(self.deps.settings.jitter).unwrap_or_default();
        self.delay = most.mul_f64(self.deps.entropy.unit());
    }
}

impl Ingestion {
    /// The configured rhythm.
    pub(super) fn schedule(&self) -> Result<Schedule, CronError> {
        let settings = &self.deps.settings;
        Schedule::new(settings.interval, settings.cron.as_deref(), settings.zone.clone())
    }
}
