//! Quarantine: what is a post after all is stored once, what is none stays open, and nothing else moves.

use std::sync::Arc;

use amber_server::domain::{Clock, ExternalId, FeedFilter, LeaderChange, UserId};
use amber_server::ingestion::{Fate, QuarantineDeps, replay};
use amber_server::sentiment::Analyzer;
use amber_server::store::{
    Ingest, Leaders, Posts, Quarantine, QuarantineFilter, QuarantineId, QuarantineStatus, Quarantined, Rejected,
    ReplayOutcome,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::fresh::Fresh;
use crate::sample::{Reading, edit, leader, number, page, post, read as begin, rejected};

on_both_databases!(
    a_record_that_is_a_post_now_is_stored_once,
    of_many_who_replay_a_record_one_stores_it,
    a_record_that_is_still_no_post_stays_open_with_its_new_reason,
    a_record_of_an_account_that_the_leader_left_waits_until_it_comes_back,
    a_replay_leaves_a_post_that_is_stored_already,
    a_replay_brings_an_edit_of_a_stored_post,
    what_was_discarded_is_not_replayed,
    a_record_that_is_seen_again_stays_as_it_was_dealt_with,
    records_are_listed_newest_first_by_status_and_leader,
    a_record_that_was_cut_cannot_be_replayed,
    what_was_dealt_with_is_forgotten_when_it_is_old_and_not_seen_again,
);

/// The account of every leader here.
const ACCOUNT: i64 = 12;

fn deps(fresh: &Fresh) -> QuarantineDeps {
    let store = Arc::new(fresh.store.clone());
    QuarantineDeps { leaders: store.clone(), records: store, analyzer: Arc::new(Analyzer::new()) }
}

/// A record of X that the parser takes.
fn record(id: ExternalId, text: &str) -> Value {
    json!({
        "id": id.to_string(), "author_id": ACCOUNT.to_string(), "text": text, "lang": "en",
        "public_metrics": {"like_count": 3},
    })
}

/// Begins to read a leader whose account is known.
async fn known(fresh: &Fresh, name: &str) -> Reading {
    let leader = leader(&fresh.store, name).await;
    fresh.store.set_account(&leader, UserId(ACCOUNT), None, leader.state).await.unwrap();
    begin(&fresh.store, leader.id).await
}

/// Puts a record into quarantine, as a page would.
async fn set_aside(fresh: &Fresh, reading: &mut Reading, raw: Value) -> QuarantineId {
    // Names sort by the millisecond in which they were made.
    fresh.clock.advance(std::time::Duration::from_millis(1));
    let rejected = Rejected { raw, reason: "of a stricter parser".into(), path: "data[0]".into() };
    let committed = fresh.store.commit_page(page(reading, Vec::new(), vec![rejected])).await.unwrap();
    reading.stream.version = committed.version;
    fresh.store.records(QuarantineFilter::default(), None, 1).await.unwrap()[0].id
}

async fn read(fresh: &Fresh, id: QuarantineId) -> Quarantined {
    fresh.store.record(id).await.unwrap().unwrap()
}

async fn fate(fresh: &Fresh, id: QuarantineId) -> Fate {
    let mut report = replay(&deps(fresh), &[id]).await.unwrap();
    assert_eq!(report.verdicts.len(), 1);
    report.verdicts.remove(0).fate
}

async fn a_record_that_is_a_post_now_is_stored_once(fresh: Fresh) {
    let mut reading = known(&fresh, "amber").await;
    let id = set_aside(&fresh, &mut reading, record(number(1), "What a wonderful day!")).await;
    let before = fresh.everything().await;

    let unknown = QuarantineId(reading.stream.id.0);
    let report = replay(&deps(&fresh), &[id, id, unknown]).await.unwrap();
    let fates: Vec<_> = report.verdicts.iter().map(|verdict| verdict.fate.clone()).collect();
    assert_eq!(fates, [Fate::Replayed(ReplayOutcome::Inserted), Fate::Closed, Fate::Unknown]);
    assert_eq!(report.replayed(), 1);
    assert_eq!(fate(&fresh, id).await, Fate::Closed);

    let feed = fresh.store.page(&FeedFilter::default(), None, 10).await.unwrap();
    assert_eq!(feed.posts.len(), 1);
    let stored = &feed.posts[0];
    assert_eq!((stored.text.as_str(), stored.author.handle.as_str()), ("What a wonderful day!", "amber"));
    assert_eq!((stored.metrics.likes, stored.leader_id), (Some(3), reading.stream.leader_id));
    assert!(stored.sentiment.score().is_some_and(|score| score > 0.0), "{:?}", stored.sentiment);
    assert_eq!(fresh.number("SELECT CAST(SUM(n) AS bigint) FROM post_counts").await, 1);

    let closed = read(&fresh, id).await;
    assert_eq!((closed.status, closed.attempts), (QuarantineStatus::Replayed, 1));
    assert_eq!((closed.outcome, closed.closed_at), (Some(ReplayOutcome::Inserted), Some(fresh.clock.now())));
    let after = fresh.everything().await;
    for table in ["leaders", "ingest_streams", "ingest_runs", "ingest_commits"] {
        assert_eq!(before[table], after[table], "{table}");
    }
}

async fn of_many_who_replay_a_record_one_stores_it(fresh: Fresh) {
    let mut reading = known(&fresh, "amber").await;
    let id = set_aside(&fresh, &mut reading, record(number(1), "Once.")).await;
    let mut callers = JoinSet::new();
    for _ in 0..12 {
        let deps = deps(&fresh);
        callers.spawn(async move { replay(&deps, &[id]).await.unwrap().verdicts.remove(0).fate });
    }
    let fates = callers.join_all().await;
    let stored = fates.iter().filter(|fate| **fate == Fate::Replayed(ReplayOutcome::Inserted)).count();
    let late = fates.iter().filter(|fate| **fate == Fate::Closed).count();
    assert_eq!((stored, late), (1, 11), "{fates:?}");
    assert_eq!(fresh.number("SELECT CAST(SUM(n) AS bigint) FROM post_counts").await, 1);
    assert_eq!(fresh.number("SELECT revision FROM posts").await, 1);
    assert_eq!(read(&fresh, id).await.attempts, 1);
}

async fn a_record_that_is_still_no_post_stays_open_with_its_new_reason(fresh: Fresh) {
    let mut reading = known(&fresh, "amber").await;
    let mut bad = record(number(1), "never mind");
    bad["text"] = Value::Null;
    let id = set_aside(&fresh, &mut reading, bad).await;
    for attempts in 1..=2 {
        let refused = Fate::Refused { reason: "is missing".into(), path: "text".into() };
        assert_eq!(fate(&fresh, id).await, refused);
        let open = read(&fresh, id).await;
        assert_eq!((open.status, open.attempts, open.closed_at), (QuarantineStatus::Open, attempts, None));
        assert_eq!((open.reason.as_str(), open.path.as_str()), ("is missing", "text"));
    }
    assert_eq!(fresh.number("SELECT COUNT(*) FROM posts").await, 0);
}

async fn a_record_of_an_account_that_the_leader_left_waits_until_it_comes_back(fresh: Fresh) {
    let mut reading = known(&fresh, "ada").await;
    let id = set_aside(&fresh, &mut reading, record(number(1), "by Ada")).await;
    let mut by_nobody = record(number(2), "by whoever is read");
    by_nobody["author_id"] = Value::Null;
    let by_nobody = set_aside(&fresh, &mut reading, by_nobody).await;
    let leader = reading.stream.leader_id;
    let follow = async |handle: &str, account: i64| {
        let handles = Some([("x".to_owned(), handle.to_owned())].into());
        let change = LeaderChange { handles, ..LeaderChange::default() };
        let moved = fresh.store.change(leader, &change).await.unwrap().unwrap().leader;
        let Fate::Refused { reason, .. } = fate(&fresh, id).await else {
            panic!("nobody knows the account of {handle}")
        };
        assert!(reason.contains("not known yet: replay it after a run"), "{reason}");
        assert!(fresh.store.set_account(&moved, UserId(account), None, moved.state).await.unwrap());
    };

    follow("bob", 13).await;
    let Fate::Refused { reason, path } = fate(&fresh, id).await else { panic!("it is a post of another account") };
    assert!(reason.contains("is account 12, but the leader has account 13 now: discard"), "{reason}");
    assert_eq!(path, "author_id");
    let open = read(&fresh, id).await;
    assert_eq!(
        (open.status, open.reason, open.path),
        (QuarantineStatus::Open, reason, path),
        "the list tells the same"
    );
    assert_eq!(fate(&fresh, by_nobody).await, Fate::Refused { reason: "is missing".into(), path: "author_id".into() });
    assert_eq!(fresh.number("SELECT COUNT(*) FROM posts").await, 0);

    // The same account under another name.
    follow("lovelace", ACCOUNT).await;
    assert_eq!(fate(&fresh, id).await, Fate::Replayed(ReplayOutcome::Inserted));
    assert_eq!(fresh.texts("SELECT body FROM posts").await, ["by Ada"]);
}

async fn a_replay_leaves_a_post_that_is_stored_already(fresh: Fresh) {
    let mut reading = known(&fresh, "amber").await;
    let id = set_aside(&fresh, &mut reading, record(number(1), "without its picture")).await;
    let older = set_aside(&fresh, &mut reading, record(number(2), "before the edit")).await;
    let whole = vec![post(number(1), "with its picture"), edit(number(2), 1, "after the edit")];
    reading.stream.version = fresh.store.commit_page(page(&reading, whole, Vec::new())).await.unwrap().version;

    let before = fresh.everything().await;
    fresh.clock.advance(std::time::Duration::from_mins(1));
    for id in [id, older] {
        assert_eq!(fate(&fresh, id).await, Fate::Replayed(ReplayOutcome::Unchanged));
        assert_eq!(read(&fresh, id).await.outcome, Some(ReplayOutcome::Unchanged));
    }
    let after = fresh.everything().await;
    for table in ["posts", "post_metrics", "post_counts", "post_hashtags"] {
        assert_eq!(before[table], after[table], "{table}");
    }
}

async fn a_replay_brings_an_edit_of_a_stored_post(fresh: Fresh) {
    let mut reading = known(&fresh, "amber").await;
    let root = number(1);
    let first = page(&reading, vec![post(root, "first")], Vec::new());
    reading.stream.version = fresh.store.commit_page(first).await.unwrap().version;
    let mut edited = record(ExternalId(root.0 + 1), "second");
    edited["edit_history_tweet_ids"] = json!([root.to_string(), (root.0 + 1).to_string()]);
    let id = set_aside(&fresh, &mut reading, edited).await;
    assert_eq!(fate(&fresh, id).await, Fate::Replayed(ReplayOutcome::Updated));
    assert_eq!(fresh.texts("SELECT body FROM posts").await, ["second"]);
    assert_eq!(fresh.number("SELECT CAST(SUM(n) AS bigint) FROM post_counts").await, 1);
}

async fn what_was_discarded_is_not_replayed(fresh: Fresh) {
    let mut reading = known(&fresh, "amber").await;
    let id = set_aside(&fresh, &mut reading, record(number(1), "unwanted")).await;
    assert!(fresh.store.discard(id).await.unwrap());
    assert!(!fresh.store.discard(id).await.unwrap());
    assert_eq!(fate(&fresh, id).await, Fate::Closed);
    let closed = read(&fresh, id).await;
    assert_eq!((closed.status, closed.attempts, closed.outcome), (QuarantineStatus::Discarded, 0, None));
    assert_eq!(closed.closed_at, Some(fresh.clock.now()));
    assert_eq!(fresh.number("SELECT COUNT(*) FROM posts").await, 0);

    let wanted = set_aside(&fresh, &mut reading, record(number(2), "wanted")).await;
    fate(&fresh, wanted).await;
    assert!(!fresh.store.discard(wanted).await.unwrap());
    assert!(!fresh.store.discard(QuarantineId(reading.stream.id.0)).await.unwrap());
}

async fn a_record_that_is_seen_again_stays_as_it_was_dealt_with(fresh: Fresh) {
    let mut reading = known(&fresh, "amber").await;
    let raw = record(number(1), "again and again");
    let id = set_aside(&fresh, &mut reading, raw.clone()).await;
    fate(&fresh, id).await;
    fresh.clock.advance(std::time::Duration::from_mins(1));
    assert_eq!(set_aside(&fresh, &mut reading, raw).await, id);
    let seen = read(&fresh, id).await;
    assert_eq!((seen.status, seen.last_seen_at), (QuarantineStatus::Replayed, fresh.clock.now()));
    assert_eq!(fate(&fresh, id).await, Fate::Closed);
}

async fn records_are_listed_newest_first_by_status_and_leader(fresh: Fresh) {
    let mut readings = [known(&fresh, "ada").await, known(&fresh, "bob").await];
    let mut ids = Vec::new();
    for n in 0..10 {
        fresh.clock.advance(std::time::Duration::from_secs(1));
        let reading = &mut readings[usize::from(n % 2)];
        ids.push(set_aside(&fresh, reading, rejected(n).raw).await);
    }
    ids.reverse();
    for id in &ids[..3] {
        fresh.store.discard(*id).await.unwrap();
    }
    let list = async |filter: QuarantineFilter| {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = fresh.store.records(filter, before, 2).await.unwrap();
            let Some(last) = page.last() else { return found };
            assert!(page.len() <= 2);
            before = Some(last.id);
            found.extend(page.into_iter().map(|record| record.id));
        }
    };
    assert_eq!(list(QuarantineFilter::default()).await, ids);
    let open = QuarantineFilter { status: Some(QuarantineStatus::Open), leader: None };
    assert_eq!(list(open).await, ids[3..]);
    let of_first = QuarantineFilter { leader: Some(readings[0].stream.leader_id), ..open };
    let expected: Vec<_> = ids.iter().skip(1).step_by(2).filter(|id| ids[3..].contains(id)).copied().collect();
    assert_eq!(list(of_first).await, expected);
    let replayed = QuarantineFilter { status: Some(QuarantineStatus::Replayed), leader: None };
    assert!(list(replayed).await.is_empty());
}

async fn a_record_that_was_cut_cannot_be_replayed(fresh: Fresh) {
    let mut reading = known(&fresh, "amber").await;
    let id = set_aside(&fresh, &mut reading, record(number(1), &"long ".repeat(20_000))).await;
    let Fate::Refused { reason, .. } = fate(&fresh, id).await else { panic!("half a record was read") };
    assert!(reason.contains("too long"), "{reason}");
    assert_eq!(read(&fresh, id).await.attempts, 1);
}

async fn what_was_dealt_with_is_forgotten_when_it_is_old_and_not_seen_again(fresh: Fresh) {
    let mut reading = known(&fresh, "amber").await;
    let mut ids = Vec::new();
    for n in 1..=5 {
        ids.push(set_aside(&fresh, &mut reading, record(number(n), &format!("record {n}"))).await);
    }
    let [replayed, discarded, open, seen_again, late] = ids[..] else { panic!("{ids:?}") };
    assert_eq!(fate(&fresh, replayed).await, Fate::Replayed(ReplayOutcome::Inserted));
    for id in [discarded, seen_again] {
        assert!(fresh.store.discard(id).await.unwrap());
    }
    fresh.clock.advance(std::time::Duration::from_hours(1));
    let limit = fresh.clock.now();
    assert!(fresh.store.discard(late).await.unwrap());
    set_aside(&fresh, &mut reading, record(number(4), "record 4")).await;

    let items = fresh.number("SELECT COUNT(*) FROM review_items").await;
    assert_eq!(fresh.store.purge_closed(limit).await.unwrap(), 2);
    assert_eq!(fresh.store.purge_closed(limit).await.unwrap(), 0);
    let mut left: Vec<_> = fresh.store.records(QuarantineFilter::default(), None, 9).await.unwrap();
    left.reverse();
    assert_eq!(left.iter().map(|record| record.id).collect::<Vec<_>>(), [open, seen_again, late]);
    assert_eq!(fresh.number("SELECT COUNT(*) FROM posts").await, 1);
    // The item of the record that became a post is about that post.
    assert_eq!(fresh.number("SELECT COUNT(*) FROM review_items").await, items - 1);
}
