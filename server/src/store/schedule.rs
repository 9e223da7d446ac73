//! What all replicas know of the schedule: when the next run is due, and whether it may run.

use async_trait::async_trait;
use jiff::Timestamp;

use super::Error;

/// What all replicas know of the schedule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Control {
    /// Somebody stopped it by hand.
    pub paused: bool,
    /// Why it stopped by itself; None when it did not.
    pub stopped_reason: Option<String>,
    /// When it goes on by itself; None: when somebody starts it.
    pub stopped_until: Option<Timestamp>,
    /// The rhythm for which `next_due` was planned.
    pub schedule: String,
    /// When the next run is due; None before it is planned.
    pub next_due: Option<Timestamp>,
    /// The tick of the newest scheduled run.
    pub last_tick: Option<Timestamp>,
    /// Ticks that had no run of their own.
    pub missed_ticks: u64,
}

/// Keeps the schedule.
#[async_trait]
pub trait Schedules: Send + Sync {
    /// The schedule as it stands. A stop whose end has come is lifted.
    ///
    /// # Errors
    /// When the database fails.
    async fn control(&self) -> Result<Control, Error>;

    /// Plans the next due time when none is planned or the rhythm is another one; otherwise leaves it.
    ///
    /// # Errors
    /// When the database fails.
    async fn plan(&self, schedule: &str, next_due: Timestamp) -> Result<Control, Error>;

    /// Stops the schedule by hand: no tick is taken until [`Schedules::start`]. Runs that are open go on.
    ///
    /// # Errors
    /// When the database fails.
    async fn pause(&self) -> Result<Control, Error>;

    /// Lifts every stop.
    ///
    /// # Errors
    /// When the database fails.
    async fn start(&self) -> Result<Control, Error>;

    /// Lifts a stop that Amber made by itself, when its reason may be gone.
    ///
    /// # Errors
    /// When the database fails.
    async fn lift_stop(&self) -> Result<Control, Error>;

    /// Stops for a reason that every other call would meet as well: no tick is taken and no task handed out.
    ///
    /// # Errors
    /// When the database fails.
    async fn stop(&self, reason: &str, until: Option<Timestamp>) -> Result<(), Error>;
}
