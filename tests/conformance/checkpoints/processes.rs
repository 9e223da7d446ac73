//! Checkpoints under many processes, and under processes that are killed in the middle of a write.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use amber_server::checkpoints::{CheckpointStore, FileCheckpoints};
use amber_server::domain::SavedCheckpoint;
use amber_tests::{Postgres, TestClock};
use serde_json::json;
use tempfile::TempDir;

use super::{DatabaseCheckpoints, key};
use crate::fresh::open;

/// How many processes are killed, one after the other.
const KILLS: usize = 25;

/// Starts the program that writes checkpoints.
fn writer(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_checkpoint_writer"));
    command.args(arguments).stdout(Stdio::piped()).spawn().expect("Cargo builds the program with its tests")
}

/// The URL of an empty database with all tables, and its checkpoints.
async fn database() -> Option<(String, DatabaseCheckpoints)> {
    let url = Postgres::shared()?.database().await;
    let store = open(&url, &TestClock::new()).await;
    store.migrate().await.unwrap();
    Some((url, DatabaseCheckpoints::new(std::sync::Arc::new(store))))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_that_write_fifty_files_each_leave_two_hundred() {
    let folder = TempDir::new().unwrap();
    let store = FileCheckpoints::open(folder.path().to_owned()).await.unwrap();
    four_write_fifty_each(folder.path().to_str().unwrap(), &store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_that_write_fifty_rows_each_leave_two_hundred() {
    let Some((url, store)) = database().await else { return };
    four_write_fifty_each(&url, &store).await;
}

async fn four_write_fifty_each(place: &str, store: &dyn CheckpointStore) {
    let writers: Vec<Child> = ["a", "b", "c", "d"].iter().map(|name| writer(&[place, "fill", name])).collect();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    let keys = store.keys(None, 1_000).await.unwrap();
    let own: Vec<_> = keys.into_iter().filter(|found| *found != key("x:shared")).collect();
    assert_eq!(own.len(), 200);
    for key in own {
        let saved = store.get(&key).await.unwrap().unwrap();
        assert_eq!(saved.version, 2, "{key}");
        assert_whole(&saved);
    }
    let shared = store.get(&key("x:shared")).await.unwrap().unwrap();
    assert_eq!(shared.version, 200, "no step of any process is lost");
    assert_whole(&shared);
}

/// What is kept is exactly what was written for its version.
#[track_caller]
fn assert_whole(saved: &SavedCheckpoint) {
    let written = json!({"version": saved.version, "filler": saved.version.to_string().repeat(2_000)});
    assert_eq!(saved.checkpoint.as_json(), &written);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_while_it_writes_files_leaves_whole_ones() {
    let folder = TempDir::new().unwrap();
    let place = folder.path().to_owned();
    kill_writers(place.to_str().unwrap(), async || FileCheckpoints::open(place.clone()).await.unwrap()).await;

    let names: Vec<String> = std::fs::read_dir(&place)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".tmp-"))
        .collect();
    assert_eq!(names, [""; 0], "what was left is swept");
    // The copies are whole as well: each comes back when its file is gone.
    let store = FileCheckpoints::open(place.clone()).await.unwrap();
    for found in store.keys(None, 10).await.unwrap() {
        let newest = store.get(&found).await.unwrap().unwrap().version;
        let file = found.as_str().replace(':', "%3A").replace('#', "%23").replace('T', "%54");
        std::fs::remove_file(place.join(format!("{file}.checkpoint"))).unwrap();
        let restored = store.restore(&found).await.unwrap();
        assert_whole(&restored);
        // A process that was killed between the copy and the new file has left both alike.
        assert!(restored.version == newest || restored.version == newest - 1, "{} {newest}", restored.version);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_while_it_writes_rows_leaves_whole_ones() {
    let Some((url, store)) = database().await else { return };
    kill_writers(&url, async || store.clone()).await;
}

/// Kills writers at some point after their first lines, while a reader looks on.
async fn kill_writers<S: CheckpointStore>(place: &str, open: impl AsyncFn() -> S) {
    let mut newest: BTreeMap<String, i64> = BTreeMap::new();
    for round in 0..KILLS {
        let mut child = writer(&[place, "on"]);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for _ in 0..=round % 7 {
            let line = lines.next().expect("it writes until it is killed").unwrap();
            let (key, version) = line.split_once(' ').unwrap();
            newest.insert(key.to_owned(), version.parse().unwrap());
            let seen = open_reader(&open, key).await;
            assert!(seen.version >= newest[key], "what was reported as written is there at once");
        }
        // The writer works while this spins, so that the blow falls at another point each time.
        for _ in 0..round * 20_000 {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let store = open().await;
        for (name, version) in &newest {
            let saved = store.get(&key(name)).await.unwrap().unwrap();
            assert_whole(&saved);
            assert!(saved.version >= *version, "{name}: {} after {version}", saved.version);
        }
    }
    assert_eq!(newest.len(), 3, "all keys were written");
}

/// Reads beside the writer.
async fn open_reader<S: CheckpointStore>(open: &impl AsyncFn() -> S, name: &str) -> SavedCheckpoint {
    let saved = open().await.get(&key(name)).await.unwrap().unwrap();
    assert_whole(&saved);
    saved
}
