//! Hears what the client does, so that it can be counted and logged.

use std::fmt::Debug;
use std::time::Duration;

use jiff::Timestamp;

use super::{Endpoint, Fault, RateLimit};
use crate::domain::Reads;
use crate::resilience::Retry;

/// Hears what the client does. Every method does nothing unless it is overridden; none may block.
#[expect(unused_variables, reason = "the defaults ignore what they hear")]
pub trait Observer: Send + Sync + Debug {
    /// X answered, in `duration` from the request to the end of the body.
    fn on_response(&self, endpoint: Endpoint, status: u16, duration: Duration) {}

    /// An attempt failed and is about to be made again.
    fn on_retry(&self, endpoint: Endpoint, fault: &Fault, retry: Retry) {}

    /// X refused a call with 429; the endpoint rests until then.
    fn on_rate_limited(&self, endpoint: Endpoint, until: Timestamp) {}

    /// An answer told how much of the limit is left.
    fn on_rate_limit(&self, endpoint: Endpoint, limit: RateLimit) {}

    /// An answer returned what X bills.
    fn on_reads(&self, endpoint: Endpoint, reads: Reads) {}

    /// A field that was asked for is missing in `count` posts of a page.
    fn on_missing_field(&self, field: &'static str, count: u64) {}
}

impl Observer for () {}
