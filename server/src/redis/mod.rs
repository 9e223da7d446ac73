//! Connections to Redis, with a time limit on every wait: a pool for what is rare, and one line for what is frequent.

mod link;
mod place;
mod line;
mod pool;

pub use line::Line;
pub use place::Place;
pub use pool::{Connection, Pool};

use std::time::Duration;

use deadpool_redis::redis;
use thiserror::Error;

/// How long one may wait for a free connection, for a new one, and for the test of a used one.
const WAIT: Duration = Duration::from_secs(1);

/// Why Redis could not be used. No variant holds the URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The URL is not one of a Redis.
    #[error("the URL of Redis cannot be understood: write redis://[user:password@]host[:port][/number]")]
    Url,
    /// The certificates of authorities are none.
    #[error("the certificates that vouch for Redis cannot be understood: write them as PEM")]
    Authorities,
    /// Nothing answered in time.
    #[error("Redis did not answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// Redis refused, or the connection broke; the text is the code of the failure.
    #[error("Redis failed: {0}")]
    Failed(String),
}

impl From<redis::RedisError> for Error {
    /// Keeps the kind and the code; the detail may quote what was sent.
    fn from(error: redis::RedisError) -> Self {
        if error.is_timeout() {
            return Self::Timeout(WAIT);
        }
        let kind = error.category();
        Self::Failed(error.code().map_or_else(|| kind.to_owned(), |code| format!("{kind} ({code})")))
    }
}

#[cfg(test)]
mod tests;
