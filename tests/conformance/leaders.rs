//! The leaders.

use std::time::Duration;

use amber_server::domain::{Leader, LeaderId, LeaderState, NewLeader, RunTrigger, UserId};
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
    assert!(fresh.store.set_account(&leader, user, avatar.clone(), LeaderState::Active).await.unwrap());
    assert!(fresh.store.set_state(&leader, LeaderState::Protected).await.unwrap());
    (leader.x_user_id, leader.avatar_url, leader.state) = (Some(user), avatar, LeaderState::Protected);
    assert_eq!(fresh.store.get(leader.id).await.unwrap().as_ref(), Some(&leader));

    let nobody: LeaderId = "00000000-0000-4000-8000-000000000000".parse().unwrap();
    let gone = Leader { id: nobody, ..leader };
    assert!(!fresh.store.set_state(&gone, LeaderState::Active).await.unwrap());
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
    let keys = ["x:gone", "x:gone#backfill"].map(|key| key.parse().unwrap());
    let mut told = fresh.store.delete(gone.id).await.unwrap().unwrap();
    told.sort_unstable();
    assert_eq!(told, keys);
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
    assert_eq!(fresh.store.delete(gone.id).await.unwrap(), None);
    assert_eq!(fresh.store.list(None, 10).await.unwrap(), [stays]);
}

/// PostgreSQL ends a statement that takes longer than ten seconds, and no leader would be deleted for having many posts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_of_many_posts_is_deleted_in_parts() {
    const PARTS: [&str; 2] = ["NULL", "1"];
    let Some(fresh) = Fresh::postgres().await else { return };
    let (gone, stays) = (leader(&fresh.store, "gone").await.id, leader(&fresh.store, "stays").await.id);
    for (part, deleted) in PARTS.into_iter().enumerate() {
        let posts = format!(
            "INSERT INTO posts (id, platform, root_id, external_id, version, leader_id, author_handle, author_name, body, hashtags, media, \
               posted_at, language, unscored_reason, content_hash, revision, permalink, edited, truncated, withheld_in, first_seen_at, \
               updated_at, deleted_at, deleted_reason) \
             SELECT gen_random_uuid(), 'x', n || '-{part}', n, n, CASE n WHEN 1 THEN CAST('{stays}' AS uuid) ELSE '{gone}' END, '', '', '', \
               '[]', '[]', n, 'und', 'no_text', '', 1, '', FALSE, FALSE, '[]', 1, 1, {deleted}, CASE WHEN {deleted} = 1 THEN 'x' END \
             FROM generate_series(1, 12000) n"
        );
        assert_eq!(fresh.change(&posts).await, 12_000);
    }
    let few = "CREATE FUNCTION few() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        IF (SELECT COUNT(*) FROM gone) > 5000 THEN RAISE EXCEPTION 'too many'; END IF; RETURN NULL; END $$";
    let each = "CREATE TRIGGER few AFTER DELETE ON posts REFERENCING OLD TABLE AS gone EXECUTE FUNCTION few()";
    for statement in [few, each] {
        fresh.change(statement).await;
    }
    assert!(fresh.store.delete(gone).await.unwrap().is_some());
    assert_eq!(fresh.texts("SELECT CAST(leader_id AS text) FROM posts").await, [stays.to_string(), stays.to_string()]);
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
    assert!(fresh.store.delete(first).await.unwrap().is_some());
    assert_eq!(leader(&fresh.store, "amber").await.x_handle().unwrap().as_str(), "amber");
    assert_eq!(fresh.number("SELECT COUNT(*) FROM ingest_streams WHERE stream_key = 'x:amber'").await, 1);
}

async fn leaders_are_looked_up_once_per_run(fresh: Fresh) {
    let [new, old, active, elsewhere] = ["new", "old", "active", "elsewhere"];
    let mut all = Vec::new();
    for name in [new, old, active, elsewhere] {
        all.push(leader(&fresh.store, name).await);
    }
    let ids: Vec<_> = all.iter().map(|leader| leader.id).collect();
    fresh.store.set_state(&all[1], LeaderState::NotFound).await.unwrap();
    fresh.store.set_account(&all[2], UserId(7), None, LeaderState::Active).await.unwrap();
    fresh.clock.advance(Duration::from_secs(1));
    let run = open(&fresh.store, &request(RunTrigger::Manual, &ids[..3])).await.id;

    let mut wanted = fresh.store.to_look_up(run, 10).await.unwrap();
    wanted.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(wanted.iter().map(|leader| leader.name.as_str()).collect::<Vec<_>>(), [new, old]);
    assert_eq!(fresh.store.to_look_up(run, 1).await.unwrap().len(), 1);
    fresh.store.set_state(&all[1], LeaderState::NotFound).await.unwrap();
    fresh.store.set_account(&all[0], UserId(8), None, LeaderState::Active).await.unwrap();
    assert_eq!(fresh.store.to_look_up(run, 10).await.unwrap(), []);
}
