//! The leaders.

use std::time::Duration;

use amber_server::domain::{LeaderId, LeaderState, NewLeader, RunTrigger, UserId};
use amber_server::store::{Error, Ingest, LeaderCursor, Leaders};

use crate::fresh::{Fresh, TABLES};
use crate::sample::{commit, leader, number, open, page, post, read, reading, rejected, request};

on_both_databases!(
    the_newest_leader_comes_first_on_every_page,
    a_leader_comes_back_as_it_was_stored,
    a_deleted_leader_takes_everything_along,
    a_page_for_a_deleted_leader_is_fenced,
    leaders_of_one_handle_have_streams_of_their_own,
    leaders_are_looked_up_once_per_run,
);

async fn the_newest_leader_comes_first_on_every_page(fresh: Fresh) {
    let mut expected = Vec::new();
    for n in 0..7 {
        expected.insert(0, leader(&fresh.store, &format!("leader{n}")).await);
        // Some are of one instant.
        fresh.clock.advance(Duration::from_micros(n % 2));
    }
    expected.sort_by_key(|leader| std::cmp::Reverse((leader.created_at, leader.id)));
    assert_eq!(fresh.store.list(None, 100).await.unwrap(), expected);

    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let page = fresh.store.list(after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(LeaderCursor { created_at: last.created_at, id: last.id });
        listed.extend(page);
    }
    assert_eq!(listed, expected);
    let some = fresh.store.get_many(&[expected[4].id, expected[1].id]).await.unwrap();
    assert_eq!(some, [expected[1].clone(), expected[4].clone()]);
    assert_eq!(Leaders::count(&fresh.store).await.unwrap(), 7);
}

async fn a_leader_comes_back_as_it_was_stored(fresh: Fresh) {
    let new = NewLeader {
        name: "आशा".into(),
        handles: [("x".into(), "@asha".into()), ("facebook".into(), "asha.page".into())].into(),
        tracking_topics: vec!["education".into(), "education".into()],
    };
    let mut leader = fresh.store.create(new).await.unwrap();
    assert_eq!(leader.state, LeaderState::Unresolved);
    assert_eq!(fresh.store.get(leader.id).await.unwrap().as_ref(), Some(&leader));

    let (user, avatar) = (UserId(i64::MAX), Some("https://pic.example/a.jpg".to_owned()));
    assert!(fresh.store.set_account(leader.id, user, avatar.clone(), LeaderState::Active).await.unwrap());
    assert!(fresh.store.set_state(leader.id, LeaderState::Protected).await.unwrap());
    (leader.x_user_id, leader.avatar_url, leader.state) = (Some(user), avatar, LeaderState::Protected);
    assert_eq!(fresh.store.get(leader.id).await.unwrap(), Some(leader));

    let nobody: LeaderId = "00000000-0000-4000-8000-000000000000".parse().unwrap();
    assert!(!fresh.store.set_state(nobody, LeaderState::Active).await.unwrap());
    assert_eq!(fresh.store.get(nobody).await.unwrap(), None);
}

async fn a_deleted_leader_takes_everything_along(fresh: Fresh) {
    let (gone, stays) = (leader(&fresh.store, "gone").await, leader(&fresh.store, "stays").await);
    for (n, leader) in [(0, &gone), (10, &stays)] {
        let page = page(
            &read(&fresh.store, leader.id).await,
            vec![post(number(n), "a"), post(number(n + 1), "b")],
            vec![rejected(1)],
        );
        fresh.store.commit_page(page).await.unwrap();
    }
    let before = fresh.everything().await;
    assert!(fresh.store.delete(gone.id).await.unwrap());
    let after = fresh.everything().await;
    for table in ["ingest_streams", "ingest_tasks", "ingest_commits", "quarantine", "posts", "post_metrics"] {
        assert!(!after[table].is_empty(), "{table}");
    }
    // Those who follow posts would take a place that is gone for posts that they missed.
    assert_eq!(after["post_arrivals"], before["post_arrivals"]);
    let common = ["arrival_clock", "post_arrivals", "ingest_control", "ingest_runs"];
    for table in TABLES.into_iter().filter(|table| !common.contains(table)) {
        assert_eq!(after[table].len() * 2, before[table].len(), "{table}");
    }
    assert!(!fresh.store.delete(gone.id).await.unwrap());
    assert_eq!(fresh.store.list(None, 10).await.unwrap(), [stays]);
}

async fn a_page_for_a_deleted_leader_is_fenced(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    fresh.store.delete(reading.claim.lease.leader).await.unwrap();
    let error = commit(&fresh.store, &mut reading, vec![post(number(0), "late")]).await.unwrap_err();
    assert!(matches!(error, Error::Fenced { .. }), "{error:?}");
}

async fn leaders_of_one_handle_have_streams_of_their_own(fresh: Fresh) {
    let first = leader(&fresh.store, "Amber").await.id;
    let second = leader(&fresh.store, "@aMBER").await.id;
    let mut keys = fresh.texts("SELECT stream_key FROM ingest_streams").await;
    keys.sort();
    let mut expected = ["x:amber", "x:amber#backfill"].map(str::to_owned).to_vec();
    expected.extend([format!("x:amber~{second}"), format!("x:amber~{second}#backfill")]);
    assert_eq!(keys, expected);
    assert!(fresh.store.delete(first).await.unwrap());
    assert_eq!(leader(&fresh.store, "amber").await.x_handle().unwrap().as_str(), "amber");
    assert_eq!(fresh.number("SELECT COUNT(*) FROM ingest_streams WHERE stream_key = 'x:amber'").await, 1);
}

async fn leaders_are_looked_up_once_per_run(fresh: Fresh) {
    let [new, old, active, elsewhere] = ["new", "old", "active", "elsewhere"];
    let mut ids = Vec::new();
    for name in [new, old, active, elsewhere] {
        ids.push(leader(&fresh.store, name).await.id);
    }
    fresh.store.set_state(ids[1], LeaderState::NotFound).await.unwrap();
    fresh.store.set_account(ids[2], UserId(7), None, LeaderState::Active).await.unwrap();
    fresh.clock.advance(Duration::from_secs(1));
    let run = open(&fresh.store, &request(RunTrigger::Manual, &ids[..3])).await.id;

    let mut wanted = fresh.store.to_look_up(run, 10).await.unwrap();
    wanted.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(wanted.iter().map(|leader| leader.name.as_str()).collect::<Vec<_>>(), [new, old]);
    assert_eq!(fresh.store.to_look_up(run, 1).await.unwrap().len(), 1);
    fresh.store.set_state(ids[1], LeaderState::NotFound).await.unwrap();
    fresh.store.set_account(ids[0], UserId(8), None, LeaderState::Active).await.unwrap();
    assert_eq!(fresh.store.to_look_up(run, 10).await.unwrap(), []);
}
