//! A connection that commands go through, to whichever kind of Redis.

use deadpool_redis::redis::aio::{ConnectionLike, ConnectionManager, MultiplexedConnection};
use deadpool_redis::redis::cluster_async::ClusterConnection;
use deadpool_redis::redis::{Cmd, Pipeline, RedisFuture, Value};

/// A connection. A clone shares it.
#[derive(Clone)]
pub(super) enum Link {
    /// To one server, as long as it holds.
    Once(MultiplexedConnection),
    /// To one server, again and again.
    Again(ConnectionManager),
    /// To the nodes of a cluster, whichever they are at the moment.
    Cluster(ClusterConnection),
}

impl Link {
    fn inner(&mut self) -> &mut dyn Connection {
        match self {
            Self::Once(connection) => connection,
            Self::Again(connection) => connection,
            Self::Cluster(connection) => connection,
        }
    }
}

/// What a connection can do, whichever it is.
trait Connection: ConnectionLike + Send {}

impl<C: ConnectionLike + Send> Connection for C {}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        self.inner().req_packed_command(command)
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        self.inner().req_packed_commands(commands, offset, count)
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Once(connection) => connection.get_db(),
            Self::Again(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}
