//! What only files can suffer: damage, links, leftovers, and the eyes of others.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use amber_server::checkpoints::{CheckpointStore, Error, FileCheckpoints};
use serde_json::json;
use tempfile::TempDir;

use super::{key, opaque};

struct Files {
    store: FileCheckpoints,
    folder: TempDir,
}

impl Files {
    async fn open() -> Self {
        let folder = TempDir::new().unwrap();
        let store = FileCheckpoints::open(folder.path().join("a/b")).await.unwrap();
        Self { store, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("a/b").join(name)
    }

    /// Keeps the versions `1..=last` of `x:name`.
    async fn write(&self, last: i64) {
        for version in 1..=last {
            self.store.put(&key("x:name"), &opaque(json!({"version": version})), version).await.unwrap();
        }
    }

    async fn version(&self) -> i64 {
        self.store.get(&key("x:name")).await.unwrap().unwrap().version
    }
}

const FILE: &str = "x%3Aname.checkpoint";
const BACKUP: &str = "x%3Aname.checkpoint.bak";

#[tokio::test]
async fn a_damaged_file_is_refused_and_its_last_good_copy_comes_back() {
    let files = Files::open().await;
    files.write(3).await;
    let good = fs::read(files.path(FILE)).unwrap();
    for damaged in [&good[..good.len() / 2], b"", b"amber-checkpoint 1 0\n{}\n", &good.repeat(2_000)] {
        fs::write(files.path(FILE), damaged).unwrap();
        let refused = files.store.get(&key("x:name")).await.unwrap_err();
        let says = refused.to_string();
        assert!(matches!(&refused, Error::Damaged { backup: Some(_), .. }), "{says}");
        for path in [FILE, BACKUP] {
            assert!(says.contains(files.path(path).to_str().unwrap()), "{says}");
        }
        for outcome in [
            files.store.put(&key("x:name"), &opaque(json!("new")), 9).await,
            files.store.compare_and_set(&key("x:name"), Some(3), &opaque(json!("new"))).await.map(drop),
        ] {
            assert!(matches!(outcome, Err(Error::Damaged { .. })), "damage is not papered over: {outcome:?}");
        }
        let restored = files.store.restore(&key("x:name")).await.unwrap();
        assert_eq!((restored.version, files.version().await), (2, 2));
        assert_eq!(fs::read(files.path("x%3Aname.checkpoint.damaged")).unwrap().first(), damaged.first());
    }
    assert_eq!(files.store.keys(None, 10).await.unwrap(), [key("x:name")], "copies are no checkpoints");
    files.store.put(&key("x:name"), &opaque(json!("next")), 3).await.unwrap();
    assert_eq!(files.store.restore(&key("x:name")).await.unwrap().version, 3, "a good file stays");
}

#[tokio::test]
async fn damage_without_a_copy_ends_when_the_checkpoint_is_removed() {
    let files = Files::open().await;
    files.write(1).await;
    fs::write(files.path(FILE), "nothing").unwrap();
    let refused = files.store.get(&key("x:name")).await.unwrap_err();
    assert!(matches!(refused, Error::Damaged { backup: None, .. }), "{refused}");
    let refused = files.store.restore(&key("x:name")).await.unwrap_err();
    assert!(matches!(refused, Error::NoBackup { .. }), "{refused}");
    assert!(files.store.remove(&key("x:name")).await.unwrap());
    files.write(1).await;
    assert_eq!(files.version().await, 1);
}

#[tokio::test]
async fn a_lost_file_comes_back_from_its_copy() {
    let files = Files::open().await;
    files.write(2).await;
    fs::remove_file(files.path(FILE)).unwrap();
    assert_eq!(files.store.restore(&key("x:name")).await.unwrap().version, 1);
    assert_eq!(files.version().await, 1);
    assert!(files.store.remove(&key("x:name")).await.unwrap());
    assert!(!files.path(BACKUP).exists(), "no older version stays behind");
}

#[tokio::test]
async fn the_checkpoint_of_another_stream_is_not_taken_for_ones_own() {
    let files = Files::open().await;
    files.write(1).await;
    fs::copy(files.path(FILE), files.path("x%3Aother.checkpoint")).unwrap();
    let refused = files.store.get(&key("x:other")).await.unwrap_err().to_string();
    assert!(refused.contains("it is the checkpoint of x:name"), "{refused}");
}

#[tokio::test]
async fn a_file_of_a_later_format_is_neither_read_nor_replaced() {
    let files = Files::open().await;
    let later = "amber-checkpoint 2 with=more\n{}\n";
    fs::write(files.path(FILE), later).unwrap();
    let read = files.store.get(&key("x:name")).await.map(drop);
    let written = files.store.put(&key("x:name"), &opaque(json!(1)), 1).await;
    for outcome in [read, written] {
        let Err(Error::Foreign { format, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(format, "amber-checkpoint 2");
    }
    assert_eq!(fs::read_to_string(files.path(FILE)).unwrap(), later);
}

#[tokio::test]
async fn a_link_in_place_of_a_file_is_refused_and_what_it_leads_to_stays() {
    let files = Files::open().await;
    files.write(2).await;
    let outside = files.folder.path().join("outside");
    fs::copy(files.path(FILE), &outside).unwrap();
    let before = fs::read(&outside).unwrap();
    for name in [FILE, BACKUP, ".lock"] {
        let kept = files.folder.path().join("kept");
        fs::rename(files.path(name), &kept).unwrap();
        symlink(&outside, files.path(name)).unwrap();
        let refused = files.store.put(&key("x:name"), &opaque(json!(9)), 9).await;
        assert!(matches!(&refused, Err(Error::NotAFile { file }) if *file == files.path(name)), "{name}: {refused:?}");
        if name == FILE {
            let refused = files.store.get(&key("x:name")).await;
            assert!(matches!(refused, Err(Error::NotAFile { .. })), "{refused:?}");
        }
        fs::rename(&kept, files.path(name)).unwrap();
        assert_eq!(fs::read(&outside).unwrap(), before);
    }
    assert_eq!(files.version().await, 2);
}

#[tokio::test]
async fn only_the_owner_can_read_what_is_kept() {
    let files = Files::open().await;
    files.write(2).await;
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(files.folder.path().join("a")), mode(files.path(""))], [0o700; 2]);
    assert_eq!([FILE, BACKUP, ".lock"].map(|name| mode(files.path(name))), [0o600; 3]);
}

#[tokio::test]
async fn unfinished_files_are_swept_at_the_next_start_and_others_stay() {
    let files = Files::open().await;
    files.write(2).await;
    fs::write(files.path(".tmp-abc123"), "half a checkp").unwrap();
    fs::write(files.path("notes.txt"), "not ours").unwrap();
    let again = FileCheckpoints::open(files.path("")).await.unwrap();
    assert!(!files.path(".tmp-abc123").exists());
    assert!(files.path("notes.txt").exists());
    assert_eq!(again.keys(None, 10).await.unwrap(), [key("x:name")]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let refused = FileCheckpoints::open(folder.path().join("file/in")).await.unwrap_err().to_string();
    assert!(refused.contains("file/in"), "{refused}");
}
