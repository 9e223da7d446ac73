//! Token buckets that bound what each caller may ask.
//!
//! The law is the token bucket, computed as GCRA (ITU-T I.371, the generic cell rate algorithm): a bucket of `burst`
//! permits refills evenly, and each call takes one or several. [`SharedLimiter`] keeps the buckets in Redis, for all
//! replicas; [`LocalLimiter`] keeps them in this process; [`FailOpen`] asks the first and falls back on the second.

mod identity;
mod policy;
mod limiter;
mod law;
mod local;
mod script;
mod transport;
mod shared;
mod breaker;
mod deny_cache;
mod fail_open;
mod limits;
mod proxies;

pub use fail_open::{FailOpen, Ruling, Source, Worker};
pub use identity::{Identity, Name, UnknownIdentity};
pub use limiter::{Decision, Error, Limiter};
pub use limits::{Limits, Reset, Standing};
pub use local::LocalLimiter;
pub use policy::{EMBED_ISSUE, Policies, Policy};
pub use proxies::TrustedProxies;
pub use shared::{Settings, SharedLimiter};
pub use transport::Transport;
