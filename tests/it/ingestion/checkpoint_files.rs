//! Checkpoints in files: they follow the database, and an empty database goes on from them.

use amber_sdk::v1::{DeleteLeaderRequest, RunStatus, TriggerIngestionRequest};
use amber_server::checkpoints::{CheckpointStore, FileCheckpoints};
use amber_server::domain::SavedCheckpoint;
use amber_tests::{Backend, Builder, TestServer};
use tempfile::TempDir;

use crate::stage::{Stage, on_both_databases, succeeded};

on_both_databases! {
    files_follow_what_is_stored_and_an_empty_database_goes_on_from_them,
    a_damaged_file_is_told_and_not_begun_anew,
    a_dry_run_takes_nothing_over,
    a_leader_who_is_removed_and_added_again_is_read_anew,
}

pub(super) fn in_files(folder: &TempDir) -> impl FnOnce(Builder) -> Builder {
    let folder = folder.path().to_str().unwrap().to_owned();
    move |builder| {
        let builder = builder.env("CHECKPOINT_STORE", "file").env("CHECKPOINT_DIR", folder);
        builder.env("X_INGEST_OVERLAP_MINUTES", "0")
    }
}

async fn kept(folder: &TempDir) -> SavedCheckpoint {
    let files = FileCheckpoints::open(folder.path().to_owned()).await.unwrap();
    files.get(&"x:ada".parse().unwrap()).await.unwrap().expect("the file was written")
}

/// A server that read four posts and is gone with its database, and the files that it left.
async fn lost(backend: Backend) -> Option<(Stage, TempDir)> {
    let folder = TempDir::new().unwrap();
    let stage = Stage::with(backend, in_files(&folder)).await?;
    stage.add("ada").await;
    stage.write("ada", 4);
    assert_eq!(succeeded(&stage.run().await).inserted, 4);
    Some((stage, folder))
}

/// The same X, read by a server whose database is empty.
async fn anew(backend: Backend, lost: Stage, folder: &TempDir) -> Stage {
    let Stage { x, server, .. } = lost;
    let clock = server.clock.clone();
    server.stop().await;
    let builder = TestServer::on(backend).await.expect("it was there before");
    let server = in_files(folder)(builder.clock(clock).x(&x).hasty().env("ADMIN_JWT_TTL", "86400")).start().await;
    let amber = server.sdk_as_admin().await;
    let stage = Stage { x, server, amber };
    stage.follow("ada").await;
    stage
}

async fn files_follow_what_is_stored_and_an_empty_database_goes_on_from_them(backend: Backend) {
    let Some((stage, folder)) = lost(backend).await else { return };
    let newest = stage.stored().await[0].external_id.parse().unwrap();
    let before = kept(&folder).await;
    assert_eq!(before.checkpoint.understood().unwrap().top, Some(newest));

    let stage = anew(backend, stage, &folder).await;
    stage.write("ada", 2);
    let run = succeeded(&stage.run().await);
    assert!((2..=3).contains(&run.inserted), "the older posts are behind the checkpoint: {run:?}");
    let after = kept(&folder).await;
    assert!(after.version > before.version, "{} after {}", after.version, before.version);
    assert_eq!(after.checkpoint.understood().unwrap().top, Some(stage.stored().await[0].external_id.parse().unwrap()));
}

async fn a_damaged_file_is_told_and_not_begun_anew(backend: Backend) {
    let Some((stage, folder)) = lost(backend).await else { return };
    let stage = anew(backend, stage, &folder).await;
    std::fs::write(folder.path().join("x%3Aada.checkpoint"), "half").unwrap();
    let run = stage.run().await;
    assert_eq!(run.status(), RunStatus::Failed);
    let told = format!("{run:?}");
    assert!(told.contains("x%3Aada.checkpoint is damaged"), "{told}");
    assert!(stage.stored().await.is_empty());
}

async fn a_dry_run_takes_nothing_over(backend: Backend) {
    let Some((stage, folder)) = lost(backend).await else { return };
    let before = kept(&folder).await;
    let stage = anew(backend, stage, &folder).await;
    succeeded(&stage.run_as(TriggerIngestionRequest { dry_run: true, ..Default::default() }).await);
    assert_eq!(stage.status().await.leaders.remove(0).high_water_mark, "");
    assert_eq!(kept(&folder).await, before);
}

async fn a_leader_who_is_removed_and_added_again_is_read_anew(backend: Backend) {
    let Some((stage, _folder)) = lost(backend).await else { return };
    let leader_id = stage.status().await.leaders.remove(0).leader_id;
    stage.amber.leaders().delete_leader(DeleteLeaderRequest { leader_id }).await.unwrap();
    assert!(stage.stored().await.is_empty());
    stage.follow("ada").await;
    assert_eq!(succeeded(&stage.run().await).inserted, 4);
    stage.assert_complete(&["ada"]).await;
}
