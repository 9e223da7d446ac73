//! A pool of connections, for what is rare: the replay cache, resets, probes of health.

use std::fmt;
use std::time::Duration;

use deadpool::managed::{Manager, Metrics, Object, PoolConfig, PoolError, RecycleResult, Timeouts};
use deadpool_redis::Runtime;
use deadpool_redis::redis::aio::ConnectionLike;
use deadpool_redis::redis::{self, Cmd, Pipeline, RedisError, RedisFuture, Value};
use tokio::time::timeout;

use super::link::Link;
use super::place::Limits;
use super::{Error, Place, WAIT};

/// The most connections that are open at once.
const MAX_CONNECTIONS: usize = 8;

/// Connections to one Redis. A clone shares them.
#[derive(Clone)]
pub struct Pool(deadpool::managed::Pool<Links>);

/// A connection of a pool. It goes back when it is dropped.
pub struct Connection(Object<Links>);

/// Makes and tests connections. The managers of `deadpool_redis` know neither time limits for clusters nor authorities of
/// one's own.
struct Links(Place);

impl Manager for Links {
    type Type = Link;
    type Error = RedisError;

    async fn create(&self) -> Result<Link, RedisError> {
        self.0.connect(Limits { connect: WAIT, answer: WAIT }).await
    }

    async fn recycle(&self, link: &mut Link, _metrics: &Metrics) -> RecycleResult<RedisError> {
        Ok(self.0.check(link).await?)
    }
}

impl Pool {
    /// Opens a pool. No connection is made before the first use, so that Amber starts without Redis too.
    ///
    /// # Panics
    /// Never: the runtime that the time limits need is given.
    #[must_use]
    pub fn new(place: Place) -> Self {
        let timeouts = Timeouts { wait: Some(WAIT), create: Some(WAIT), recycle: Some(WAIT) };
        let config = PoolConfig { max_size: MAX_CONNECTIONS, timeouts, ..PoolConfig::default() };
        let pool = deadpool::managed::Pool::builder(Links(place)).config(config).runtime(Runtime::Tokio1).build();
        Self(pool.expect("a runtime is given, which is all that building can miss"))
    }

    /// A connection that has just given a sign of life, or is new.
    ///
    /// # Errors
    /// [`Error::Timeout`] or [`Error::Failed`].
    pub async fn get(&self) -> Result<Connection, Error> {
        let connection = self.0.get().await.map_err(|error| match error {
            PoolError::Timeout(_) => Error::Timeout(WAIT),
            PoolError::Backend(error) => Error::from(error),
            PoolError::Closed => Error::Failed("the pool is closed".to_owned()),
            PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => Error::Failed("no connection".to_owned()),
        });
        connection.map(Connection)
    }

    /// Asks Redis for a sign of life; everything together takes at most `limit`.
    ///
    /// # Errors
    /// [`Error::Timeout`] or [`Error::Failed`].
    pub async fn ping(&self, limit: Duration) -> Result<(), Error> {
        let answer = async { Ok(redis::cmd("PING").query_async(&mut self.get().await?).await?) };
        timeout(limit, answer).await.unwrap_or(Err(Error::Timeout(limit)))
    }

    /// Deletes a key; true when there was one. Everything together takes at most `limit`.
    ///
    /// # Errors
    /// [`Error::Timeout`] or [`Error::Failed`].
    pub async fn delete(&self, key: &str, limit: Duration) -> Result<bool, Error> {
        let answer = async {
            let deleted: u64 = redis::cmd("DEL").arg(key).query_async(&mut self.get().await?).await?;
            Ok(deleted > 0)
        };
        timeout(limit, answer).await.unwrap_or(Err(Error::Timeout(limit)))
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        self.0.req_packed_command(command)
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        self.0.req_packed_commands(commands, offset, count)
    }

    fn get_db(&self) -> i64 {
        self.0.get_db()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redis::Pool")
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redis::Connection")
    }
}
