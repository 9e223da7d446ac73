//! Probes with a time limit each, folded into one report.

mod background;
mod report;

pub use background::{TaskCheck, Tasks};
pub use report::{Check, Health, IngestTotals, IngestionCheck, Report};
