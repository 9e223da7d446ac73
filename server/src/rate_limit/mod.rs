//! Token buckets that bound what each caller may ask.
//!
//! The law is the token bucket, computed as GCRA (ITU-T I.371, the generic cell rate algorithm): a bucket of `burst`
//! permits refills evenly, and each call takes one.

mod identity;
mod local;
mod policy;

pub use identity::Identity;
pub use local::LocalLimiter;
pub use policy::{EMBED_ISSUE, Policies, Policy, PolicyName};

use std::time::Duration;

/// What the limiter says of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The call may go on.
    pub allowed: bool,
    /// The size of the bucket.
    pub limit: u32,
    /// Permits left after this call.
    pub remaining: u32,
    /// The time until the bucket is full again.
    pub reset_after: Duration,
    /// The time until the next permit; zero when the call is allowed.
    pub retry_after: Duration,
}
