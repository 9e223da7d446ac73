//! Changes of leaders, and what becomes of the streams of one that is given another handle.

use std::collections::BTreeMap;
use std::time::Duration;

use amber_server::domain::{Checkpoint, Leader, LeaderChange, LeaderId, LeaderState, Platform, RunTrigger, UserId};
use amber_server::store::{Error, Ingest, Leaders, MovedStream, StreamKind, Work};
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::fresh::Fresh;
use crate::sample::{commit, end, leader, number, open, page, post, read, request, want, worker};

on_both_databases!(
    only_what_a_change_names_is_changed,
    changes_at_once_of_different_fields_all_count,
    another_handle_forgets_the_account_and_other_letter_cases_do_not,
    streams_go_on_under_the_new_handle_with_what_they_are_of,
    who_reads_the_leader_stores_nothing_after_its_handle_changed,
    what_x_says_of_an_old_handle_is_not_noted,
    a_leader_without_a_handle_keeps_its_place_and_frees_its_key,
    a_handle_that_another_leader_has_makes_a_key_of_its_own,
    leaders_that_change_and_go_at_once_end_well,
    leaders_that_swap_handles_at_once_are_never_refused,
);

fn named(name: &str) -> LeaderChange {
    LeaderChange { name: Some(name.into()), ..LeaderChange::default() }
}

fn on_x(handle: &str) -> LeaderChange {
    LeaderChange { handles: Some([("x".to_owned(), handle.to_owned())].into()), ..LeaderChange::default() }
}

fn nowhere() -> LeaderChange {
    LeaderChange { handles: Some(BTreeMap::new()), ..LeaderChange::default() }
}

async fn change(fresh: &Fresh, id: LeaderId, change: &LeaderChange) -> (Leader, Vec<MovedStream>) {
    let changed = fresh.store.change(id, change).await.unwrap().expect("the leader is there");
    assert_eq!(fresh.store.get(id).await.unwrap().as_ref(), Some(&changed.leader), "it answers what is stored");
    (changed.leader, changed.moved)
}

async fn keys(fresh: &Fresh) -> Vec<String> {
    let mut keys = fresh.texts("SELECT stream_key FROM ingest_streams").await;
    keys.sort();
    keys
}

async fn only_what_a_change_names_is_changed(fresh: Fresh) {
    let before = leader(&fresh.store, "ada").await;
    fresh.store.set_account(&before, UserId(7), Some("a.jpg".into()), LeaderState::Active).await.unwrap();
    let before = fresh.store.get(before.id).await.unwrap().unwrap();
    let (renamed, moved) = change(&fresh, before.id, &named("Ada\0")).await;
    assert_eq!(renamed, Leader { name: "Ada\u{fffd}".into(), ..before.clone() });
    assert_eq!(moved, []);
    let topics = LeaderChange { tracking_topics: Some(vec!["engines".into()]), ..LeaderChange::default() };
    let (known_for, _) = change(&fresh, before.id, &topics).await;
    assert_eq!(known_for, Leader { tracking_topics: vec!["engines".into()], ..renamed });
    assert_eq!(change(&fresh, before.id, &LeaderChange::default()).await.0, known_for);
    let nobody: LeaderId = "00000000-0000-4000-8000-000000000000".parse().unwrap();
    assert_eq!(fresh.store.change(nobody, &named("A")).await.unwrap(), None);
}

async fn changes_at_once_of_different_fields_all_count(fresh: Fresh) {
    let id = leader(&fresh.store, "ada").await.id;
    for round in 0..20 {
        let topics = vec![format!("topic{round}")];
        let topics = LeaderChange { tracking_topics: Some(topics), ..LeaderChange::default() };
        let (name, handle) = (named(&format!("name{round}")), on_x(&format!("handle{round}")));
        let all = tokio::join!(
            fresh.store.change(id, &name),
            fresh.store.change(id, &topics),
            fresh.store.change(id, &handle)
        );
        for changed in [all.0, all.1, all.2] {
            assert!(changed.unwrap().is_some());
        }
        let stored = fresh.store.get(id).await.unwrap().unwrap();
        let told = (stored.name.as_str(), stored.x_handle().unwrap(), &stored.tracking_topics[0]);
        let expected = (format!("name{round}"), format!("handle{round}"), format!("topic{round}"));
        assert_eq!((told.0, told.1.as_str(), told.2), (expected.0.as_str(), expected.1.as_str(), &expected.2));
        assert_eq!(keys(&fresh).await, [format!("x:handle{round}"), format!("x:handle{round}#backfill")]);
    }
}

async fn another_handle_forgets_the_account_and_other_letter_cases_do_not(fresh: Fresh) {
    let before = leader(&fresh.store, "ada").await;
    let avatar = Some("https://pic.example/a.jpg".to_owned());
    fresh.store.set_account(&before, UserId(7), avatar, LeaderState::Active).await.unwrap();
    assert!(fresh.store.set_post_count(&before, 12).await.unwrap());
    let known = fresh.store.get(before.id).await.unwrap().unwrap();

    let (same, moved) = change(&fresh, before.id, &on_x("@ADA")).await;
    assert_eq!(same, Leader { handles: on_x("@ADA").handles.unwrap(), ..known.clone() });
    assert_eq!((moved, keys(&fresh).await), (vec![], vec!["x:ada".to_owned(), "x:ada#backfill".to_owned()]));
    assert_eq!(
        fresh.number("SELECT COUNT(*) FROM leaders WHERE looked_up_at IS NOT NULL AND x_handle = 'ADA'").await,
        1
    );
    // Under its old name as well: it is the same handle.
    let twitter = LeaderChange { handles: Some([("twitter".into(), "ada".into())].into()), ..LeaderChange::default() };
    assert_eq!(change(&fresh, before.id, &twitter).await.0.x_user_id, Some(UserId(7)));

    let (other, _) = change(&fresh, before.id, &on_x("lovelace")).await;
    let handles = on_x("lovelace").handles.unwrap();
    let unknown = Leader { x_user_id: None, avatar_url: None, x_post_count: None, handles, ..known };
    assert_eq!(other, Leader { state: LeaderState::Unresolved, ..unknown });
    assert_eq!(fresh.number("SELECT COUNT(*) FROM leaders WHERE looked_up_at IS NULL").await, 1);
}

async fn streams_go_on_under_the_new_handle_with_what_they_are_of(fresh: Fresh) {
    let before = leader(&fresh.store, "ada").await;
    fresh.store.set_account(&before, UserId(7), None, LeaderState::Active).await.unwrap();
    let mut reading = read(&fresh.store, before.id).await;
    commit(&fresh.store, &mut reading, vec![post(number(0), "a")]).await.unwrap();
    let stored = fresh.store.streams().await.unwrap();
    let (_, moved) = change(&fresh, before.id, &on_x("lovelace")).await;

    let after = fresh.store.streams().await.unwrap();
    assert_eq!(keys(&fresh).await, ["x:lovelace", "x:lovelace#backfill"]);
    for (was, is) in stored.iter().zip(&after) {
        assert_eq!((was.id, was.kind), (is.id, is.kind), "the ledger and the quarantine stay with it");
        let told = moved.iter().find(|moved| moved.to.as_str() == is.key).unwrap();
        assert_eq!(
            (told.from.as_str(), &told.checkpoint, told.version),
            (was.key.as_str(), &is.checkpoint, is.version)
        );
    }
    // The one that was read says whose posts it is of; the other one was never read, and may still take up a file.
    let expected = Checkpoint { top: Some(1), ..Checkpoint::default() }.of_account(UserId(7));
    assert_eq!((&after[0].checkpoint, after[0].version), (&expected, 2));
    assert_eq!((&after[1].checkpoint, after[1].version), (&Checkpoint::default(), 0));
    let ledger = fresh.texts("SELECT CAST(cursor AS text) FROM ingest_commits WHERE run_id IS NULL").await;
    assert_eq!(ledger.len(), 1);
    assert_eq!(serde_json::from_str::<Value>(&ledger[0]).unwrap()["account"], 7);

    // Nobody may use a checkpoint of which nobody knows the account.
    fresh.change("UPDATE ingest_streams SET cursor = '{\"high_water\":1,\"top\":9,\"gaps\":[]}'").await;
    change(&fresh, before.id, &on_x("countess")).await;
    assert!(fresh.store.streams().await.unwrap().iter().all(|stream| stream.checkpoint == Checkpoint::default()));
}

async fn who_reads_the_leader_stores_nothing_after_its_handle_changed(fresh: Fresh) {
    let id = leader(&fresh.store, "ada").await.id;
    let mut old = read(&fresh.store, id).await;
    commit(&fresh.store, &mut old, vec![post(number(0), "a")]).await.unwrap();
    change(&fresh, id, &on_x("lovelace")).await;

    // With the version of now it would still be of the old account.
    for version in [old.stream.version, old.stream.version + 1] {
        old.stream.version = version;
        let fenced = fresh.store.commit_page(page(&old, vec![post(number(1), "b")], Vec::new())).await.unwrap_err();
        assert!(matches!(fenced, Error::Fenced { .. }), "{fenced:?}");
    }
    // Who looked at the leader before, and opens the stream only now, is no better.
    let lost = fresh.store.stream(&old.claim.lease, Platform::X, StreamKind::Posts).await.unwrap_err();
    assert!(matches!(lost, Error::LeaseLost { .. }), "{lost:?}");
    let lost = fresh.store.end_task(&old.claim, &end(None)).await.unwrap_err();
    assert!(matches!(lost, Error::LeaseLost { .. }), "{lost:?}");
    assert_eq!(fresh.number("SELECT COUNT(*) FROM posts").await, 1);

    // The task is still to be done, at once, and by whoever wants it.
    let again = fresh.store.claim(worker(), want(1)).await.unwrap().remove(0);
    assert_eq!((again.run, again.lease.leader), (old.claim.run, id));
    assert!(again.lease.epoch > old.claim.lease.epoch);
    let stream = fresh.store.stream(&again.lease, Platform::X, StreamKind::Posts).await.unwrap();
    let mut new = crate::sample::Reading { claim: again, stream };
    commit(&fresh.store, &mut new, vec![post(number(2), "c")]).await.unwrap();
    assert!(fresh.store.end_task(&new.claim, &end(None)).await.unwrap().is_some());
}

async fn what_x_says_of_an_old_handle_is_not_noted(fresh: Fresh) {
    let asked = leader(&fresh.store, "ada").await;
    let (now, _) = change(&fresh, asked.id, &on_x("lovelace")).await;
    assert!(!fresh.store.set_account(&asked, UserId(7), None, LeaderState::Active).await.unwrap());
    assert!(!fresh.store.set_state(&asked, LeaderState::NotFound).await.unwrap());
    assert!(!fresh.store.set_post_count(&asked, 5).await.unwrap());
    assert_eq!(fresh.store.get(asked.id).await.unwrap().as_ref(), Some(&now));
    let (cased, _) = change(&fresh, asked.id, &on_x("LoveLace")).await;
    assert!(fresh.store.set_account(&now, UserId(8), None, LeaderState::Active).await.unwrap());
    let nobody = change(&fresh, asked.id, &nowhere()).await.0;
    assert!(!fresh.store.set_state(&cased, LeaderState::NotFound).await.unwrap());
    assert!(fresh.store.set_state(&nobody, LeaderState::Unresolved).await.unwrap());
}

async fn a_leader_without_a_handle_keeps_its_place_and_frees_its_key(fresh: Fresh) {
    let before = leader(&fresh.store, "ada").await;
    fresh.store.set_account(&before, UserId(7), None, LeaderState::Active).await.unwrap();
    let mut reading = read(&fresh.store, before.id).await;
    commit(&fresh.store, &mut reading, vec![post(number(0), "a")]).await.unwrap();
    let id = before.id;
    let (gone, _) = change(&fresh, id, &nowhere()).await;
    assert_eq!((gone.x_handle(), gone.x_user_id, gone.state), (None, None, LeaderState::Unresolved));
    assert_eq!(keys(&fresh).await, [format!("x:ada~{id}"), format!("x:ada~{id}#backfill")]);

    // Another leader may have the handle, and this one gets it back with what was read of it.
    let other = leader(&fresh.store, "ada").await.id;
    assert_eq!(keys(&fresh).await[..2], ["x:ada".to_owned(), "x:ada#backfill".to_owned()]);
    change(&fresh, id, &on_x("ada")).await;
    assert_eq!(keys(&fresh).await[2..], [format!("x:ada~{id}"), format!("x:ada~{id}#backfill")]);
    change(&fresh, id, &nowhere()).await;
    fresh.store.delete(other).await.unwrap();
    change(&fresh, id, &on_x("Ada")).await;
    assert_eq!(keys(&fresh).await, ["x:ada", "x:ada#backfill"]);
    let streams = fresh.store.streams().await.unwrap();
    let kept = Checkpoint { top: Some(1), ..Checkpoint::default() }.of_account(UserId(7));
    assert_eq!(streams[0].checkpoint, kept);

    // One that never had a handle gets its streams with the first.
    let new = fresh.store.create(amber_server::domain::NewLeader { name: "B".into(), ..Default::default() }).await;
    change(&fresh, new.unwrap().id, &on_x("bob")).await;
    assert_eq!(keys(&fresh).await, ["x:ada", "x:ada#backfill", "x:bob", "x:bob#backfill"]);
}

async fn a_handle_that_another_leader_has_makes_a_key_of_its_own(fresh: Fresh) {
    let (one, two) = (leader(&fresh.store, "one").await.id, leader(&fresh.store, "two").await.id);
    change(&fresh, one, &on_x("two")).await;
    let own = [format!("x:two~{one}"), format!("x:two~{one}#backfill")];
    assert_eq!(keys(&fresh).await, ["x:two".to_owned(), "x:two#backfill".into(), own[0].clone(), own[1].clone()]);
    // What the first one had is free, and so is what the second one leaves.
    change(&fresh, two, &on_x("one")).await;
    assert_eq!(keys(&fresh).await, ["x:one".to_owned(), "x:one#backfill".into(), own[0].clone(), own[1].clone()]);
    assert_eq!(fresh.number("SELECT COUNT(*) FROM ingest_streams WHERE leader_id IS NULL").await, 0);
}

async fn leaders_that_change_and_go_at_once_end_well(fresh: Fresh) {
    for round in 0..20 {
        let (ada, bob) = (leader(&fresh.store, "ada").await.id, leader(&fresh.store, "bob").await.id);
        let mut reading = read(&fresh.store, ada).await;
        let (handle, other) = (on_x("same"), on_x("Same"));
        let all = tokio::join!(
            fresh.store.change(ada, &handle),
            fresh.store.change(bob, &other),
            commit(&fresh.store, &mut reading, vec![post(number(round), "a")]),
            fresh.store.delete(ada),
        );
        assert!(all.0.is_ok() && all.1.unwrap().is_some() && all.3.unwrap().is_some());
        assert!(matches!(all.2, Ok(_) | Err(Error::Fenced { .. })), "{:?}", all.2);
        assert_eq!(fresh.number("SELECT COUNT(*) FROM ingest_streams").await, 2);
        fresh.store.delete(bob).await.unwrap();
    }
}

async fn leaders_that_swap_handles_at_once_are_never_refused(fresh: Fresh) {
    const ROUNDS: usize = 60;
    let names = ["ada", "bob", "cyd"];
    let mut leaders = Vec::new();
    for name in names {
        leaders.push(leader(&fresh.store, name).await.id);
    }
    // Their leases are extended meanwhile, which locks the streams of all of them.
    open(&fresh.store, &request(RunTrigger::Refresh, &leaders)).await;
    let mut swaps = JoinSet::new();
    for (place, id) in leaders.iter().copied().enumerate() {
        let store = fresh.store.clone();
        swaps.spawn(async move {
            let worker = worker();
            for round in 1..=ROUNDS {
                let handle = on_x(names[(place + round) % names.len()]);
                store.claim(worker, want(1)).await.expect("a claim waits for nobody");
                let (changed, held) = tokio::join!(store.change(id, &handle), store.heartbeat(worker, want(1).ttl));
                assert!(changed.expect("one waits for the other").is_some());
                held.expect("leases are extended whatever changes");
            }
        });
    }
    swaps.join_all().await;
    assert_eq!(fresh.number("SELECT COUNT(*) FROM ingest_streams").await, 6);
    assert_eq!(fresh.number("SELECT COUNT(DISTINCT leader_id) FROM ingest_streams").await, 3);
}

/// Waits until a statement waits for a lock of PostgreSQL.
async fn somebody_waits(fresh: &Fresh) {
    let waiting =
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waits = async {
        while fresh.number(waiting).await == 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(30), waits).await.expect("a lock is waited for");
}

/// On SQLite one change begins when the other one is over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_knows_what_the_one_before_has_made() {
    let Some(fresh) = Fresh::postgres().await else { return };
    let id = leader(&fresh.store, "ada").await.id;
    let renaming = fresh.raw.begin().await.unwrap();
    renaming.execute_unprepared("UPDATE leaders SET name = 'Countess'").await.unwrap();
    let handle = on_x("lovelace");
    let (moved, ()) = tokio::join!(fresh.store.change(id, &handle), async {
        somebody_waits(&fresh).await;
        renaming.commit().await.unwrap();
    });
    let changed = moved.unwrap().expect("the leader is there").leader;
    assert_eq!(changed.name, "Countess");
    assert_eq!(fresh.store.get(id).await.unwrap(), Some(changed));
}

/// On SQLite nobody else writes while a leader is deleted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_is_deleted_while_its_leases_are_extended() {
    let Some(fresh) = Fresh::postgres().await else { return };
    let id = leader(&fresh.store, "ada").await.id;
    let streams = fresh.texts("SELECT CAST(id AS text) FROM ingest_streams ORDER BY id").await;
    // The new version of a row lies behind the others: from now on the table has the streams in the opposite order.
    fresh.change(&format!("UPDATE ingest_streams SET stream_key = 'x:countess' WHERE id = '{}'", streams[0])).await;
    let extending = fresh.raw.begin().await.unwrap();
    let extend = |stream: &str| format!("UPDATE ingest_streams SET lease_until = 1 WHERE id = '{stream}'");
    extending.execute_unprepared(&extend(&streams[0])).await.unwrap();
    let (deleted, ()) = tokio::join!(fresh.store.delete(id), async {
        somebody_waits(&fresh).await;
        extending.execute_unprepared(&extend(&streams[1])).await.expect("nobody waits in a circle");
        extending.commit().await.unwrap();
    });
    assert_eq!(deleted.unwrap().map(|keys| keys.len()), Some(2));
}
