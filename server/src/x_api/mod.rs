//! Client of the X API v2: requests, tolerant parsing, rate-limit headers, problem classification.

mod answer;
mod client;
mod endpoint;
mod error;
mod includes;
mod node;
mod observer;
mod page;
mod parking;
mod post;
mod problem;
mod rate_limit;
mod record;
#[cfg(test)]
mod tests;
mod transport;
mod user;

pub use client::{Client, Settings};
pub use endpoint::{Endpoint, TimelineRequest};
pub use error::{Error, Fault};
pub use observer::Observer;
pub use page::{Rejected, TimelinePage};
pub use problem::{Problem, ProblemKind};
pub use rate_limit::RateLimit;
pub use record::parse_record;
pub use user::{User, UserLookup};
