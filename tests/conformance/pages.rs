//! Pages of posts: stored once, edited in place, fenced, with the checkpoint in the same transaction.

use amber_server::domain::{Checkpoint, Clock, ExternalId, FeedFilter, Gap, Platform, Post};
use amber_server::store::{Arrivals, Error, Ingest, Lease, PageCommit, Posts, PostsFrom, Stream, StreamKind};
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::json;
use tokio::task::JoinSet;

use crate::fresh::Fresh;
use crate::sample::{commit, edit, leader, number, page, post, read, reading, rejected, worker};

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
    texts_are_stored_as_they_are_whatever_a_list_of_them_looks_like,
    a_stream_needs_its_leader_and_the_lease_for_it,
    a_page_needs_the_lease_that_its_stream_is_under,
    stored_posts_are_counted_from_a_number_on,
    the_last_failure_is_known_until_a_success,
);

async fn newest(fresh: &Fresh) -> Post {
    let page = fresh.store.page(&FeedFilter::default(), None, 1).await.unwrap();
    page.posts.into_iter().next().expect("a post is stored")
}

async fn a_page_that_comes_again_changes_nothing(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    let posts: Vec<_> = (0..5).map(|n| post(number(n), "good news")).collect();
    let first = commit(&fresh.store, &mut reading, posts.clone()).await.unwrap();
    assert_eq!((first.counters.inserted, first.counters.unchanged), (5, 0));

    let before = fresh.everything().await;
    fresh.clock.advance(std::time::Duration::from_mins(1));
    let again = commit(&fresh.store, &mut reading, posts).await.unwrap();
    assert_eq!((again.counters.inserted, again.counters.updated, again.counters.unchanged), (0, 0, 5));
    let after = fresh.everything().await;
    for table in ["posts", "post_metrics", "post_counts", "post_hashtags", "quarantine"] {
        assert_eq!(before[table], after[table], "{table}");
    }
}

async fn an_edit_updates_the_one_row_and_an_older_version_does_not(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    let root = number(0);
    commit(&fresh.store, &mut reading, vec![post(root, "first")]).await.unwrap();
    let id = newest(&fresh).await.id;

    let mut second = edit(root, 2, "second");
    second.post.hashtags = vec!["Roads".into(), "roads".into()];
    let updated = commit(&fresh.store, &mut reading, vec![second]).await.unwrap();
    assert_eq!((updated.counters.updated, updated.counters.inserted), (1, 0));
    let stored = newest(&fresh).await;
    assert_eq!((stored.id, stored.text.as_str(), stored.edited), (id, "second", true));
    assert_eq!(stored.external_id, (root.0 + 2).to_string());
    assert_eq!(fresh.texts("SELECT tag FROM post_hashtags").await, ["roads"]);

    let before = fresh.everything().await;
    let late = commit(&fresh.store, &mut reading, vec![edit(root, 1, "between")]).await.unwrap();
    assert_eq!((late.counters.unchanged, late.counters.updated), (1, 0));
    let after = fresh.everything().await;
    assert_eq!(before["posts"], after["posts"]);
    assert_eq!(before["post_metrics"], after["post_metrics"]);
    assert_eq!(fresh.number("SELECT revision FROM posts").await, 2);
}

async fn a_post_keeps_the_time_of_its_first_version(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    let root = number(0);
    let mut later = edit(root, 1, "edited");
    later.post.posted_at = amber_server::domain::snowflake_time(number(600));
    commit(&fresh.store, &mut reading, vec![later]).await.unwrap();
    assert_eq!(newest(&fresh).await.posted_at, amber_server::domain::snowflake_time(root));
}

async fn public_counts_are_refreshed_and_never_forgotten(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    let mut fetched = post(number(0), "good news");
    fetched.post.metrics.replies = Some(3);
    commit(&fresh.store, &mut reading, vec![fetched.clone()]).await.unwrap();

    fetched.post.metrics.likes = Some(10);
    fetched.post.metrics.replies = None;
    let again = commit(&fresh.store, &mut reading, vec![fetched]).await.unwrap();
    assert_eq!(again.counters.unchanged, 1, "counts are not content");
    let metrics = newest(&fresh).await.metrics;
    assert_eq!((metrics.likes, metrics.replies, metrics.quotes), (Some(10), Some(3), None));
}

async fn a_stale_version_is_fenced_and_nothing_is_written(fresh: Fresh) {
    let mut current = reading(&fresh.store).await;
    let stale = current.clone();
    commit(&fresh.store, &mut current, vec![post(number(0), "first")]).await.unwrap();

    let before = fresh.everything().await;
    let overtaken = page(&stale, vec![post(number(1), "second")], vec![rejected(1)]);
    let error = fresh.store.commit_page(overtaken).await.unwrap_err();
    assert!(matches!(error, Error::Fenced { stream } if stream == stale.stream.id), "{error:?}");
    assert_eq!(fresh.everything().await, before);
}

async fn of_many_workers_on_one_version_one_stores_its_page(fresh: Fresh) {
    let reading = reading(&fresh.store).await;
    let mut workers = JoinSet::new();
    for worker in 0..8 {
        let (store, page) = (fresh.store.clone(), page(&reading, vec![post(number(worker), "a page")], Vec::new()));
        workers.spawn(async move { store.commit_page(page).await });
    }
    let results = workers.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let fenced = |result: &&Result<_, Error>| matches!(result, Err(Error::Fenced { .. }));
    assert_eq!(results.iter().filter(fenced).count(), 7, "{results:?}");
    assert_eq!(fresh.number("SELECT COUNT(*) FROM posts").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_somebody_else_stores_meanwhile_is_stored_once() {
    for is_likely_new in [true, false] {
        let Some(fresh) = Fresh::postgres().await else { return };
        a_rival_stores_one_of_the_posts(fresh, is_likely_new).await;
    }
}

async fn a_rival_stores_one_of_the_posts(fresh: Fresh, is_likely_new: bool) {
    let mut other = read(&fresh.store, leader(&fresh.store, "other").await.id).await;
    commit(&fresh.store, &mut other, vec![post(number(1), "good news")]).await.unwrap();
    fresh.change("UPDATE posts SET root_id = 'not yet'").await;
    let reading = reading(&fresh.store).await;
    let posts: Vec<_> = (0..3).map(|n| post(number(n), "good news")).collect();
    let page = PageCommit { is_likely_new, ..page(&reading, posts, Vec::new()) };

    // The page does not find the post, and then waits for what becomes of it.
    let rival = fresh.raw.begin().await.unwrap();
    rival.execute_unprepared(&format!("UPDATE posts SET root_id = '{}'", number(1))).await.unwrap();
    let store = fresh.store.clone();
    let mut commit = JoinSet::new();
    commit.spawn(async move { store.commit_page(page).await });
    fresh.somebody_waits_for_a_lock().await;
    rival.commit().await.unwrap();

    let committed = commit.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!((committed.counters.inserted, committed.counters.unchanged), (2, 1));
    assert_eq!(committed.version, reading.stream.version + 1);
    assert_eq!(fresh.number("SELECT COUNT(*) FROM posts").await, 3);
    assert_eq!(fresh.number("SELECT CAST(SUM(n) AS bigint) FROM post_counts").await, 3);
    assert_eq!(fresh.store.last_arrival().await.unwrap(), 3);
}

async fn a_page_that_lost_records_is_refused(fresh: Fresh) {
    let reading = reading(&fresh.store).await;
    let before = fresh.everything().await;
    let short = PageCommit { fetched: 3, ..page(&reading, vec![post(number(0), "one")], vec![rejected(1)]) };
    let error = fresh.store.commit_page(short).await.unwrap_err();
    assert!(matches!(error, Error::Unbalanced { fetched: 3, held: 2 }), "{error:?}");
    assert_eq!(fresh.everything().await, before);
}

async fn the_checkpoint_comes_back_as_it_was_stored(fresh: Fresh) {
    let reading = reading(&fresh.store).await;
    assert_eq!((reading.stream.version, &reading.stream.checkpoint), (0, &Checkpoint::default()));
    let gap = Gap::new(i64::MAX - 3, i64::MAX - 1, i64::MAX - 2);
    let checkpoint =
        Checkpoint { high_water: Some(i64::MAX - 4), top: Some(i64::MAX), gaps: vec![gap], ..Checkpoint::default() };
    let page = PageCommit { checkpoint: checkpoint.clone(), ..page(&reading, Vec::new(), Vec::new()) };
    fresh.store.commit_page(page).await.unwrap();

    let read = fresh.store.stream(&reading.claim.lease, Platform::X, StreamKind::Posts).await.unwrap();
    assert_eq!(read, Stream { checkpoint, version: 1, ..reading.stream });
    let all = fresh.store.streams().await.unwrap();
    assert_eq!(all.iter().map(|stream| stream.key.as_str()).collect::<Vec<_>>(), ["x:amber", "x:amber#backfill"]);
    assert_eq!(all[0], read);
}

async fn a_bad_record_is_kept_once_with_its_newest_reason(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    let twice = vec![rejected(1), rejected(2), rejected(1)];
    let first = fresh.store.commit_page(page(&reading, Vec::new(), twice)).await.unwrap();
    assert_eq!((first.counters.quarantined, first.counters.duplicates), (2, 1));

    reading.stream.version = first.version;
    let mut known = rejected(1);
    known.reason = "no author".into();
    fresh.store.commit_page(page(&reading, Vec::new(), vec![known])).await.unwrap();
    let mut reasons = fresh.texts("SELECT reason FROM quarantine").await;
    reasons.sort();
    assert_eq!(reasons, ["no author", "no text"]);
}

async fn a_nul_character_does_not_stop_a_stream(fresh: Fresh) {
    let reading = reading(&fresh.store).await;
    let mut odd = post(number(0), "odd \0 text");
    odd.post.hashtags = vec!["o\0dd".into()];
    let mut bad = rejected(1);
    bad.raw = json!({ "text": "\0", "long": "क".repeat(100_000) });
    let committed = fresh.store.commit_page(page(&reading, vec![odd], vec![bad])).await.unwrap();
    assert_eq!((committed.counters.inserted, committed.counters.quarantined), (1, 1));
    assert_eq!(newest(&fresh).await.text, "odd \u{fffd} text");
    let raw = fresh.texts("SELECT raw FROM quarantine").await.remove(0);
    assert!(raw.len() <= 64 * 1024, "{}", raw.len());
}

/// Quotes, backslashes, braces and commas mean something in the text form of an array, and so does an empty text or `NULL`.
async fn texts_are_stored_as_they_are_whatever_a_list_of_them_looks_like(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    let odd =
        ["", "NULL", "null", "\"", "\\", "\\\"", "{a,b}", " a ", "a\nb\tc", "\\x00", "किसान \"नया\"", "\\N", "😀\\"];
    let posts = odd.iter().zip(0..).map(|(text, n)| {
        let mut post = post(number(n), text);
        (post.post.author.name, post.post.author.avatar_url) = ((*text).into(), Some((*text).into()));
        post.post.media[0].alt_text = Some((*text).into());
        post.post.hashtags = vec![(*text).into()];
        post
    });
    commit(&fresh.store, &mut reading, posts.collect()).await.unwrap();
    let mut stored = fresh.store.page(&FeedFilter::default(), None, 100).await.unwrap().posts;
    stored.reverse();
    assert_eq!(stored.len(), odd.len());
    for (post, text) in stored.iter().zip(odd) {
        let alt = post.media[0].alt_text.as_deref();
        let author = (post.author.name.as_str(), post.author.avatar_url.as_deref());
        assert_eq!((post.text.as_str(), author, alt), (text, (text, Some(text)), Some(text)));
        assert_eq!(post.hashtags, [text]);
    }
    let tags = fresh.texts("SELECT tag FROM post_hashtags JOIN posts ON id = post_id ORDER BY posts.posted_at").await;
    assert_eq!(tags, odd.map(str::to_lowercase));
}

async fn a_stream_needs_its_leader_and_the_lease_for_it(fresh: Fresh) {
    use amber_server::store::Leaders;
    let lease = reading(&fresh.store).await.claim.lease;
    for stale in [Lease { epoch: lease.epoch - 1, ..lease }, Lease { worker: worker(), ..lease }] {
        let error = fresh.store.stream(&stale, Platform::X, StreamKind::Posts).await.unwrap_err();
        assert!(matches!(error, Error::LeaseLost { leader } if leader == lease.leader), "{error:?}");
    }
    fresh.store.delete(lease.leader).await.unwrap();
    let error = fresh.store.stream(&lease, Platform::X, StreamKind::Posts).await.unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
}

async fn a_page_needs_the_lease_that_its_stream_is_under(fresh: Fresh) {
    let reading = reading(&fresh.store).await;
    let before = fresh.everything().await;
    let mine = page(&reading, vec![post(number(0), "mine")], Vec::new());
    for lease in [
        Lease { epoch: mine.lease.epoch + 1, ..mine.lease },
        Lease { epoch: mine.lease.epoch - 1, ..mine.lease },
        Lease { worker: worker(), ..mine.lease },
        Lease { leader: leader(&fresh.store, "other").await.id, ..mine.lease },
    ] {
        let error = fresh.store.commit_page(PageCommit { lease, ..mine.clone() }).await.unwrap_err();
        assert!(matches!(error, Error::Fenced { .. }), "{lease:?}: {error:?}");
    }
    let elsewhere = PageCommit { platform: Platform::Facebook, ..mine.clone() };
    let error = fresh.store.commit_page(elsewhere).await.unwrap_err();
    assert!(matches!(error, Error::Fenced { .. }), "{error:?}");
    let after = fresh.everything().await;
    for table in ["posts", "post_arrivals", "arrival_clock", "ingest_commits", "ingest_runs", "quarantine"] {
        assert_eq!(before[table], after[table], "{table}");
    }
    assert_eq!(fresh.store.commit_page(mine).await.unwrap().counters.inserted, 1);
    assert_eq!(fresh.number("SELECT lease_epoch FROM ingest_commits").await, 1);
}

async fn stored_posts_are_counted_from_a_number_on(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    let leader = reading.claim.lease.leader;
    commit(&fresh.store, &mut reading, (0..10).map(|n| post(number(n), "a post")).collect()).await.unwrap();
    let some = "UPDATE posts SET deleted_at = 1, deleted_reason = 'gone' WHERE id IN (SELECT id FROM posts LIMIT 4)";
    assert_eq!(fresh.change(some).await, 4);
    let of_leader = |from| PostsFrom { leader, platform: Platform::X, from, since: None };
    for (from, expected) in [(number(0), 10), (number(7), 3), (ExternalId(number(7).0 + 1), 2), (number(10), 0)] {
        assert_eq!(fresh.store.posts_from(of_leader(from)).await.unwrap(), expected, "{from}");
    }
    let elsewhere = PostsFrom { platform: Platform::Facebook, ..of_leader(number(0)) };
    assert_eq!(fresh.store.posts_from(elsewhere).await.unwrap(), 0);

    // Those of another account that the leader had before do not count, whenever they were published.
    fresh.clock.advance(std::time::Duration::from_secs(1));
    let since = fresh.clock.now();
    commit(&fresh.store, &mut reading, (5..13).map(|n| post(number(n), "of the new account")).collect()).await.unwrap();
    for (from, expected) in [(number(0), 3), (number(12), 1), (number(13), 0)] {
        let asked = PostsFrom { since: Some(since), ..of_leader(from) };
        let counted = fresh.store.posts_from(asked).await.unwrap();
        assert_eq!(counted, expected, "{from}");
    }
}

async fn the_last_failure_is_known_until_a_success(fresh: Fresh) {
    let reading = reading(&fresh.store).await;
    fresh.store.note_failure(reading.stream.id, "X is away").await.unwrap();
    let failed = fresh.store.streams().await.unwrap().remove(0);
    assert_eq!((failed.last_error.as_deref(), failed.last_success_at), (Some("X is away"), None));
    fresh.store.note_success(reading.stream.id).await.unwrap();
    let read = fresh.store.streams().await.unwrap().remove(0);
    assert_eq!((read.last_error, read.last_success_at), (None, Some(amber_server::domain::Clock::now(&fresh.clock))));
}
