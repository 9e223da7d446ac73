//! The order in which posts were stored: whoever follows it misses nothing and meets nothing twice.

use std::collections::BTreeSet;
use std::time::Duration;

use amber_server::domain::{Clock, PostId, ScoredPost};
use amber_server::store::{Arrivals, Error, Ingest, Store};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::fresh::Fresh;
use crate::sample::{commit, edit, leader, number, page, post, read};

on_both_databases!(
    new_posts_are_numbered_in_their_order_and_nothing_else_is,
    a_reader_beside_many_writers_misses_nothing_and_meets_nothing_twice,
    a_page_that_is_only_rehearsed_takes_no_number,
    what_was_forgotten_is_told_as_such,
    however_many_are_old_they_are_forgotten_from_the_first_on_in_portions,
    a_deleted_post_leaves_its_place,
);

/// Posts of that many seconds.
fn posts(seconds: std::ops::Range<i64>) -> Vec<ScoredPost> {
    seconds.map(|n| post(number(n), "good news")).collect()
}

async fn after(store: &Store, place: u64) -> (Vec<String>, u64) {
    let arrived = store.arrivals(place, 1_000).await.unwrap().expect("the place is known");
    (arrived.posts.into_iter().map(|(_, post)| post.external_id).collect(), arrived.place)
}

fn ids(seconds: std::ops::Range<i64>) -> Vec<String> {
    seconds.map(|n| number(n).to_string()).collect()
}

async fn new_posts_are_numbered_in_their_order_and_nothing_else_is(fresh: Fresh) {
    assert_eq!(fresh.store.last_arrival().await.unwrap(), 0);
    assert_eq!(after(&fresh.store, 0).await, (Vec::new(), 0));
    let mut reading = read(&fresh.store, leader(&fresh.store, "asha").await.id).await;
    commit(&fresh.store, &mut reading, posts(10..13)).await.unwrap();
    assert_eq!(after(&fresh.store, 0).await, (ids(10..13), 3));
    // An edit, a repetition and an older post: only the last one is new.
    let edited = edit(number(11), 1, "better news");
    commit(&fresh.store, &mut reading, vec![edited, post(number(12), "good news")]).await.unwrap();
    assert_eq!(fresh.store.last_arrival().await.unwrap(), 3);
    commit(&fresh.store, &mut reading, posts(5..6)).await.unwrap();
    assert_eq!(after(&fresh.store, 3).await, (ids(5..6), 4));
    assert_eq!(fresh.store.arrivals(1, 2).await.unwrap().unwrap().place, 3, "a stretch has an end");
    assert_eq!(fresh.store.arrivals(5, 2).await.unwrap(), None, "nothing has that place");
}

async fn a_reader_beside_many_writers_misses_nothing_and_meets_nothing_twice(fresh: Fresh) {
    const WRITERS: i64 = 6;
    const PAGES: i64 = 15;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let leader = leader(&fresh.store, &format!("leader{writer}")).await;
        let mut reading = read(&fresh.store, leader.id).await;
        let store = fresh.store.clone();
        writers.spawn(async move {
            for part in 0..PAGES {
                let first = writer * 100_000 + part * 100;
                let written = || posts(first..first + 1 + part % 4);
                // On a busy machine SQLite may not let a writer in for a while.
                while let Err(error) = commit(&store, &mut reading, written()).await {
                    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
                }
            }
        });
    }
    let (store, done) = (fresh.store.clone(), CancellationToken::new());
    let is_done = done.clone();
    let reader = async move {
        let (mut place, mut met) = (0, Vec::new());
        loop {
            let was_done = is_done.is_cancelled();
            let arrived = store.arrivals(place, 7).await.unwrap().expect("nothing is forgotten");
            let is_empty = arrived.place == place;
            met.extend(arrived.posts.into_iter().map(|(_, post)| post.id));
            place = arrived.place;
            if is_empty && was_done {
                return met;
            }
            if is_empty {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    };
    let end = async {
        while writers.join_next().await.transpose().unwrap().is_some() {}
        done.cancel();
    };
    let (met, ()) = tokio::join!(reader, end);
    let distinct: BTreeSet<PostId> = met.iter().copied().collect();
    assert_eq!(distinct.len(), met.len(), "a post was met twice");
    assert_eq!(met.len() as u64, fresh.number("SELECT COUNT(*) FROM posts").await, "a post was missed");
    assert_eq!(fresh.store.last_arrival().await.unwrap(), met.len() as u64, "a number was left out");
}

async fn a_page_that_is_only_rehearsed_takes_no_number(fresh: Fresh) {
    let reading = read(&fresh.store, leader(&fresh.store, "asha").await.id).await;
    fresh.store.rehearse_page(page(&reading, posts(1..4), Vec::new())).await.unwrap();
    assert_eq!(after(&fresh.store, 0).await, (Vec::new(), 0));
}

async fn what_was_forgotten_is_told_as_such(fresh: Fresh) {
    let mut reading = read(&fresh.store, leader(&fresh.store, "asha").await.id).await;
    commit(&fresh.store, &mut reading, posts(1..4)).await.unwrap();
    fresh.clock.advance(Duration::from_hours(1));
    let cutoff = fresh.clock.now();
    commit(&fresh.store, &mut reading, posts(4..6)).await.unwrap();
    fresh.store.purge_arrivals(cutoff).await.unwrap();
    for forgotten in 0..3 {
        assert_eq!(fresh.store.arrivals(forgotten, 10).await.unwrap(), None, "{forgotten}");
    }
    assert_eq!(after(&fresh.store, 3).await, (ids(4..6), 5));
    assert_eq!(after(&fresh.store, 5).await, (Vec::new(), 5));
    // However old the newest one is, its place is kept, so that one who is up to date stays so.
    fresh.store.purge_arrivals(cutoff + Duration::from_hours(100)).await.unwrap();
    assert_eq!(after(&fresh.store, 5).await, (Vec::new(), 5));
}

async fn however_many_are_old_they_are_forgotten_from_the_first_on_in_portions(fresh: Fresh) {
    let mut reading = read(&fresh.store, leader(&fresh.store, "asha").await.id).await;
    // On the disk the newest come first.
    let old = "WITH RECURSIVE old (n) AS (SELECT 150000 UNION ALL SELECT n - 1 FROM old WHERE n > 1) \
        INSERT INTO post_arrivals (seq, post_id, arrived_at) SELECT n, id, 1 FROM old, leaders";
    assert_eq!(fresh.change(old).await, 150_000);
    fresh.change("UPDATE arrival_clock SET seq = 150000").await;
    commit(&fresh.store, &mut reading, posts(1..2)).await.unwrap();
    let now = fresh.clock.now();
    for (portion, forgotten) in [(100_000, 100_000), (50_000, 150_000), (0, 150_000)] {
        assert_eq!(fresh.store.purge_arrivals(now).await.unwrap(), portion);
        for place in [0, forgotten / 2, forgotten - 1] {
            assert_eq!(fresh.store.arrivals(place, 10).await.unwrap(), None, "{place}");
        }
        assert_eq!(after(&fresh.store, forgotten).await.1, 150_001.min(forgotten + 1_000));
        assert_eq!(fresh.number("SELECT COUNT(*) FROM post_arrivals").await, 150_001 - forgotten, "nothing else is");
    }
}

async fn a_deleted_post_leaves_its_place(fresh: Fresh) {
    let mut reading = read(&fresh.store, leader(&fresh.store, "asha").await.id).await;
    commit(&fresh.store, &mut reading, posts(1..4)).await.unwrap();
    fresh.change("UPDATE posts SET deleted_at = 1, deleted_reason = 'gone'").await;
    assert_eq!(after(&fresh.store, 0).await, (Vec::new(), 3));
}
