//! Plan, fetch, validate, score, persist with the checkpoint; scheduler and runs.
//!
//! [`Ingestion`] takes requests and tells how they fare; the [`Worker`] works off their tasks, beside those of other
//! replicas; the [`Scheduler`] opens a run whenever its time has come. What they know of each other across processes is
//! in the store, so that any replica can go on where another one stopped. Beside them the [`Recheck`] looks stored posts
//! up again.

mod access;
mod deps;
mod error;
mod governor;
mod keeper;
mod lookup;
mod observer;
mod quarantine;
mod recheck;
mod schedule;
mod scheduler;
mod score;
mod service;
mod setbacks;
mod shared;
mod status;
mod task;
mod walk;
mod watch;
mod worker;

pub use deps::Deps;
pub use error::Error;
pub use governor::SharedGovernor;
pub use observer::XObserver;
pub use quarantine::{Fate, QuarantineDeps, ReplayReport, Verdict, replay};
pub use recheck::Recheck;
pub use schedule::{CronError, Schedule};
pub use scheduler::Scheduler;
pub use service::Ingestion;
pub use status::{Job, LeaderProgress, Status};
pub use worker::Worker;

pub use crate::store::RunRequest;
