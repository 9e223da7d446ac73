//! Plan, fetch, validate, score, persist with the checkpoint; scheduler and runs.
//!
//! [`Ingestion`] takes requests and tells how they fare; the [`Worker`] executes them one after the other; the
//! [`Scheduler`] asks for a run whenever its time has come.

mod access;
mod deps;
mod error;
mod execute;
mod governor;
mod lookup;
mod observer;
mod schedule;
mod scheduler;
mod service;
mod status;
mod walk;
mod worker;

pub use deps::Deps;
pub use error::Error;
pub use governor::SharedGovernor;
pub use observer::XObserver;
pub use schedule::{CronError, Schedule};
pub use scheduler::Scheduler;
pub use service::{Ingestion, RunRequest, Ticket};
pub use status::{Job, LeaderProgress, Status};
pub use worker::Worker;
