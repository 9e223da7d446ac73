//! Statements that end within a bound, whatever becomes of the network.
//!
//! PostgreSQL ends a statement that takes too long, but a network that loses every packet loses that answer as well, and the
//! driver waits for it until the system gives the connection up, for about a quarter of an hour. So each statement is given up
//! here. The connections of a pool that lead nowhere are found out when they are taken and when they are given back.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::TryFutureExt;
use sea_orm::sqlx::postgres::{PgConnection, PgPoolOptions};
use sea_orm::sqlx::{self, Connection};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement, TransactionOptions, TransactionTrait,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How long the sign of life of a connection may take.
const PING: Duration = Duration::from_secs(2);

/// A database. Clones share its connections.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    inner: DatabaseConnection,
    limits: Option<Limits>,
    turns: Option<Turns>,
}

/// Whose turn it is to write to an SQLite file. SQLite itself lets who waits try again now and then, so that one of many may try in
/// vain until its time is over.
#[derive(Debug, Clone)]
struct Turns {
    turn: Arc<Semaphore>,
    patience: Duration,
}

/// How long the caller waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// For a connection.
    pub(super) acquire: Duration,
    /// For the answer to a statement.
    pub(super) statement: Duration,
}

/// A transaction. When it is dropped, all of it is undone.
pub(super) struct Transaction {
    inner: DatabaseTransaction,
    limit: Option<Duration>,
    _turn: Option<OwnedSemaphorePermit>,
}

impl Pool {
    /// Statements over `inner` end within `limits`; None: they take as long as they take.
    pub(super) fn new(inner: DatabaseConnection, limits: Option<Limits>) -> Self {
        Self { inner, limits, turns: None }
    }

    /// Lets one transaction begin after the other, each of which waits for its turn for so long.
    pub(super) fn in_turns(self, patience: Duration) -> Self {
        Self { turns: Some(Turns { turn: Arc::new(Semaphore::new(1)), patience }), ..self }
    }

    /// The database without a bound.
    pub(super) fn inner(&self) -> &DatabaseConnection {
        &self.inner
    }

    pub(super) async fn ping(&self) -> Result<(), DbErr> {
        within(self.limit(), self.inner.ping()).await
    }

    pub(super) async fn begin(&self, options: TransactionOptions) -> Result<Transaction, DbErr> {
        let turn = match &self.turns {
            Some(turns) => Some(turns.next().await?),
            None => None,
        };
        let inner = within(self.limit(), self.inner.begin_with_options(options)).await?;
        Ok(Transaction { inner, limit: self.limits.map(|limits| limits.statement), _turn: turn })
    }

    /// For a statement that waits for its connection first.
    fn limit(&self) -> Option<Duration> {
        self.limits.map(|limits| limits.acquire + limits.statement)
    }
}

impl Turns {
    async fn next(&self) -> Result<OwnedSemaphorePermit, DbErr> {
        let turn = Arc::clone(&self.turn).acquire_owned();
        within(Some(self.patience), turn.map_err(|closed| DbErr::Conn(RuntimeErr::Internal(closed.to_string())))).await
    }
}

impl Transaction {
    pub(super) async fn commit(self) -> Result<(), DbErr> {
        within(self.limit, self.inner.commit()).await
    }

    pub(super) async fn rollback(self) -> Result<(), DbErr> {
        within(self.limit, self.inner.rollback()).await
    }
}

async fn within<T>(limit: Option<Duration>, work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    let Some(limit) = limit else { return work.await };
    let too_late = |_| DbErr::Conn(RuntimeErr::Internal(format!("no answer within {limit:?}")));
    timeout(limit, work).await.unwrap_or_else(|late| Err(too_late(late)))
}

#[async_trait]
impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        within(self.limit(), self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        within(self.limit(), self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        within(self.limit(), self.inner.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        within(self.limit(), self.inner.query_all_raw(statement)).await
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        within(self.limit, self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        within(self.limit, self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        within(self.limit, self.inner.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        within(self.limit, self.inner.query_all_raw(statement)).await
    }
}

/// Has the pool drop connections that lead nowhere: the driver would wait for the sign of life of one that is given back as long as
/// the system does, and keep its place for it. However recently a connection answered, it is asked again: else a call that comes just
/// after the database froze would wait as long as a statement may take.
pub(super) fn drop_dead(pool: PgPoolOptions) -> PgPoolOptions {
    let taken = pool.before_acquire(|connection, _| Box::pin(ping(connection)));
    taken.after_release(|connection, _| Box::pin(ping(connection)))
}

async fn ping(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    timeout(PING, connection.ping()).await.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map(|()| true)
}
