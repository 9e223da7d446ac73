//! Checkpoint stores: whatever is kept comes back, no version goes backwards, and no process is in another's way.

mod files;
mod leaders;
mod processes;

use std::collections::BTreeSet;
use std::sync::Arc;

use amber_server::checkpoints::{CheckpointStore, DatabaseCheckpoints, Error, FileCheckpoints};
use amber_server::domain::{Checkpoint, Gap, OpaqueCheckpoint, SavedCheckpoint, StreamKey};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::fresh::Fresh;

/// Makes a test on files, one on SQLite and one on PostgreSQL of each function, which is given an empty store.
macro_rules! on_every_store {
    ($($name:ident),+ $(,)?) => {
        mod on_files {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::checkpoints::Place::files().await).await;
            })+
        }
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::checkpoints::Place::sqlite().await).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let Some(place) = crate::checkpoints::Place::postgres().await else { return };
                super::$name(place).await;
            })+
        }
    };
}

on_every_store!(
    any_checkpoint_comes_back_as_it_was,
    a_version_never_goes_backwards,
    a_checkpoint_is_replaced_only_by_who_knows_it,
    of_many_who_know_it_one_replaces_it,
    no_step_of_many_counters_is_lost,
    every_key_is_listed_once_page_by_page,
    what_is_removed_is_gone,
);

/// An empty store.
struct Place {
    store: Arc<dyn CheckpointStore>,
    _stands_on: (Option<Fresh>, Option<TempDir>),
}

impl Place {
    async fn files() -> Self {
        let folder = TempDir::new().unwrap();
        let store = FileCheckpoints::open(folder.path().join("checkpoints")).await.unwrap();
        Self { store: Arc::new(store), _stands_on: (None, Some(folder)) }
    }

    async fn sqlite() -> Self {
        Self::in_database(Fresh::sqlite().await)
    }

    async fn postgres() -> Option<Self> {
        Some(Self::in_database(Fresh::postgres().await?))
    }

    fn in_database(fresh: Fresh) -> Self {
        let store = DatabaseCheckpoints::new(Arc::new(fresh.store.clone()));
        Self { store: Arc::new(store), _stands_on: (Some(fresh), None) }
    }
}

fn key(text: &str) -> StreamKey {
    text.parse().unwrap()
}

fn opaque(value: Value) -> OpaqueCheckpoint {
    OpaqueCheckpoint::new(value).unwrap()
}

async fn any_checkpoint_comes_back_as_it_was(place: Place) {
    let own = Checkpoint { high_water: Some(i64::MAX), gaps: vec![Gap::new(1, 9, 5)], ..Checkpoint::default() };
    let keys = ["x:name", "x:name#backfill", "x:NAME", "fb:My.Page", "fb:पेज", "rss:https://a.example/b?c=d&e=%2F"];
    let values = [
        OpaqueCheckpoint::from(&own),
        opaque(
            json!({"cursor": "DAACCgACGa", "updated_at": "2024-01-01T00:00:00", "later": {"a": [null, true, -1.5]}}),
        ),
        opaque(json!({"high_water": 1, "top": 2, "gaps": [], "of a later version": "\"क\\\n"})),
        opaque(json!(null)),
        opaque(json!([u64::MAX, i64::MIN, 0.1])),
        opaque(json!("a".repeat(OpaqueCheckpoint::LONGEST - 2))),
    ];
    for (n, (name, value)) in keys.iter().zip(&values).enumerate() {
        assert_eq!(place.store.get(&key(name)).await.unwrap(), None, "{name}");
        place.store.put(&key(name), value, i64::try_from(n).unwrap()).await.unwrap();
    }
    for (n, (name, value)) in keys.iter().zip(&values).enumerate() {
        let version = i64::try_from(n).unwrap();
        let saved = SavedCheckpoint { key: key(name), checkpoint: value.clone(), version };
        assert_eq!(place.store.get(&key(name)).await.unwrap(), Some(saved), "{name}");
    }
    let read = place.store.get(&key("x:name")).await.unwrap().unwrap();
    assert_eq!(read.checkpoint.understood(), Some(own));
}

async fn a_version_never_goes_backwards(place: Place) {
    let key = key("x:name");
    place.store.put(&key, &opaque(json!("seven")), 7).await.unwrap();
    place.store.put(&key, &opaque(json!("seven")), 7).await.unwrap();
    for (value, version) in [("another seven", 7), ("six", 6), ("seven", 6), ("none", 0)] {
        let refused = place.store.put(&key, &opaque(json!(value)), version).await;
        let Err(Error::Stale { stored: 7, offered, .. }) = refused else { panic!("{value}: {refused:?}") };
        assert_eq!(offered, version);
    }
    for version in [-1, SavedCheckpoint::LAST_VERSION + 1, i64::MIN, i64::MAX] {
        let refused = place.store.put(&key, &opaque(json!("odd")), version).await;
        assert!(matches!(refused, Err(Error::BadVersion { .. })), "{version}: {refused:?}");
    }
    let kept = place.store.get(&key).await.unwrap().unwrap();
    assert_eq!((kept.checkpoint, kept.version), (opaque(json!("seven")), 7));
    place.store.put(&key, &opaque(json!("last")), SavedCheckpoint::LAST_VERSION).await.unwrap();
    let refused = place.store.compare_and_set(&key, Some(SavedCheckpoint::LAST_VERSION), &opaque(json!("more"))).await;
    assert!(matches!(refused, Err(Error::BadVersion { .. })), "{refused:?}");
}

async fn a_checkpoint_is_replaced_only_by_who_knows_it(place: Place) {
    let key = key("fb:page");
    let moved = |refused: Result<i64, Error>| match refused {
        Err(Error::Moved { expected, stored, .. }) => (expected, stored),
        other => panic!("{other:?}"),
    };
    let set = async |expected, value| place.store.compare_and_set(&key, expected, &opaque(json!(value))).await;
    assert_eq!(moved(set(Some(0), "too soon").await), (Some(0), None));
    assert_eq!(set(None, "first").await.unwrap(), 1);
    assert_eq!(moved(set(None, "first again").await), (None, Some(1)));
    assert_eq!(set(Some(1), "second").await.unwrap(), 2);
    assert_eq!(moved(set(Some(1), "late").await), (Some(1), Some(2)));
    assert_eq!(moved(set(Some(3), "early").await), (Some(3), Some(2)));
    let kept = place.store.get(&key).await.unwrap().unwrap();
    assert_eq!((kept.checkpoint, kept.version), (opaque(json!("second")), 2));
}

async fn of_many_who_know_it_one_replaces_it(place: Place) {
    for expected in [None, Some(1)] {
        let mut writers = JoinSet::new();
        for n in 0..16 {
            let store = Arc::clone(&place.store);
            writers.spawn(async move { store.compare_and_set(&key("x:name"), expected, &opaque(json!(n))).await });
        }
        let outcomes = writers.join_all().await;
        let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let lost = outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Moved { .. }))).count();
        assert_eq!((won, lost), (1, 15), "{outcomes:?}");
    }
}

async fn no_step_of_many_counters_is_lost(place: Place) {
    let mut counters = JoinSet::new();
    for _ in 0..4 {
        let store = Arc::clone(&place.store);
        counters.spawn(async move {
            let key = key("x:name");
            let mut left = 10;
            while left > 0 {
                let known = store.get(&key).await.unwrap().map(|saved| saved.version);
                match store.compare_and_set(&key, known, &opaque(json!(known))).await {
                    Ok(_) => left -= 1,
                    Err(Error::Moved { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    counters.join_all().await;
    assert_eq!(place.store.get(&key("x:name")).await.unwrap().unwrap().version, 40);
}

async fn every_key_is_listed_once_page_by_page(place: Place) {
    assert_eq!(place.store.keys(None, 10).await.unwrap(), []);
    let mut kept = BTreeSet::new();
    for n in 0..25 {
        for key in [key(&format!("x:Name-{n}")), key(&format!("fb:name.{n}#older"))] {
            place.store.put(&key, &opaque(json!(n)), 0).await.unwrap();
            kept.insert(key);
        }
    }
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = place.store.keys(after.as_ref(), 7).await.unwrap();
        assert!(page.len() <= 7);
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        listed.extend(page);
    }
    assert_eq!(listed.len(), 50);
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), kept);
    assert_eq!(place.store.keys(None, u32::MAX).await.unwrap().len(), 50);
    assert_eq!(place.store.keys(None, 0).await.unwrap(), []);
}

async fn what_is_removed_is_gone(place: Place) {
    let [gone, stays] = ["x:gone", "x:stays"].map(key);
    for key in [&gone, &stays] {
        place.store.put(key, &opaque(json!("old")), 5).await.unwrap();
        place.store.put(key, &opaque(json!("new")), 6).await.unwrap();
    }
    assert!(place.store.remove(&gone).await.unwrap());
    assert!(!place.store.remove(&gone).await.unwrap());
    assert_eq!(place.store.get(&gone).await.unwrap(), None);
    assert_eq!(place.store.keys(None, 10).await.unwrap(), std::slice::from_ref(&stays));
    assert_eq!(place.store.get(&stays).await.unwrap().unwrap().version, 6);
    place.store.put(&gone, &opaque(json!("anew")), 0).await.unwrap();
    assert_eq!(place.store.get(&gone).await.unwrap().unwrap().version, 0);
}
