//! Client of the X API v2: requests, tolerant parsing, rate-limit headers, problem classification.

mod answer;
mod billing;
mod call;
mod client;
mod credential;
mod endpoint;
mod error;
mod governor;
mod includes;
mod node;
mod observer;
mod page;
mod post;
mod posts_lookup;
mod problem;
mod rate_limit;
mod record;
#[cfg(test)]
pub(crate) mod tests;
mod transport;
mod user;

pub use client::{Client, Settings};
pub use credential::Fingerprint;
pub use endpoint::{Endpoint, TimelineRequest};
pub use error::{Error, Fault};
pub use governor::{Governor, Line, Permit, Standing, Unreachable};
pub use observer::Observer;
pub use page::{Rejected, TimelinePage};
pub use posts_lookup::PostLookup;
pub use problem::{Problem, ProblemKind};
pub use rate_limit::RateLimit;
pub use record::parse_record;
pub use user::{User, UserLookup};
