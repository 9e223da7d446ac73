//! One connection that many calls share at the same time, and that comes back by itself.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deadpool_redis::redis::{ErrorKind, RedisError, ScriptInvocation, ServerErrorKind};
use tokio::sync::OnceCell;

use super::link::Link;
use super::place::Limits;
use super::{Error, Place};

/// How long a connection keeps a place for an answer. Callers that cannot wait so long give up before.
const ANSWER: Duration = Duration::from_secs(1);

/// One connection to one Redis, for calls that are too frequent for a pool, which asks for a sign of life each time.
pub struct Line {
    place: Place,
    limits: Limits,
    current: Mutex<Current>,
}

/// The connection in use, once there is one. A newer one has a higher number.
#[derive(Default)]
struct Current {
    number: u64,
    link: Arc<OnceCell<Link>>,
}

impl Line {
    /// Makes a line on which a new connection may take as long as `connect`. None is made before the first use, so that
    /// Amber starts without Redis too.
    #[must_use]
    pub fn new(place: Place, connect: Duration) -> Self {
        Self { place, limits: Limits { connect, answer: ANSWER }, current: Mutex::default() }
    }

    /// Whether each call must name keys of one slot only.
    #[must_use]
    pub fn is_cluster(&self) -> bool {
        self.place.is_cluster()
    }

    /// Calls a script that answers whole numbers, and loads it first where Redis does not have it.
    ///
    /// # Errors
    /// [`Error::Failed`], also when Redis is a replica, is full, still loads, or is part of a cluster that keeps the key
    /// elsewhere; [`Error::Timeout`] after a second.
    pub async fn call(&self, script: &ScriptInvocation<'_>) -> Result<Vec<i64>, Error> {
        let (number, mut link) = self.link().await?;
        let answer = script.invoke_async(&mut link).await;
        answer.map_err(|error| {
            if is_lost(&link, &error) {
                self.renew_after(number);
            }
            error.into()
        })
    }

    /// Lets the next call connect anew.
    pub fn renew(&self) {
        let mut current = self.lock();
        *current = Current { number: current.number + 1, link: Arc::default() };
    }

    /// The same, unless somebody did already.
    fn renew_after(&self, number: u64) {
        let mut current = self.lock();
        if current.number == number {
            *current = Current { number: number + 1, link: Arc::default() };
        }
    }

    /// The connection. Of many callers that find none, one connects; when it gives up, the next one does.
    async fn link(&self) -> Result<(u64, Link), Error> {
        let (number, link) = {
            let current = self.lock();
            (current.number, Arc::clone(&current.link))
        };
        let link = link.get_or_try_init(|| self.place.connect_to_stay(self.limits)).await?;
        Ok((number, link.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the connection leads to the wrong place for good: to a server that became a replica, or that does not accept
/// the password. One that broke is replaced by itself, unless it was made to hold once.
fn is_lost(link: &Link, error: &RedisError) -> bool {
    let is_elsewhere =
        matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly) | ErrorKind::AuthenticationFailed);
    match link {
        Link::Once(_) => is_elsewhere || error.is_unrecoverable_error(),
        Link::Again(_) => is_elsewhere,
        Link::Cluster(_) => error.kind() == ErrorKind::AuthenticationFailed,
    }
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("redis::Line")
    }
}
