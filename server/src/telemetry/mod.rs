//! Logs, traces, request ids, and the one place where every metric is declared.

mod declared;
mod export;
mod kept;
mod logging;
mod old_text;
mod metrics;
mod panics;
mod plain;
mod process;
mod request_id;
mod spans;
mod totals;

pub use declared::{Kind, METRICS, Metric};
pub use export::{Error as ExportError, Export};
pub use logging::{Error, init_logging, init_logging_to};
pub use metrics::{Metrics, Resources};
pub use process::Process;
pub use request_id::RequestId;
pub use spans::{Asked, RequestSpan, TRACED, TracePlace, logged};
pub use totals::Snapshot;
