//! The checkpoint of a leader's stream is the cursor that ingestion reads by.

use std::sync::Arc;

use amber_server::checkpoints::{CheckpointStore, DatabaseCheckpoints, Error, FileCheckpoints, Mirror};
use amber_server::domain::{Checkpoint, Clock, OpaqueCheckpoint, StreamKey};
use amber_server::store::{self, Ingest, PageCommit, Stream};
use serde_json::json;
use tempfile::TempDir;

use super::{key, opaque};
use crate::fresh::Fresh;
use crate::sample::{Reading, commit, number, page, post, reading};

on_both_databases!(
    what_ingestion_stored_is_what_is_read,
    whoever_writes_a_leaders_checkpoint_fences_its_worker,
    a_removed_checkpoint_of_a_leader_begins_anew,
    a_removed_checkpoint_still_tells_since_when_the_account_is_read,
    a_key_without_a_leader_is_no_stream_of_ingestion,
    an_empty_database_goes_on_from_the_files_of_a_lost_one,
    a_new_stream_does_not_begin_anew_over_a_damaged_file,
);

fn checkpoints(fresh: &Fresh) -> DatabaseCheckpoints {
    DatabaseCheckpoints::new(Arc::new(fresh.store.clone()))
}

fn key_of(reading: &Reading) -> StreamKey {
    key(&reading.stream.key)
}

/// The stream as it is now.
async fn present(fresh: &Fresh, reading: &Reading) -> Stream {
    let streams = fresh.store.streams().await.unwrap();
    streams.into_iter().find(|found| found.id == reading.stream.id).unwrap()
}

async fn is_fenced(fresh: &Fresh, reading: &Reading) -> bool {
    let late = fresh.store.commit_page(page(reading, vec![post(number(9), "late")], Vec::new())).await;
    matches!(late, Err(store::Error::Fenced { .. }))
}

async fn what_ingestion_stored_is_what_is_read(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    commit(&fresh.store, &mut reading, vec![post(number(0), "good news")]).await.unwrap();
    let saved = checkpoints(&fresh).get(&key_of(&reading)).await.unwrap().unwrap();
    let stored = present(&fresh, &reading).await;
    assert_eq!((saved.checkpoint.understood(), saved.version), (Some(stored.checkpoint), reading.stream.version));
    assert!(checkpoints(&fresh).keys(None, 10).await.unwrap().contains(&key_of(&reading)));
}

async fn whoever_writes_a_leaders_checkpoint_fences_its_worker(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    commit(&fresh.store, &mut reading, vec![post(number(0), "good news")]).await.unwrap();
    let store = checkpoints(&fresh);
    let moved = Checkpoint { top: Some(5), ..Checkpoint::default() };

    let stale = store.put(&key_of(&reading), &OpaqueCheckpoint::from(&moved), reading.stream.version).await;
    assert!(matches!(stale, Err(Error::Stale { .. })), "{stale:?}");
    store.put(&key_of(&reading), &OpaqueCheckpoint::from(&moved), reading.stream.version + 3).await.unwrap();
    assert!(is_fenced(&fresh, &reading).await);
    reading.stream.version += 3;
    assert_eq!(present(&fresh, &reading).await.checkpoint, moved);

    let version =
        store.compare_and_set(&key_of(&reading), Some(reading.stream.version), &OpaqueCheckpoint::from(&moved)).await;
    assert_eq!(version.unwrap(), reading.stream.version + 1);
    assert!(is_fenced(&fresh, &reading).await);
    reading.stream.version += 1;

    commit(&fresh.store, &mut reading, vec![post(number(9), "in time")]).await.unwrap();
    let ledger = "SELECT CAST(cursor_version AS text) FROM ingest_commits ORDER BY cursor_version";
    assert_eq!(fresh.texts(ledger).await, ["1", "4", "5", "6"], "every move stands in the ledger");
    assert_eq!(fresh.number("SELECT COUNT(*) FROM posts").await, 2);
}

async fn a_removed_checkpoint_of_a_leader_begins_anew(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    commit(&fresh.store, &mut reading, vec![post(number(0), "good news")]).await.unwrap();
    assert!(checkpoints(&fresh).remove(&key_of(&reading)).await.unwrap());
    assert!(is_fenced(&fresh, &reading).await);
    let anew = present(&fresh, &reading).await;
    assert_eq!(
        (anew.id, anew.checkpoint, anew.version),
        (reading.stream.id, Checkpoint::default(), reading.stream.version + 1)
    );
    assert_eq!(fresh.number("SELECT COUNT(*) FROM posts").await, 1, "the posts stay");
}

/// Else posts of the account before would count as those of this one.
async fn a_removed_checkpoint_still_tells_since_when_the_account_is_read(fresh: Fresh) {
    let reading = reading(&fresh.store).await;
    let account = Checkpoint { account: Some(7), account_since: Some(fresh.clock.now()), ..Checkpoint::default() };
    let read = Checkpoint { top: Some(5), high_water: Some(5), ..account.clone() };
    let read = PageCommit { checkpoint: read, ..page(&reading, Vec::new(), Vec::new()) };
    fresh.store.commit_page(read).await.unwrap();
    checkpoints(&fresh).remove(&key_of(&reading)).await.unwrap();
    let removed = present(&fresh, &reading).await;
    assert_eq!((removed.checkpoint, removed.version), (account, 2));
}

async fn a_key_without_a_leader_is_no_stream_of_ingestion(fresh: Fresh) {
    reading(&fresh.store).await;
    let before = fresh.store.streams().await.unwrap();
    checkpoints(&fresh).put(&key("fb:page"), &opaque(json!({"since": "abc"})), 1).await.unwrap();
    assert_eq!(fresh.store.streams().await.unwrap(), before);
    assert_eq!(fresh.number("SELECT COUNT(*) FROM ingest_commits").await, 0);
}

async fn an_empty_database_goes_on_from_the_files_of_a_lost_one(fresh: Fresh) {
    let folder = TempDir::new().unwrap();
    let files = Arc::new(FileCheckpoints::open(folder.path().to_owned()).await.unwrap());
    let mirror = Mirror::new(Arc::new(checkpoints(&fresh)), files.clone());
    let mut new = reading(&fresh.store).await;
    let key = key_of(&new);
    assert!(!mirror.adopt(&key).await.unwrap(), "there is no file");

    files.put(&key, &opaque(json!({"cursor": "of another program"})), 40).await.unwrap();
    assert!(!mirror.adopt(&key).await.unwrap(), "what is not understood is no place to go on from");
    let far = Checkpoint { top: Some(9), high_water: Some(9), ..Checkpoint::default() };
    mirror.follow(&key, &far, 57).await.unwrap();
    assert!(mirror.adopt(&key).await.unwrap());
    let adopted = present(&fresh, &new).await;
    assert_eq!((adopted.checkpoint, adopted.version), (far, 57));

    new.stream.version = 57;
    commit(&fresh.store, &mut new, vec![post(number(0), "good news")]).await.unwrap();
    assert!(!mirror.adopt(&key).await.unwrap(), "the database is ahead");
    let read = present(&fresh, &new).await;
    mirror.follow(&key, &read.checkpoint, read.version).await.unwrap();
    assert_eq!(files.get(&key).await.unwrap(), checkpoints(&fresh).get(&key).await.unwrap());
    let late = mirror.follow(&key, &Checkpoint::default(), 57).await;
    assert!(matches!(late, Err(Error::Stale { stored: 58, .. })), "{late:?}");
}

async fn a_new_stream_does_not_begin_anew_over_a_damaged_file(fresh: Fresh) {
    let folder = TempDir::new().unwrap();
    let files = Arc::new(FileCheckpoints::open(folder.path().to_owned()).await.unwrap());
    let mirror = Mirror::new(Arc::new(checkpoints(&fresh)), files);
    let new = reading(&fresh.store).await;
    let key = key_of(&new);
    mirror.follow(&key, &Checkpoint::default(), 3).await.unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        std::fs::write(entry.unwrap().path(), "half").unwrap();
    }
    assert!(matches!(mirror.adopt(&key).await, Err(Error::Damaged { .. })));
    assert_eq!(present(&fresh, &new).await, new.stream);
}
