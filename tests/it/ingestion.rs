//! Ingestion: nothing is lost, nothing is doubled, and X is treated as it asks to be.

mod accounts;
mod checkpoint_files;
mod dry_run;
mod gaps;
mod handles;
mod hostile;
mod outages;
mod posts;
mod rechecks;
mod repair;
mod replicas;
mod runs;
mod schedule;
mod twists;
