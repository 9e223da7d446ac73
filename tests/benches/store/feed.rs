//! Pages of the feed: the buffers that PostgreSQL touches at the top and deep down, for every kind of filter.

use std::time::Instant;

use amber_server::domain::{FeedCursor, FeedFilter, LeaderId, Platform, PostId};
use amber_server::store::{Posts, Store};
use amber_tests::Postgres;
use jiff::Timestamp;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};

use crate::made_up::leader;
use crate::{Row, fresh};

const POSTS: i64 = 100_000;
/// How far down the deep pages are.
const DEPTH: i64 = 95_000;
/// Leaders that share the posts, and leaders without any.
const LEADERS: (usize, usize) = (40, 50);
const PAGE_SIZE: u32 = 50;
/// A deep page may touch so many times the buffers of the first one.
const MOST: f64 = 1.3;
/// Buffers of a page of silent leaders.
const MOST_OF_THE_SILENT: u32 = 700;

/// Posts whose leaders take turns; `$` stands for their ids.
const FILL: &str =
    "INSERT INTO posts SELECT gen_random_uuid(), 'x', n::text, n::text, n, ($)[1 + n % 40], 'h', 'H', NULL,
    repeat(md5(n::text), 6), '[]', '[]', 1700000000000000 + n * 1000000::bigint, 'en', 'neutral', 0.0, 'bench/1', NULL,
    sha256(n::text::bytea), 1, 'https://x.com/h/status/' || n, false, false, '[]', 0, 0, NULL
    FROM generate_series(1, @) AS n";

/// What the statements of the store touched since the last reset.
const TOUCHED: &str = "SELECT CAST(SUM(shared_blks_hit + shared_blks_read) AS bigint) FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%pg_stat%'";

pub(crate) async fn measure(postgres: &Postgres) -> Vec<Row> {
    let (store, url) = fresh(postgres).await;
    let mut leaders = Vec::new();
    for n in 0..LEADERS.0 + LEADERS.1 {
        leaders.push(leader(&store, &format!("leader{n}")).await.id);
    }
    let (busy, silent) = leaders.split_at(LEADERS.0);
    let raw = Database::connect(&url).await.unwrap();
    fill(&raw, busy).await;

    let filter = |leaders: &[LeaderId], platforms: &[Platform]| FeedFilter {
        leaders: leaders.to_vec(),
        platforms: platforms.to_vec(),
        ..FeedFilter::default()
    };
    let mut rows = Vec::new();
    for (what, filter) in [
        ("all", filter(&[], &[])),
        ("one platform", filter(&[], &[Platform::X])),
        ("one leader", filter(&busy[..1], &[])),
        ("one leader on one platform", filter(&busy[..1], &[Platform::X])),
        ("ten leaders", filter(&busy[..10], &[])),
    ] {
        let (top, _) = touched(&store, &raw, &filter, None).await;
        let after = deep(&raw, &filter).await;
        let (deep, _) = touched(&store, &raw, &filter, Some(after)).await;
        let ratio = f64::from(deep) / f64::from(top);
        rows.push(Row {
            what: format!("feed of {what}: buffers 95 % down to buffers at the top, of 100,000 posts"),
            measured: format!("{ratio:.2} ({deep} to {top})"),
            goal: "1.3",
            is_met: ratio <= MOST,
        });
    }
    let (buffers, took) = touched(&store, &raw, &filter(silent, &[]), None).await;
    rows.push(Row {
        what: "feed of 50 leaders without posts".into(),
        measured: format!("{buffers} buffers, {took:.2} ms"),
        goal: "700 buffers",
        is_met: buffers <= MOST_OF_THE_SILENT,
    });
    rows
}

async fn fill(raw: &DatabaseConnection, leaders: &[LeaderId]) {
    let ids: Vec<_> = leaders.iter().map(|leader| format!("'{}'::uuid", leader.0)).collect();
    let posts = FILL.replace('$', &format!("ARRAY[{}]", ids.join(","))).replace('@', &POSTS.to_string());
    let counts = "INSERT INTO post_counts SELECT leader_id, platform, posted_at / 86400000000, COUNT(*) FROM posts
        GROUP BY 1, 2, 3";
    for sql in [&posts, counts, "VACUUM ANALYZE", "CREATE EXTENSION pg_stat_statements"] {
        raw.execute_unprepared(sql).await.unwrap();
    }
}

/// Buffers and milliseconds of one page; it is asked for once before, so that plans are made.
async fn touched(
    store: &Store,
    raw: &DatabaseConnection,
    filter: &FeedFilter,
    after: Option<FeedCursor>,
) -> (u32, f64) {
    store.page(filter, after, PAGE_SIZE).await.unwrap();
    raw.execute_unprepared("SELECT pg_stat_statements_reset()").await.unwrap();
    let started = Instant::now();
    store.page(filter, after, PAGE_SIZE).await.unwrap();
    let took = started.elapsed();
    (one(raw, TOUCHED).await.0.try_into().unwrap(), took.as_secs_f64() * 1e3)
}

/// The place so far down, counted within the filter.
async fn deep(raw: &DatabaseConnection, filter: &FeedFilter) -> FeedCursor {
    let ids: Vec<_> = filter.leaders.iter().map(|leader| format!("'{}'", leader.0)).collect();
    let condition = if ids.is_empty() { "true".to_owned() } else { format!("leader_id IN ({})", ids.join(",")) };
    let share = if ids.is_empty() { LEADERS.0 } else { ids.len() };
    let depth = DEPTH * i64::try_from(share).unwrap() / i64::try_from(LEADERS.0).unwrap();
    let sql = format!(
        "SELECT posted_at, id FROM posts WHERE {condition} ORDER BY posted_at DESC, id DESC OFFSET {depth} LIMIT 1"
    );
    let (posted_at, id) = one(raw, &sql).await;
    FeedCursor { posted_at: Timestamp::from_microsecond(posted_at).unwrap(), id: PostId(id.unwrap()) }
}

async fn one(raw: &DatabaseConnection, sql: &str) -> (i64, Option<Uuid>) {
    let row = raw.query_one_raw(Statement::from_string(raw.get_database_backend(), sql)).await.unwrap().unwrap();
    (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).ok())
}
