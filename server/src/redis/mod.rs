//! Connections to Redis, with a time limit on every wait: a pool for what is rare, and one line for what is frequent.

mod line;

pub use line::Line;

use std::time::Duration;

use deadpool_redis::redis::io::tcp::TcpSettings;
use deadpool_redis::redis::{self, AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo};
use deadpool_redis::{Connection, Manager, PoolConfig, PoolError, Runtime, Timeouts};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio::time::timeout;

/// The most connections that are open at once.
const MAX_CONNECTIONS: usize = 8;

/// How long one may wait for a free connection, for a new one, and for the test of a used one.
const WAIT: Duration = Duration::from_secs(1);

/// Connections to one Redis. A clone shares them.
#[derive(Clone)]
pub struct Pool(deadpool_redis::Pool);

/// Why Redis could not be used. No variant holds the URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The URL is not one of a Redis.
    #[error("the URL of Redis cannot be understood: write redis://[user:password@]host[:port][/number]")]
    Url,
    /// Nothing answered in time.
    #[error("Redis did not answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// Redis refused, or the connection broke; the text is the code of the failure.
    #[error("Redis failed: {0}")]
    Failed(String),
}

impl Pool {
    /// Opens a pool. No connection is made before the first use, so that Amber starts without Redis too.
    ///
    /// # Errors
    /// [`Error::Url`].
    ///
    /// # Panics
    /// Never: the runtime that the time limits need is given.
    pub fn new(url: &SecretString) -> Result<Self, Error> {
        let client = client(url)?;
        let limits = AsyncConnectionConfig::new().set_connection_timeout(Some(WAIT)).set_response_timeout(Some(WAIT));
        let info = client.get_connection_info().clone();
        let manager = Manager::new_with_config(info, limits).map_err(|_| Error::Url)?;
        let timeouts = Timeouts { wait: Some(WAIT), create: Some(WAIT), recycle: Some(WAIT) };
        let config = PoolConfig { max_size: MAX_CONNECTIONS, timeouts, ..PoolConfig::default() };
        let pool = deadpool_redis::Pool::builder(manager).config(config).runtime(Runtime::Tokio1).build();
        Ok(Self(pool.expect("a runtime is given, which is all that building can miss")))
    }

    /// A connection that has just answered a ping, or is new.
    ///
    /// # Errors
    /// [`Error::Timeout`] or [`Error::Failed`].
    pub async fn get(&self) -> Result<Connection, Error> {
        self.0.get().await.map_err(|error| match error {
            PoolError::Timeout(_) => Error::Timeout(WAIT),
            PoolError::Backend(error) => Error::from(error),
            PoolError::Closed => Error::Failed("the pool is closed".to_owned()),
            PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => Error::Failed("no connection".to_owned()),
        })
    }

    /// Asks Redis for a sign of life; everything together takes at most `limit`.
    ///
    /// # Errors
    /// [`Error::Timeout`] or [`Error::Failed`].
    pub async fn ping(&self, limit: Duration) -> Result<(), Error> {
        let answer = async {
            let mut connection = self.get().await?;
            redis::cmd("PING").query_async::<String>(&mut connection).await?;
            Ok(())
        };
        timeout(limit, answer).await.unwrap_or(Err(Error::Timeout(limit)))
    }

    /// Deletes a key; true when there was one. Everything together takes at most `limit`.
    ///
    /// # Errors
    /// [`Error::Timeout`] or [`Error::Failed`].
    pub async fn delete(&self, key: &str, limit: Duration) -> Result<bool, Error> {
        let answer = async {
            let mut connection = self.get().await?;
            let deleted: u64 = redis::cmd("DEL").arg(key).query_async(&mut connection).await?;
            Ok(deleted > 0)
        };
        timeout(limit, answer).await.unwrap_or(Err(Error::Timeout(limit)))
    }
}

/// What connects to the Redis of this URL. Commands leave at once: the library lets them wait for the acknowledgement of
/// the ones before, which costs 40 ms now and then.
fn client(url: &SecretString) -> Result<Client, Error> {
    let info: ConnectionInfo = url.expose_secret().into_connection_info().map_err(|_| Error::Url)?;
    Client::open(info.set_tcp_settings(TcpSettings::default().set_nodelay(true))).map_err(|_| Error::Url)
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("redis::Pool")
    }
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
