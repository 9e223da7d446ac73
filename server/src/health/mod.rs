//! Probes with a time limit each, folded into one report.

mod report;

pub use report::{Check, Health, IngestTotals, IngestionCheck, Report};
