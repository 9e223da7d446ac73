//! Writes checkpoints as a process of its own: `checkpoint_writer PLACE fill NAME` or `checkpoint_writer PLACE on`.
//!
//! PLACE is a folder or the URL of a database. `fill` writes fifty keys of that name and counts a shared one up, then
//! ends. `on` goes on with three keys until it is killed, and prints a line for each write.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use amber_server::checkpoints::{CheckpointStore, DatabaseCheckpoints, Error, FileCheckpoints};
use amber_server::domain::{OpaqueCheckpoint, OsEntropy, StreamKey, SystemClock};
use amber_server::store::{Settings, Store};
use serde_json::json;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("PLACE, then `fill NAME` or `on`");
    let store = open(&next()).await;
    match next().as_str() {
        "fill" => fill(store.as_ref(), &next()).await,
        _ => go_on(store.as_ref()).await,
    }
}

async fn open(place: &str) -> Arc<dyn CheckpointStore> {
    if !place.contains("://") {
        return Arc::new(FileCheckpoints::open(place.into()).await.expect("the folder is usable"));
    }
    let settings =
        Settings { url: place.into(), max_connections: 2, acquire_timeout: Duration::from_secs(5), lease_ttl: None };
    let store = Store::connect(&settings, Arc::new(SystemClock), Arc::new(OsEntropy)).await;
    Arc::new(DatabaseCheckpoints::new(Arc::new(store.expect("the database is there"))))
}

fn key(text: &str) -> StreamKey {
    text.parse().expect("it is a stream key")
}

/// What belongs to a version; long, so that a torn file would be seen.
fn checkpoint(version: i64) -> OpaqueCheckpoint {
    let filler = version.to_string().repeat(2_000);
    OpaqueCheckpoint::new(json!({"version": version, "filler": filler})).expect("it is short enough")
}

async fn fill(store: &dyn CheckpointStore, name: &str) {
    for n in 0..50 {
        let key = key(&format!("x:{name}_{n}"));
        for version in 1..=2 {
            store.put(&key, &checkpoint(version), version).await.expect("nobody else writes this key");
        }
        count_up(store, &self::key("x:shared")).await;
    }
}

async fn count_up(store: &dyn CheckpointStore, key: &StreamKey) {
    loop {
        let known = store.get(key).await.expect("it is readable at any time").map(|saved| saved.version);
        let next = checkpoint(known.unwrap_or_default() + 1);
        match store.compare_and_set(key, known, &next).await {
            Ok(_) => return,
            Err(Error::Moved { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

async fn go_on(store: &dyn CheckpointStore) {
    loop {
        for name in ["x:one", "x:two#backfill", "fb:Three"] {
            let known = store.get(&key(name)).await.expect("it is readable at any time");
            let version = known.map_or(1, |saved| saved.version + 1);
            store.put(&key(name), &checkpoint(version), version).await.expect("nobody else writes");
            let mut out = std::io::stdout();
            writeln!(out, "{name} {version}").and_then(|()| out.flush()).expect("somebody listens");
        }
    }
}
