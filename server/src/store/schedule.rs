//! What all replicas know of the schedule: when the next run is due, and whether it may run.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, LockType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, UpdateMany};

use super::entity::ingest_control::{Column, Entity, Model};
use super::text::clean;
use super::{Error, Store, instant, number};
use crate::resilience::furthest;
use crate::store::bounded::Transaction;

/// The one row.
const ROW: &str = "x";

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

    /// Plans the next due time and the rhythm, unless somebody changed them since they were `seen`.
    ///
    /// # Errors
    /// When the database fails.
    async fn plan(&self, seen: &Control, schedule: &str, next_due: Timestamp) -> Result<Control, Error>;

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

#[async_trait]
impl Schedules for Store {
    async fn control(&self) -> Result<Control, Error> {
        let row = Entity::find_by_id(ROW.to_owned()).one(&self.db).await?;
        read(row.ok_or(MISSING)?, self.now())
    }

    async fn plan(&self, seen: &Control, schedule: &str, next_due: Timestamp) -> Result<Control, Error> {
        let as_due =
            seen.next_due.map_or(Column::NextDueAt.is_null(), |due| Column::NextDueAt.eq(due.as_microsecond()));
        let as_seen = as_due.and(Column::Schedule.eq(seen.schedule.as_str()));
        let update = Entity::update_many()
            .col_expr(Column::Schedule, Expr::value(clean(schedule)))
            .col_expr(Column::NextDueAt, Expr::value(next_due.as_microsecond()));
        self.control_after(update.filter(as_seen)).await
    }

    async fn pause(&self) -> Result<Control, Error> {
        self.control_after(Entity::update_many().col_expr(Column::Paused, Expr::value(true))).await
    }

    async fn start(&self) -> Result<Control, Error> {
        self.control_after(lifted().col_expr(Column::Paused, Expr::value(false))).await
    }

    async fn lift_stop(&self) -> Result<Control, Error> {
        self.control_after(lifted()).await
    }

    async fn stop(&self, reason: &str, until: Option<Timestamp>) -> Result<(), Error> {
        let update = Entity::update_many()
            .col_expr(Column::StoppedReason, Expr::value(clean(reason)))
            .col_expr(Column::StoppedUntil, Expr::value(until.map(Timestamp::as_microsecond)));
        update.filter(Column::Name.eq(ROW)).exec(&self.db).await?;
        Ok(())
    }
}

impl Store {
    async fn control_after(&self, update: UpdateMany<Entity>) -> Result<Control, Error> {
        update.filter(Column::Name.eq(ROW)).exec(&self.db).await?;
        self.control().await
    }
}

const MISSING: Error = Error::Corrupt { what: "schedule" };

fn lifted() -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::StoppedReason, Expr::value(None::<String>))
        .col_expr(Column::StoppedUntil, Expr::value(None::<i64>))
}

/// Locks the schedule: what is planned, handed out or called off comes one after the other. It is locked before anything
/// else.
pub(super) async fn lock(tx: &Transaction) -> Result<Model, Error> {
    Entity::find_by_id(ROW.to_owned()).lock(LockType::Update).one(tx).await?.ok_or(MISSING)
}

/// The longest that ingestion stops until a time: to the end of a month.
const LONGEST_STOP: Duration = Duration::from_hours(31 * 24);

/// Whether ingestion stopped by itself and the end of that has not come.
pub(super) fn has_stopped(row: &Model, now: Timestamp) -> bool {
    let furthest = furthest(now, LONGEST_STOP).as_microsecond();
    let is_to_come = |until| now.as_microsecond() < until && until <= furthest;
    row.stopped_reason.is_some() && row.stopped_until.is_none_or(is_to_come)
}

fn read(row: Model, now: Timestamp) -> Result<Control, Error> {
    let has_stopped = has_stopped(&row, now);
    Ok(Control {
        paused: row.paused,
        stopped_until: instant::read_opt(row.stopped_until.filter(|_| has_stopped))?,
        stopped_reason: row.stopped_reason.filter(|_| has_stopped),
        schedule: row.schedule,
        next_due: instant::read_opt(row.next_due_at)?,
        last_tick: instant::read_opt(row.last_tick)?,
        missed_ticks: number::read(row.missed_ticks)?,
    })
}
