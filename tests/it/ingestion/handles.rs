//! Leaders that are given another handle: the same account under a new name, another account, or none.

use std::time::Duration;

use amber_sdk::v1::{ErrorReason, Leader, LeaderState, RefreshLeaderRequest, UpdateLeaderRequest};
use amber_server::checkpoints::{CheckpointStore, FileCheckpoints};
use amber_server::sandbox::Fault;
use amber_tests::Backend;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use tonic::Code;

use super::checkpoint_files::in_files;
use crate::stage::{PATIENCE, Stage, end_of, on_both_databases, succeeded};
use crate::wire::reason_of;

on_both_databases! {
    an_account_under_its_new_name_is_read_on_where_it_was,
    another_account_is_read_from_its_newest_posts_and_what_is_stored_stays,
    an_account_that_was_left_and_comes_back_begins_anew_and_doubles_nothing,
    a_handle_that_changes_while_its_account_is_looked_up_is_looked_up_anew,
    a_handle_that_changes_while_its_posts_are_read_stores_none_of_them,
    what_x_says_of_others_is_noted_though_the_leader_who_asked_has_another_handle,
    without_a_handle_nothing_is_asked_for,
    checkpoint_files_follow_the_handle,
}

/// Gives a leader this handle, or none.
async fn give(stage: &Stage, leader: &str, handle: Option<&str>) -> Leader {
    let handles = handle.map(|handle| ("x".to_owned(), handle.to_owned())).into_iter().collect();
    let leader = Leader { id: leader.to_owned(), handles, ..Leader::default() };
    let update_mask = Some(prost_types::FieldMask { paths: vec!["handles".to_owned()] });
    let request = UpdateLeaderRequest { leader: Some(leader), update_mask };
    let updated = stage.amber.leaders().update_leader(request).await.expect("the change is valid");
    updated.into_inner().leader.expect("the leader is answered")
}

/// A server that looks no further back than it must.
async fn stage(backend: Backend) -> Option<Stage> {
    Stage::with(backend, |builder| builder.env("X_INGEST_OVERLAP_MINUTES", "0")).await
}

async fn an_account_under_its_new_name_is_read_on_where_it_was(backend: Backend) {
    let Some(stage) = stage(backend).await else { return };
    let leader = stage.add("ada").await;
    stage.write("ada", 2);
    assert_eq!(succeeded(&stage.run().await).inserted, 2);
    // More than one run reads: below the newest there is a gap.
    stage.write("ada", 25);
    assert_eq!(succeeded(&stage.run().await).inserted, 10);

    stage.x.rename("ada", "lovelace").unwrap();
    let updated = give(&stage, &leader, Some("lovelace")).await;
    assert_eq!(updated.state(), LeaderState::Unresolved);
    stage.write("lovelace", 3);
    let mut counted = 0;
    loop {
        let run = succeeded(&stage.run().await);
        // The posts at the bounds of the head and of the gap may come again, with the new name of their author, and nothing else.
        assert!(run.unchanged + run.updated <= 2, "{run:?}");
        counted += run.inserted;
        if run.inserted == 0 {
            break;
        }
    }
    assert_eq!(counted, 15 + 3);
    stage.assert_complete(&["lovelace"]).await;
    assert_eq!(stage.status().await.leaders[0].state(), LeaderState::Active);
}

async fn another_account_is_read_from_its_newest_posts_and_what_is_stored_stays(backend: Backend) {
    let Some(stage) = stage(backend).await else { return };
    let leader = stage.add("ada").await;
    stage.x.add_user("Bob", "bob").unwrap();
    stage.write("bob", 12);
    stage.write("ada", 4);
    assert_eq!(succeeded(&stage.run().await).inserted, 4);

    give(&stage, &leader, Some("bob")).await;
    stage.write("ada", 3);
    // All posts of Bob are older than those that were read: by the checkpoint of Ada there would be none.
    assert_eq!(succeeded(&stage.run().await).inserted, 10);
    stage.write("bob", 2);
    let run = succeeded(&stage.run().await);
    assert_eq!((run.inserted, run.updated), (2, 0));
    let by = |handle: &str, stored: &[amber_sdk::v1::Post]| {
        stored.iter().filter(|post| post.author.as_ref().is_some_and(|author| author.handle == handle)).count()
    };
    let stored = stage.stored().await;
    assert_eq!((by("ada", &stored), by("bob", &stored)), (4, 12));
    assert!(stored.iter().all(|post| post.leader_id == leader));
    // What lies below the first ten is the matter of a backfill, as with a new leader.
    assert_eq!(succeeded(&stage.backfill().await).inserted, 2);
    let stored = stage.stored().await;
    assert_eq!((by("ada", &stored), by("bob", &stored)), (4, 14));
}

async fn an_account_that_was_left_and_comes_back_begins_anew_and_doubles_nothing(backend: Backend) {
    let Some(stage) = stage(backend).await else { return };
    let leader = stage.add("ada").await;
    stage.x.add_user("Bob", "bob").unwrap();
    stage.write("ada", 4);
    stage.write("bob", 3);
    for (handle, inserted, unchanged) in [("ada", 4, 0), ("bob", 3, 0), ("ada", 0, 4)] {
        give(&stage, &leader, Some(handle)).await;
        let run = succeeded(&stage.run().await);
        assert_eq!((run.inserted, run.unchanged, run.updated), (inserted, unchanged, 0), "{handle}");
    }
    stage.assert_complete(&["ada", "bob"]).await;
    // Nobody was asked for in between: the checkpoint is that of before.
    give(&stage, &leader, Some("bob")).await;
    give(&stage, &leader, Some("ada")).await;
    stage.write("ada", 1);
    let run = succeeded(&stage.run().await);
    assert_eq!(run.inserted, 1);
    assert!(run.unchanged <= 1, "{run:?}");
}

/// Waits until X was asked more often than so.
async fn asked_more_than(stage: &Stage, before: usize) {
    let asked = async {
        while stage.requests() <= before {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, asked).await.expect("X is asked");
}

/// Another handle comes while X takes its time for an answer about the first one.
async fn change_at(stage: &Stage, path: &str) {
    let leader = stage.status().await.leaders.remove(0).leader_id;
    stage.x.add_user("Bob", "bob").unwrap();
    stage.write("bob", 3);
    stage.write("ada", 2);
    let before = stage.requests();
    stage.x.fail_next(1, Fault::Slow(Duration::from_secs(3)));
    let run = stage.ask().await;
    asked_more_than(stage, before).await;
    assert!(stage.x.requests().last().unwrap().path.ends_with(path), "{:?}", stage.x.requests());
    give(stage, &leader, Some("bob")).await;
    let run = succeeded(&end_of(&stage.amber, &run).await);
    assert_eq!(run.inserted, 3, "the run reads who is asked for now");
    // The late answer is there by now, or nobody waits for it.
    stage.write("bob", 1);
    assert_eq!(succeeded(&stage.run().await).inserted, 1);
    stage.assert_complete(&["bob"]).await;
    assert_eq!(stage.status().await.leaders[0].state(), LeaderState::Active);
}

async fn a_handle_that_changes_while_its_account_is_looked_up_is_looked_up_anew(backend: Backend) {
    let Some(stage) = stage(backend).await else { return };
    stage.add("ada").await;
    change_at(&stage, "/users/by").await;
}

async fn a_handle_that_changes_while_its_posts_are_read_stores_none_of_them(backend: Backend) {
    let Some(stage) = stage(backend).await else { return };
    stage.add("ada").await;
    assert_eq!(succeeded(&stage.run().await).inserted, 0);
    change_at(&stage, "/tweets").await;
}

async fn what_x_says_of_others_is_noted_though_the_leader_who_asked_has_another_handle(backend: Backend) {
    // One leader after the other, and leases so short that the loss of one is known before the late answer comes.
    let one_by_one =
        |builder: amber_tests::Builder| builder.env("X_INGEST_CONCURRENCY", "1").env("X_INGEST_LEASE_SECONDS", "3");
    let Some(stage) = Stage::with(backend, one_by_one).await else { return };
    // From the first answer on X's limits are known, so that a call whose answer nobody takes holds up no others.
    stage.add("zoe").await;
    succeeded(&stage.run().await);
    let before = stage.requests();
    let mut leaders = Vec::new();
    for handle in ["ada", "bob", "cyd"] {
        stage.advance(Duration::from_secs(1));
        leaders.push(stage.add(handle).await);
    }
    stage.x.add_user("Dan", "dan").unwrap();
    stage.x.fail_next(1, Fault::Slow(Duration::from_secs(3)));
    // The leaders of one second after the other have ids in that order, and the first one is read first.
    let run = stage.ask_for(&leaders.iter().map(String::as_str).collect::<Vec<_>>()).await;
    asked_more_than(&stage, before).await;
    give(&stage, &leaders[0], Some("dan")).await;
    succeeded(&end_of(&stage.amber, &run).await);
    let lookups = stage.x.requests().into_iter().skip(before).filter(|seen| seen.path == "/2/users/by");
    let names: Vec<_> = lookups.map(|seen| seen.query.split_once("usernames=").expect("names").1.to_owned()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(["ada", "bob", "cyd"].iter().all(|name| names[0].contains(name)), "{names:?}");
    assert!(names[1].starts_with("dan") && !names[1].contains("bob") && !names[1].contains("cyd"), "{names:?}");
    assert!(stage.status().await.leaders.iter().all(|leader| leader.state() == LeaderState::Active));
}

async fn without_a_handle_nothing_is_asked_for(backend: Backend) {
    let Some(stage) = stage(backend).await else { return };
    let leader = stage.add("ada").await;
    stage.write("ada", 2);
    assert_eq!(succeeded(&stage.run().await).inserted, 2);
    assert!(give(&stage, &leader, None).await.handles.is_empty());
    stage.write("ada", 2);
    let before = stage.requests();
    let run = stage.run().await;
    assert_eq!((succeeded(&run).inserted, run.leaders_total), (0, 0));
    assert_eq!(stage.requests(), before);
    let refused = stage.amber.leaders().refresh_leader(RefreshLeaderRequest { leader_id: leader.clone() }).await;
    let refused = reason_of(&refused.unwrap_err(), "a refresh");
    assert_eq!(refused, (Code::InvalidArgument, ErrorReason::FieldInvalid));

    // With the handle its place comes back.
    give(&stage, &leader, Some("Ada")).await;
    let run = succeeded(&stage.run().await);
    assert_eq!(run.inserted, 2);
    assert!(run.unchanged <= 1, "{run:?}");
    stage.assert_complete(&["ada"]).await;
}

async fn checkpoint_files_follow_the_handle(backend: Backend) {
    let folder = TempDir::new().unwrap();
    let Some(stage) = Stage::with(backend, in_files(&folder)).await else { return };
    let leader = stage.add("ada").await;
    stage.write("ada", 4);
    assert_eq!(succeeded(&stage.run().await).inserted, 4);
    let files = FileCheckpoints::open(folder.path().to_owned()).await.unwrap();
    let kept = async |key: &str| files.get(&key.parse().unwrap()).await.unwrap();
    let before = kept("x:ada").await.expect("the file was written");
    stage.x.rename("ada", "lovelace").unwrap();
    give(&stage, &leader, Some("lovelace")).await;
    assert_eq!(kept("x:ada").await, None);
    let after = kept("x:lovelace").await.expect("it goes on under the new key");
    assert_eq!(after.checkpoint, before.checkpoint);
    assert!(after.version > before.version);

    // A file that is left says whose it is: who has the old name now is read from the newest post.
    files.put(&before.key, &before.checkpoint, before.version).await.unwrap();
    stage.x.add_user("Somebody else", "ada").unwrap();
    stage.write("ada", 2);
    stage.advance(Duration::from_hours(1));
    stage.write("lovelace", 1);
    stage.follow("ada").await;
    assert_eq!(succeeded(&stage.run().await).inserted, 3);
    stage.assert_complete(&["ada", "lovelace"]).await;
}
