//! Logs, request ids, and the one place where every metric is declared.

mod declared;
mod kept;
mod logging;
mod old_text;
mod metrics;
mod request_id;
mod totals;

pub use declared::{Kind, METRICS, Metric};
pub use logging::{Error, init_logging, init_logging_to};
pub use metrics::Metrics;
pub use request_id::RequestId;
pub use totals::Snapshot;
