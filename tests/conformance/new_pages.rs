//! Pages of which every post is new: PostgreSQL gets them as one statement, and nobody can tell by what is stored.

use amber_server::domain::{Platform, RunTrigger, ScoredPost, Sentiment, Unscored};
use amber_server::store::{Arrivals, Error, Ingest, PageCommit, Runs, StreamKind, Work};
use sea_orm::{ConnectionTrait, TransactionTrait};
use tokio::task::JoinSet;

use crate::fresh::Fresh;
use crate::sample::{Reading, commit, edit, leader, number, open, page, post, reading, request, want, worker};

on_both_databases!(
    pages_of_one_run_that_come_at_once_are_all_counted,
    a_page_without_its_run_is_refused,
    a_page_without_the_clock_of_arrivals_is_refused,
);

/// Every kind of row, without what differs from one database to the next.
const ROWS: [&str; 9] = [
    "SELECT to_jsonb(p) - 'id' - 'leader_id' FROM posts p ORDER BY root_id",
    "SELECT to_jsonb(m) - 'post_id' - 'next_check_at' || jsonb_build_object('root', root_id, 'due', next_check_at IS NULL)
     FROM post_metrics m JOIN posts p ON p.id = post_id ORDER BY root_id",
    "SELECT to_jsonb(h) - 'post_id' - 'leader_id' || jsonb_build_object('root', root_id)
     FROM post_hashtags h JOIN posts p ON p.id = post_id ORDER BY root_id, tag",
    "SELECT to_jsonb(c) - 'leader_id' FROM post_counts c ORDER BY day",
    "SELECT to_jsonb(r) - 'id' - 'post_id' || jsonb_build_object('root', root_id)
     FROM review_items r JOIN posts p ON p.id = post_id ORDER BY root_id",
    "SELECT to_jsonb(a) - 'post_id' || jsonb_build_object('root', root_id)
     FROM post_arrivals a JOIN posts p ON p.id = post_id ORDER BY seq",
    "SELECT to_jsonb(c) - 'stream_id' - 'run_id' FROM ingest_commits c ORDER BY cursor_version",
    "SELECT jsonb_build_array(seq, fetched, inserted, updated, unchanged, quarantined, duplicates, pages) FROM ingest_runs",
    "SELECT jsonb_build_array(cursor, cursor_version) FROM ingest_streams ORDER BY stream_key",
];

/// Posts of two days that need every kind of row, of which one is there twice.
fn various() -> Vec<ScoredPost> {
    let mut posts: Vec<_> = (0..6).map(|n| post(number(n * 20_000), "good news")).collect();
    posts[1].is_doubtful = true;
    posts[2].post.hashtags = vec!["Roads".into(), "roads".into(), "Rail".into()];
    posts[3].sentiment = Sentiment::Unscored(Unscored::Language);
    posts[4].post.hashtags.clear();
    posts.push(edit(number(0), 1, "better news"));
    posts.reverse();
    posts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn either_way_to_store_new_posts_leaves_the_same_rows() {
    let mut stored = Vec::new();
    for is_likely_new in [true, false] {
        let Some(fresh) = Fresh::postgres().await else { return };
        let reading = reading(&fresh.store).await;
        let page = PageCommit { is_likely_new, ..page(&reading, various(), Vec::new()) };
        let committed = fresh.store.commit_page(page).await.unwrap();
        assert_eq!((committed.counters.inserted, committed.counters.duplicates), (6, 1));
        assert_eq!((committed.version, committed.cancel_requested), (1, false));
        let mut rows = Vec::new();
        for of_kind in ROWS {
            let found = fresh.texts(&format!("SELECT CAST(row AS text) FROM ({of_kind}) AS rows(row)")).await;
            assert!(!found.is_empty(), "{of_kind}");
            rows.push(found);
        }
        stored.push(rows);
    }
    let [at_once, by_steps] = stored.try_into().unwrap();
    assert_eq!(at_once, by_steps);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_new_posts_is_one_statement() {
    let Some(fresh) = Fresh::postgres().await else { return };
    let reading = reading(&fresh.store).await;
    let (store, page) = (fresh.store.clone(), page(&reading, various(), Vec::new()));
    let row = fresh.raw.begin().await.unwrap();
    row.execute_unprepared("SELECT 1 FROM ingest_runs FOR UPDATE").await.unwrap();
    let mut commit = JoinSet::new();
    commit.spawn(async move { store.commit_page(page).await });
    fresh.somebody_waits_for_a_lock().await;

    // It waits behind the fence and the posts and before the clock. PostgreSQL tells only the beginning of it.
    let asked = "SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let statement = fresh.texts(asked).await.remove(0);
    for part in ["UPDATE \"ingest_streams\"", "INSERT INTO \"posts\""] {
        assert!(statement.contains(part), "{statement}");
    }
    fresh.raw.execute_unprepared("SELECT 1 FROM arrival_clock FOR UPDATE NOWAIT").await.expect("the clock is free");
    row.rollback().await.unwrap();
    let committed = commit.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(committed.counters.inserted, 6);
}

/// The row of the run and the clock are what they meet at.
async fn pages_of_one_run_that_come_at_once_are_all_counted(fresh: Fresh) {
    const LEADERS: i64 = 4;
    const PAGES: i64 = 12;
    for n in 0..LEADERS {
        leader(&fresh.store, &format!("leader{n}")).await;
    }
    let run = open(&fresh.store, &request(RunTrigger::Manual, &[])).await.id;
    let mut workers = JoinSet::new();
    for (n, claim) in (0..).zip(fresh.store.claim(worker(), want(9)).await.unwrap()) {
        let store = fresh.store.clone();
        workers.spawn(async move {
            let stream = store.stream(&claim.lease, Platform::X, StreamKind::Posts).await?;
            let mut reading = Reading { claim, stream };
            for page in 0..PAGES {
                let first = (page * LEADERS + n) * 10;
                let posts = (first..first + 10).map(|second| post(number(second), "good news")).collect();
                commit(&store, &mut reading, posts).await?;
            }
            Ok::<_, Error>(())
        });
    }
    assert_eq!(workers.len(), 4);
    for outcome in workers.join_all().await {
        outcome.unwrap();
    }
    let counters = fresh.store.run(run).await.unwrap().unwrap().counters;
    assert_eq!((counters.pages, counters.fetched, counters.inserted), (48, 480, 480));
    let places = "SELECT COUNT(*) FROM post_arrivals JOIN posts ON id = post_id WHERE seq BETWEEN 1 AND 480";
    assert_eq!((fresh.number(places).await, fresh.store.last_arrival().await.unwrap()), (480, 480));
    assert_eq!(fresh.number("SELECT CAST(SUM(n) AS bigint) FROM post_counts").await, 480);
    assert_eq!(fresh.number("SELECT COUNT(*) FROM ingest_commits").await, 48);
}

async fn refused(fresh: &Fresh, reading: &Reading) -> Error {
    let before = fresh.everything().await;
    let posts = vec![post(number(0), "good news")];
    let error = fresh.store.commit_page(page(reading, posts, Vec::new())).await.unwrap_err();
    assert_eq!(fresh.everything().await, before);
    error
}

async fn a_page_without_its_run_is_refused(fresh: Fresh) {
    let reading = reading(&fresh.store).await;
    assert_eq!(fresh.change("DELETE FROM ingest_runs").await, 1);
    let error = refused(&fresh, &reading).await;
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
}

async fn a_page_without_the_clock_of_arrivals_is_refused(fresh: Fresh) {
    let reading = reading(&fresh.store).await;
    assert_eq!(fresh.change("DELETE FROM arrival_clock").await, 1);
    let error = refused(&fresh, &reading).await;
    assert!(matches!(error, Error::Corrupt { what: "arrival clock" }), "{error:?}");
}
