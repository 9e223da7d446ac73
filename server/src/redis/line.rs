//! One connection that many calls share at the same time, and that comes back by itself.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deadpool_redis::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use deadpool_redis::redis::{Client, ErrorKind, RedisError, ScriptInvocation, ServerErrorKind};
use secrecy::SecretString;

use super::{Error, client};

/// How long one may wait for a new connection. Callers that cannot wait so long give up before.
const CONNECT: Duration = Duration::from_millis(250);
/// How long the connection keeps a place for an answer. Callers that cannot wait so long give up before.
const ANSWER: Duration = Duration::from_secs(1);

/// One connection to one Redis, for calls that are too frequent for a pool, which asks for a sign of life each time.
pub struct Line {
    client: Client,
    current: Mutex<Current>,
}

/// The connection in use. A newer one has a higher number.
struct Current {
    number: u64,
    connection: Option<ConnectionManager>,
}

impl Line {
    /// Makes a line. No connection is made before the first use, so that Amber starts without Redis too.
    ///
    /// # Errors
    /// [`Error::Url`].
    pub fn new(url: &SecretString) -> Result<Self, Error> {
        let client = client(url)?;
        Ok(Self { client, current: Mutex::new(Current { number: 0, connection: None }) })
    }

    /// Calls a script that answers whole numbers, and loads it first where Redis does not have it.
    ///
    /// # Errors
    /// [`Error::Failed`], also when Redis is a replica, is full, still loads, or is part of a cluster that keeps the key
    /// elsewhere; [`Error::Timeout`] after a second.
    pub async fn call(&self, script: &ScriptInvocation<'_>) -> Result<Vec<i64>, Error> {
        let (number, mut connection) = self.connection()?;
        let answer = script.invoke_async(&mut connection).await;
        answer.map_err(|error| {
            if is_lost(&error) {
                self.renew_after(number);
            }
            error.into()
        })
    }

    /// Lets the next call connect anew.
    pub fn renew(&self) {
        let mut current = self.lock();
        *current = Current { number: current.number + 1, connection: None };
    }

    /// The same, unless somebody did already.
    fn renew_after(&self, number: u64) {
        let mut current = self.lock();
        if current.number == number {
            *current = Current { number: number + 1, connection: None };
        }
    }

    fn connection(&self) -> Result<(u64, ConnectionManager), Error> {
        let mut current = self.lock();
        if let Some(connection) = &current.connection {
            return Ok((current.number, connection.clone()));
        }
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER));
        let connection = ConnectionManager::new_lazy_with_config(self.client.clone(), config)?;
        current.connection = Some(connection.clone());
        Ok((current.number, connection))
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the connection leads to the wrong place for good: to a server that became a replica, or that does not accept
/// the password. A connection that broke the manager itself replaces.
fn is_lost(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly) | ErrorKind::AuthenticationFailed)
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("redis::Line")
    }
}
