//! What the database says happened, read past the program.

use std::collections::BTreeMap;
use std::fmt;

use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, FromQueryResult, Statement};
use serde_json::Value;

/// The tables that the verdict is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) posts: Vec<Post>,
    pub(crate) streams: Vec<Stream>,
    /// In the order of streams and versions.
    pub(crate) commits: Vec<Commit>,
    pub(crate) runs: Vec<Run>,
    /// Leaders that are still to be read for some run.
    pub(crate) tasks: usize,
    /// By leader and day.
    pub(crate) counts: BTreeMap<(Uuid, i64), i64>,
    /// Requests that X refused because there were too many.
    pub(crate) refusals: u64,
}

/// A stored post.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Post {
    pub(crate) root_id: String,
    pub(crate) external_id: String,
    pub(crate) leader_id: Uuid,
    /// Microseconds since 1970.
    pub(crate) posted_at: i64,
}

/// How far a timeline is read.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Stream {
    pub(crate) id: Uuid,
    pub(crate) cursor: Value,
    pub(crate) cursor_version: i64,
}

/// An entry of the ledger.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Commit {
    pub(crate) stream_id: Uuid,
    pub(crate) cursor_version: i64,
    pub(crate) lease_epoch: i64,
    pub(crate) run_id: Option<Uuid>,
    pub(crate) cursor: Value,
    #[sea_orm(nested)]
    pub(crate) counters: Counters,
}

/// A run.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Run {
    pub(crate) id: Uuid,
    pub(crate) trigger: String,
    /// The due time that made it, in microseconds since 1970; None when somebody asked for it.
    pub(crate) tick: Option<i64>,
    pub(crate) status: String,
    pub(crate) ended_at: Option<i64>,
    pub(crate) pages: i64,
    #[sea_orm(nested)]
    pub(crate) counters: Counters,
}

/// Records by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub(crate) struct Counters {
    pub(crate) fetched: i64,
    pub(crate) inserted: i64,
    pub(crate) updated: i64,
    pub(crate) unchanged: i64,
    pub(crate) quarantined: i64,
    pub(crate) duplicates: i64,
}

#[derive(FromQueryResult)]
struct Task {
    #[expect(dead_code, reason = "only their number matters")]
    leader_id: Uuid,
}

#[derive(FromQueryResult)]
struct Counted {
    leader_id: Uuid,
    day: i64,
    n: i64,
}

impl History {
    /// Reads all of it; nobody may write meanwhile.
    pub(crate) async fn read(url: &str, refusals: u64) -> Self {
        let database = Database::connect(url).await.expect("the database is there");
        let tasks: Vec<Task> = all(&database, "SELECT leader_id FROM ingest_tasks").await;
        let days: Vec<Counted> = all(&database, "SELECT leader_id, day, n FROM post_counts").await;
        Self {
            posts: all(&database, "SELECT * FROM posts").await,
            streams: all(&database, "SELECT * FROM ingest_streams").await,
            commits: all(&database, "SELECT * FROM ingest_commits ORDER BY stream_id, cursor_version").await,
            runs: all(&database, "SELECT * FROM ingest_runs ORDER BY id").await,
            tasks: tasks.len(),
            counts: days.into_iter().map(|day| ((day.leader_id, day.day), day.n)).collect(),
            refusals,
        }
    }
}

async fn all<T: FromQueryResult>(database: &DatabaseConnection, sql: &str) -> Vec<T> {
    let rows = database.query_all_raw(Statement::from_string(database.get_database_backend(), sql)).await;
    let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.iter().map(|row| T::from_query_result(row, "").unwrap_or_else(|error| panic!("{sql}: {error}"))).collect()
}

impl Counters {
    pub(crate) fn add(&mut self, other: Self) {
        self.fetched += other.fetched;
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.quarantined += other.quarantined;
        self.duplicates += other.duplicates;
    }
}

impl History {
    /// How often a stream was read on for a run under another lease than before.
    fn handovers(&self) -> usize {
        let goes_on = |pair: &&[Commit]| {
            let key = |commit: &Commit| (commit.stream_id, commit.run_id);
            key(&pair[0]) == key(&pair[1]) && pair[0].lease_epoch < pair[1].lease_epoch
        };
        self.commits.windows(2).filter(goes_on).count()
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ended = |status: &str| self.runs.iter().filter(|run| run.status == status).count();
        write!(
            f,
            "{} posts stored in {} pages of {} runs, {} of them by the schedule and {} not whole; \
             {} handovers, {} refusals",
            self.posts.len(),
            self.commits.len(),
            self.runs.len(),
            self.runs.iter().filter(|run| run.tick.is_some()).count(),
            self.runs.len() - ended("succeeded"),
            self.handovers(),
            self.refusals,
        )
    }
}
