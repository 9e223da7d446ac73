//! Pages of posts: stored once, edited in place, fenced, with the checkpoint in the same transaction.

use amber_server::domain::{Checkpoint, FeedFilter, Gap, Platform, Post};
use amber_server::store::{Error, Ingest, PageCommit, Posts, Stream, StreamKind};
use serde_json::json;
use tokio::task::JoinSet;

use crate::fresh::Fresh;
use crate::sample::{commit, edit, leader, number, page, post, rejected, stream};

on_both_databases!(
    a_page_that_comes_again_changes_nothing,
    an_edit_updates_the_one_row_and_an_older_version_does_not,
    a_post_keeps_the_time_of_its_first_version,
    public_counts_are_refreshed_and_never_forgotten,
    a_stale_version_is_fenced_and_nothing_is_written,
    of_many_workers_on_one_version_one_stores_its_page,
    a_page_that_lost_records_is_refused,
    the_checkpoint_comes_back_as_it_was_stored,
    a_bad_record_is_kept_once_with_its_newest_reason,
    a_nul_character_does_not_stop_a_stream,
    a_stream_needs_its_leader,
    the_last_failure_is_known_until_a_success,
);

async fn newest(fresh: &Fresh) -> Post {
    let page = fresh.store.page(&FeedFilter::default(), None, 1).await.unwrap();
    page.posts.into_iter().next().expect("a post is stored")
}

async fn a_page_that_comes_again_changes_nothing(fresh: Fresh) {
    let mut stream = stream(&fresh.store).await;
    let posts: Vec<_> = (0..5).map(|n| post(number(n), "good news")).collect();
    let first = commit(&fresh.store, &mut stream, posts.clone()).await.unwrap();
    assert_eq!((first.counters.inserted, first.counters.unchanged), (5, 0));

    let before = fresh.everything().await;
    fresh.clock.advance(std::time::Duration::from_mins(1));
    let again = commit(&fresh.store, &mut stream, posts).await.unwrap();
    assert_eq!((again.counters.inserted, again.counters.updated, again.counters.unchanged), (0, 0, 5));
    let after = fresh.everything().await;
    for table in ["posts", "post_metrics", "post_counts", "post_hashtags", "quarantine"] {
        assert_eq!(before[table], after[table], "{table}");
    }
}

async fn an_edit_updates_the_one_row_and_an_older_version_does_not(fresh: Fresh) {
    let mut stream = stream(&fresh.store).await;
    let root = number(0);
    commit(&fresh.store, &mut stream, vec![post(root, "first")]).await.unwrap();
    let id = newest(&fresh).await.id;

    let mut second = edit(root, 2, "second");
    second.post.hashtags = vec!["Roads".into(), "roads".into()];
    let updated = commit(&fresh.store, &mut stream, vec![second]).await.unwrap();
    assert_eq!((updated.counters.updated, updated.counters.inserted), (1, 0));
    let stored = newest(&fresh).await;
    assert_eq!((stored.id, stored.text.as_str(), stored.edited), (id, "second", true));
    assert_eq!(stored.external_id, (root.0 + 2).to_string());
    assert_eq!(fresh.texts("SELECT tag FROM post_hashtags").await, ["roads"]);

    let before = fresh.everything().await;
    let late = commit(&fresh.store, &mut stream, vec![edit(root, 1, "between")]).await.unwrap();
    assert_eq!((late.counters.unchanged, late.counters.updated), (1, 0));
    let after = fresh.everything().await;
    assert_eq!(before["posts"], after["posts"]);
    assert_eq!(before["post_metrics"], after["post_metrics"]);
    assert_eq!(fresh.number("SELECT revision FROM posts").await, 2);
}

async fn a_post_keeps_the_time_of_its_first_version(fresh: Fresh) {
    let mut stream = stream(&fresh.store).await;
    let root = number(0);
    let mut later = edit(root, 1, "edited");
    later.post.posted_at = amber_server::domain::snowflake_time(number(600));
    commit(&fresh.store, &mut stream, vec![later]).await.unwrap();
    assert_eq!(newest(&fresh).await.posted_at, amber_server::domain::snowflake_time(root));
}

async fn public_counts_are_refreshed_and_never_forgotten(fresh: Fresh) {
    let mut stream = stream(&fresh.store).await;
    let mut fetched = post(number(0), "good news");
    fetched.post.metrics.replies = Some(3);
    commit(&fresh.store, &mut stream, vec![fetched.clone()]).await.unwrap();

    fetched.post.metrics.likes = Some(10);
    fetched.post.metrics.replies = None;
    let again = commit(&fresh.store, &mut stream, vec![fetched]).await.unwrap();
    assert_eq!(again.counters.unchanged, 1, "counts are not content");
    let metrics = newest(&fresh).await.metrics;
    assert_eq!((metrics.likes, metrics.replies, metrics.quotes), (Some(10), Some(3), None));
}

async fn a_stale_version_is_fenced_and_nothing_is_written(fresh: Fresh) {
    let mut current = stream(&fresh.store).await;
    let stale = current.clone();
    commit(&fresh.store, &mut current, vec![post(number(0), "first")]).await.unwrap();

    let before = fresh.everything().await;
    let overtaken = page(&stale, vec![post(number(1), "second")], vec![rejected(1)]);
    let error = fresh.store.commit_page(overtaken).await.unwrap_err();
    assert!(matches!(error, Error::Fenced { stream } if stream == stale.id), "{error:?}");
    assert_eq!(fresh.everything().await, before);
}

async fn of_many_workers_on_one_version_one_stores_its_page(fresh: Fresh) {
    let stream = stream(&fresh.store).await;
    let mut workers = JoinSet::new();
    for worker in 0..8 {
        let (store, page) = (fresh.store.clone(), page(&stream, vec![post(number(worker), "a page")], Vec::new()));
        workers.spawn(async move { store.commit_page(page).await });
    }
    let results = workers.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let fenced = |result: &&Result<_, Error>| matches!(result, Err(Error::Fenced { .. }));
    assert_eq!(results.iter().filter(fenced).count(), 7, "{results:?}");
    assert_eq!(fresh.number("SELECT COUNT(*) FROM posts").await, 1);
}

async fn a_page_that_lost_records_is_refused(fresh: Fresh) {
    let stream = stream(&fresh.store).await;
    let before = fresh.everything().await;
    let short = PageCommit { fetched: 3, ..page(&stream, vec![post(number(0), "one")], vec![rejected(1)]) };
    let error = fresh.store.commit_page(short).await.unwrap_err();
    assert!(matches!(error, Error::Unbalanced { fetched: 3, held: 2 }), "{error:?}");
    assert_eq!(fresh.everything().await, before);
}

async fn the_checkpoint_comes_back_as_it_was_stored(fresh: Fresh) {
    let stream = stream(&fresh.store).await;
    assert_eq!((stream.version, &stream.checkpoint), (0, &Checkpoint::default()));
    let gap = Gap::new(i64::MAX - 3, i64::MAX - 1, i64::MAX - 2);
    let checkpoint =
        Checkpoint { high_water: Some(i64::MAX - 4), top: Some(i64::MAX), gaps: vec![gap], ..Checkpoint::default() };
    let page = PageCommit { checkpoint: checkpoint.clone(), ..page(&stream, Vec::new(), Vec::new()) };
    fresh.store.commit_page(page).await.unwrap();

    let read = fresh.store.stream(stream.leader_id, Platform::X, StreamKind::Posts).await.unwrap();
    assert_eq!(read, Stream { checkpoint, version: 1, ..stream });
    assert_eq!(fresh.store.streams().await.unwrap(), [read]);
}

async fn a_bad_record_is_kept_once_with_its_newest_reason(fresh: Fresh) {
    let mut stream = stream(&fresh.store).await;
    let twice = vec![rejected(1), rejected(2), rejected(1)];
    let first = fresh.store.commit_page(page(&stream, Vec::new(), twice)).await.unwrap();
    assert_eq!((first.counters.quarantined, first.counters.duplicates), (2, 1));

    stream.version = first.version;
    let mut known = rejected(1);
    known.reason = "no author".into();
    fresh.store.commit_page(page(&stream, Vec::new(), vec![known])).await.unwrap();
    let mut reasons = fresh.texts("SELECT reason FROM quarantine").await;
    reasons.sort();
    assert_eq!(reasons, ["no author", "no text"]);
}

async fn a_nul_character_does_not_stop_a_stream(fresh: Fresh) {
    let stream = stream(&fresh.store).await;
    let mut odd = post(number(0), "odd \0 text");
    odd.post.hashtags = vec!["o\0dd".into()];
    let mut bad = rejected(1);
    bad.raw = json!({ "text": "\0", "long": "क".repeat(100_000) });
    let committed = fresh.store.commit_page(page(&stream, vec![odd], vec![bad])).await.unwrap();
    assert_eq!((committed.counters.inserted, committed.counters.quarantined), (1, 1));
    assert_eq!(newest(&fresh).await.text, "odd \u{fffd} text");
    let raw = fresh.texts("SELECT raw FROM quarantine").await.remove(0);
    assert!(raw.len() <= 64 * 1024, "{}", raw.len());
}

async fn a_stream_needs_its_leader(fresh: Fresh) {
    use amber_server::store::Leaders;
    let leader = leader(&fresh.store, "amber").await;
    fresh.store.delete(leader.id).await.unwrap();
    let error = fresh.store.stream(leader.id, Platform::X, StreamKind::Posts).await.unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
}

async fn the_last_failure_is_known_until_a_success(fresh: Fresh) {
    let stream = stream(&fresh.store).await;
    fresh.store.note_failure(stream.id, "X is away").await.unwrap();
    let failed = fresh.store.streams().await.unwrap().remove(0);
    assert_eq!((failed.last_error.as_deref(), failed.last_success_at), (Some("X is away"), None));
    fresh.store.note_success(stream.id).await.unwrap();
    let read = fresh.store.streams().await.unwrap().remove(0);
    assert_eq!((read.last_error, read.last_success_at), (None, Some(amber_server::domain::Clock::now(&fresh.clock))));
}
