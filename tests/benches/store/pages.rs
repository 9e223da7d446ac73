//! Pages through `Store::commit_page` against COPY of the very same rows into the same tables of another database, and against
//! their bare INSERT into those of a third one.

use std::time::{Duration, Instant};

use amber_server::domain::{Checkpoint, Entropy, LeaderId, OsEntropy, Platform, RunTrigger};
use amber_server::store::{
    Claim, Ingest, PageCommit, RunRequest, Runs, Store, Stream, StreamKind, Want, Work, WorkerId,
};
use amber_tests::Postgres;
use futures::TryStreamExt;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row as _, query};
use sea_orm::{ConnectionTrait, Database, Statement};

use crate::made_up::{leader, number, post};
use crate::{Row, fresh};

/// Rows of a page, as X gives them, and how many pages are measured.
const PAGE: (i64, i64) = (100, 300);
/// The same for an import.
const CHUNK: (i64, i64) = (2_000, 15);

/// The rows of a page in the tables that both sides fill; `$` stands for the condition on the post.
const TABLES: [(&str, &str); 4] = [
    ("posts", "SELECT p.* FROM posts p WHERE $"),
    ("post_metrics", "SELECT m.* FROM post_metrics m JOIN posts p ON p.id = m.post_id WHERE $"),
    ("post_hashtags", "SELECT h.* FROM post_hashtags h JOIN posts p ON p.id = h.post_id WHERE $"),
    ("post_arrivals", "SELECT a.* FROM post_arrivals a JOIN posts p ON p.id = a.post_id WHERE $"),
];

/// Every row of the tables that an unchanged page must not touch, with its place and the transaction that wrote it.
const PLACES: &str = "SELECT md5(string_agg(place, ' ' ORDER BY place)) FROM (
    SELECT 'p' || ctid || xmin AS place FROM posts UNION ALL SELECT 'm' || ctid || xmin FROM post_metrics
    UNION ALL SELECT 'c' || ctid || xmin FROM post_counts UNION ALL SELECT 'h' || ctid || xmin FROM post_hashtags) t";

struct Bench {
    store: Store,
    claim: Claim,
    stream: Stream,
    url: String,
    /// Reads rows as COPY wants them.
    source: PgConnection,
    /// Where COPY writes.
    target: PgConnection,
    /// Where the bare INSERT writes.
    plain: PgConnection,
    /// The bare INSERT of each table.
    inserts: Vec<Insert>,
    /// The number of the next post.
    next: i64,
    /// The last page was all new, from which a walk concludes that the next one is.
    is_new_ground: bool,
}

pub(crate) async fn measure(postgres: &Postgres) -> Vec<Row> {
    let mut bench = Bench::new(postgres).await;
    for _ in 0..10 {
        bench.turn(PAGE.0).await;
    }
    let pages = bench.turns(PAGE).await;
    let (again, is_untouched) = bench.again(PAGE).await;
    let chunks = bench.turns(CHUNK).await;
    let gain = again_ratio(&pages, again);
    vec![
        ratio("page of 100 posts, rate of COPY", &pages, "0.85 (gate 0.5)", 0.5),
        ratio("chunk of 2,000 posts, rate of COPY", &chunks, "0.75", 0.0),
        Row {
            what: "the same 100 posts again".into(),
            measured: format!("{gain:.2} times the rate, {}", if is_untouched { "0 tuples" } else { "TUPLES WRITTEN" }),
            goal: "0 tuples",
            is_met: is_untouched,
        },
    ]
}

/// The medians of all sides.
struct Medians {
    store: Duration,
    copy: Duration,
    plain: Duration,
    rows: i64,
}

fn ratio(what: &str, medians: &Medians, goal: &'static str, gate: f64) -> Row {
    let [store, copy, plain] = [medians.store, medians.copy, medians.plain].map(|time| time.as_secs_f64() * 1e3);
    let (ratio, most) = (copy / store, copy / plain);
    let measured = format!(
        "{ratio:.2}, a bare INSERT {most:.2} ({store:.2} and {plain:.2} ms to {copy:.2} ms for {} rows)",
        medians.rows
    );
    Row { what: what.to_owned(), measured, goal, is_met: ratio >= gate }
}

fn again_ratio(first: &Medians, again: Duration) -> f64 {
    first.store.as_secs_f64() / again.as_secs_f64()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The right to read a leader, for longer than the measurement takes.
async fn claim(store: &Store, leader: LeaderId) -> Claim {
    let request = RunRequest { trigger: RunTrigger::Refresh, backfill: false, dry_run: false, leaders: vec![leader] };
    store.open_run(&request).await.unwrap();
    let worker = WorkerId((&OsEntropy as &dyn Entropy).uuid_v4());
    let want = Want { tasks: 1, everywhere: 1, ttl: Duration::from_hours(1) };
    store.claim(worker, want).await.unwrap().remove(0)
}

impl Bench {
    async fn new(postgres: &Postgres) -> Self {
        let (store, url) = fresh(postgres).await;
        let leader = leader(&store, "amber").await;
        let claim = claim(&store, leader.id).await;
        let stream = store.stream(&claim.lease, Platform::X, StreamKind::Posts).await.unwrap();
        let mut source = PgConnection::connect(&url).await.unwrap();
        let leaders = rows(&mut source, "SELECT * FROM leaders").await;
        let [target, plain] = [other(postgres, &leaders).await, other(postgres, &leaders).await];
        let mut inserts = Vec::new();
        for (table, query) in TABLES {
            inserts.push(Insert::of(&mut source, table, query).await);
        }
        Self { store, claim, stream, url, source, target, plain, inserts, next: 0, is_new_ground: true }
    }

    async fn turns(&mut self, (rows, count): (i64, i64)) -> Medians {
        let (mut store, mut copy, mut plain) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..count {
            let [by_store, by_copy, by_insert] = self.turn(rows).await;
            store.push(by_store);
            copy.push(by_copy);
            plain.push(by_insert);
        }
        Medians { store: median(store), copy: median(copy), plain: median(plain), rows }
    }

    /// Stores new posts on one side, copies the same rows on another, and inserts them on the third.
    async fn turn(&mut self, count: i64) -> [Duration; 3] {
        let first = self.next;
        self.next += count;
        let by_store = self.commit(first, count).await;

        let condition = format!(
            "p.posted_at >= {} AND p.posted_at < {}",
            amber_server::domain::snowflake_time(number(first)).as_microsecond(),
            amber_server::domain::snowflake_time(number(self.next)).as_microsecond()
        );
        let mut same = Vec::new();
        for (table, query) in TABLES {
            same.push((table, rows(&mut self.source, &query.replace('$', &condition)).await));
        }
        let started = Instant::now();
        let mut tx = self.target.begin().await.unwrap();
        for (table, rows) in &same {
            write(&mut tx, table, rows).await;
        }
        tx.commit().await.unwrap();
        let by_copy = started.elapsed();
        [by_store, by_copy, self.insert(&condition).await]
    }

    /// Inserts the same rows once more, one statement for each table, from values that are made already.
    async fn insert(&mut self, condition: &str) -> Duration {
        let mut made = Vec::new();
        for Insert { read, write } in &self.inserts {
            let row = self.source.fetch_one(AssertSqlSafe(read.replace('$', condition))).await.unwrap();
            let arrays: Vec<String> = (0..row.len()).map(|place| row.get(place)).collect();
            made.push((AssertSqlSafe(write.clone()), arrays));
        }
        let started = Instant::now();
        let mut tx = self.plain.begin().await.unwrap();
        for (insert, arrays) in made {
            let insert = arrays.into_iter().fold(query(insert), Query::bind);
            insert.execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        started.elapsed()
    }

    async fn commit(&mut self, first: i64, count: i64) -> Duration {
        let posts: Vec<_> = (first..first + count).map(post).collect();
        let checkpoint = Checkpoint { top: Some(number(first + count).0), ..Checkpoint::default() };
        let fetched = u64::try_from(count).unwrap();
        let (stream, version) = (self.stream.id, self.stream.version);
        let (run, lease) = (self.claim.run, self.claim.lease);
        let page = PageCommit {
            run,
            lease,
            stream,
            platform: Platform::X,
            version,
            checkpoint,
            posts,
            rejected: Vec::new(),
            fetched,
            is_likely_new: self.is_new_ground,
        };
        let started = Instant::now();
        let committed = self.store.commit_page(page).await.unwrap();
        let took = started.elapsed();
        self.stream.version = committed.version;
        self.is_new_ground = committed.counters.inserted == committed.counters.fetched;
        took
    }

    /// Stores pages that are stored already, and tells whether every row stayed where it was.
    async fn again(&mut self, (rows, count): (i64, i64)) -> (Duration, bool) {
        let before = self.places().await;
        let mut times = Vec::new();
        for page in 0..count {
            times.push(self.commit(page * rows, rows).await);
        }
        (median(times), self.places().await == before)
    }

    async fn places(&self) -> String {
        let database = Database::connect(&self.url).await.unwrap();
        let statement = Statement::from_string(database.get_database_backend(), PLACES);
        database.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }
}

/// The INSERT of rows of one table, from one array for each column.
struct Insert {
    /// Answers the arrays; `$` stands for the condition on the post.
    read: String,
    write: String,
}

impl Insert {
    async fn of(source: &mut PgConnection, table: &str, rows: &str) -> Self {
        let select = "SELECT column_name::text, udt_name::text FROM information_schema.columns \
                      WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position";
        let columns = source.fetch_all(query(select).bind(table)).await.unwrap();
        let columns: Vec<(String, String)> = columns.iter().map(|row| (row.get(0), row.get(1))).collect();
        let names: Vec<_> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let arrays: Vec<_> = names.iter().map(|name| format!("CAST(array_agg({name}) AS text)")).collect();
        let values = (1..).zip(&columns).map(|(place, (_, kind))| format!("unnest(CAST(${place} AS {kind}[]))"));
        let values: Vec<_> = values.collect();
        Self {
            read: format!("SELECT {} FROM ({rows}) AS same", arrays.join(", ")),
            write: format!("INSERT INTO {table} ({}) SELECT {}", names.join(", "), values.join(", ")),
        }
    }
}

/// A connection to a new database with the same leaders.
async fn other(postgres: &Postgres, leaders: &[u8]) -> PgConnection {
    let (_, url) = fresh(postgres).await;
    let mut other = PgConnection::connect(&url).await.unwrap();
    write(&mut other, "leaders", leaders).await;
    other
}

/// The rows of a query in the text form of COPY.
async fn rows(source: &mut PgConnection, query: &str) -> Vec<u8> {
    let chunks = source.copy_out_raw(&format!("COPY ({query}) TO STDOUT")).await.unwrap();
    chunks
        .try_fold(Vec::new(), async |mut all, chunk| {
            all.extend_from_slice(&chunk);
            Ok(all)
        })
        .await
        .unwrap()
}

async fn write(target: &mut PgConnection, table: &str, rows: &[u8]) {
    let mut copy = target.copy_in_raw(&format!("COPY {table} FROM STDIN")).await.unwrap();
    copy.send(rows).await.unwrap();
    copy.finish().await.unwrap();
}
