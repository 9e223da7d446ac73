//! Every fetched record is counted once, whatever a page holds: checked against a model over random pages.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use amber_server::domain::{Clock, RunCounters};
use amber_server::store::{Checkpoints, EmbedAudit, Ingest, Ledger, Work};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::fresh::Fresh;
use crate::sample::{Reading, commit, edit, end, number, page, post, read, reading, rejected};

on_both_databases!(
    the_counts_of_any_pages_are_those_of_the_model,
    the_ledger_refuses_what_does_not_balance,
    old_lines_of_the_ledger_are_forgotten_and_nothing_else,
    changes_by_hand_are_forgotten_like_pages,
);

/// A record of a page.
#[derive(Debug, Clone, Copy)]
enum Record {
    /// The version of a chain of edits, with one of two texts.
    Post { chain: i64, version: i64, text: i64 },
    /// No post.
    Bad(u8),
}

fn record() -> impl Strategy<Value = Record> {
    prop_oneof![
        4 => (0..6_i64, 0..3_i64, 0..2_i64).prop_map(|(chain, version, text)| Record::Post { chain, version, text }),
        1 => (0..3_u8).prop_map(Record::Bad),
    ]
}

/// What should be stored: the version and the text of each chain.
type Model = BTreeMap<i64, (i64, i64)>;

fn expected(model: &mut Model, records: &[Record]) -> RunCounters {
    let mut counters = RunCounters { pages: 1, ..RunCounters::default() };
    let mut newest: Model = BTreeMap::new();
    let mut bad = BTreeSet::new();
    for record in records {
        counters.fetched += 1;
        match *record {
            Record::Bad(n) if bad.insert(n) => counters.quarantined += 1,
            Record::Bad(_) => counters.duplicates += 1,
            Record::Post { chain, version, text } => match newest.get(&chain).copied() {
                None => drop(newest.insert(chain, (version, text))),
                Some((known, _)) => {
                    counters.duplicates += 1;
                    if known < version {
                        newest.insert(chain, (version, text));
                    }
                }
            },
        }
    }
    for (chain, found) in newest {
        match model.get(&chain).copied() {
            None => counters.inserted += 1,
            Some(stored) if stored == found || found.0 < stored.0 => {
                counters.unchanged += 1;
                continue;
            }
            Some(_) => counters.updated += 1,
        }
        model.insert(chain, found);
    }
    counters
}

async fn store_page(fresh: &Fresh, reading: &mut Reading, base: i64, records: &[Record]) -> RunCounters {
    let (mut posts, mut bad) = (Vec::new(), Vec::new());
    for record in records {
        match *record {
            Record::Bad(n) => bad.push(rejected(n)),
            Record::Post { chain, version, text } => {
                posts.push(edit(number(base + chain), version, &format!("text {text}")));
            }
        }
    }
    let committed = fresh.store.commit_page(page(reading, posts, bad)).await.unwrap();
    reading.stream.version = committed.version;
    committed.counters
}

async fn the_counts_of_any_pages_are_those_of_the_model(fresh: Fresh) {
    let mut base = 0;
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let pages = vec(vec(record(), 0..12), 1..5);
    let check = |pages: Vec<Vec<Record>>| {
        base += 1_000;
        block_in_place(|| Handle::current().block_on(check_pages(&fresh, base, &pages)))
    };
    let check = std::cell::RefCell::new(check);
    runner.run(&pages, |pages| (check.borrow_mut())(pages)).unwrap();
}

async fn check_pages(fresh: &Fresh, base: i64, pages: &[Vec<Record>]) -> Result<(), TestCaseError> {
    let mut reading = reading(&fresh.store).await;
    let mut model = Model::new();
    for records in pages {
        let counters = store_page(fresh, &mut reading, base, records).await;
        prop_assert_eq!(counters, expected(&mut model, records));
        prop_assert!(counters.balances());
    }
    fresh.store.end_task(&reading.claim, &end(None)).await.unwrap();
    let first = number(base).0;
    let last = number(base + 999).0;
    let stored =
        format!("SELECT version || ' ' || body FROM posts WHERE version BETWEEN {first} AND {last} ORDER BY 1");
    let wanted =
        model.iter().map(|(chain, (version, text))| format!("{} text {text}", number(base + chain).0 + version));
    prop_assert_eq!(fresh.texts(&stored).await, wanted.collect::<Vec<_>>());
    let counted = fresh.number("SELECT CAST(COALESCE(SUM(n), 0) AS bigint) FROM post_counts").await;
    prop_assert_eq!(counted, fresh.number("SELECT COUNT(*) FROM posts").await);
    Ok(())
}

async fn the_ledger_refuses_what_does_not_balance(fresh: Fresh) {
    use sea_orm::ConnectionTrait;
    let mut reading = reading(&fresh.store).await;
    store_page(&fresh, &mut reading, 0, &[Record::Bad(1)]).await;
    let lie = fresh.raw.execute_unprepared("UPDATE ingest_commits SET inserted = inserted + 1").await;
    assert!(lie.is_err(), "a false count went into the ledger");
}

async fn old_lines_of_the_ledger_are_forgotten_and_nothing_else(fresh: Fresh) {
    let mut first = reading(&fresh.store).await;
    for n in 0..3 {
        commit(&fresh.store, &mut first, vec![post(number(n), "old")]).await.unwrap();
    }
    fresh.store.end_task(&first.claim, &end(None)).await.unwrap();
    fresh.clock.advance(Duration::from_hours(1));
    let limit = fresh.clock.now();
    let mut second = read(&fresh.store, first.claim.lease.leader).await;
    commit(&fresh.store, &mut second, vec![post(number(3), "new")]).await.unwrap();

    let mut kept = fresh.everything().await;
    assert_eq!(fresh.store.purge_ledger(limit).await.unwrap(), 3);
    assert_eq!(fresh.store.purge_ledger(limit).await.unwrap(), 0);
    assert_eq!(fresh.texts("SELECT CAST(cursor_version AS text) FROM ingest_commits").await, ["4"]);
    let mut left = fresh.everything().await;
    kept.remove("ingest_commits");
    left.remove("ingest_commits");
    assert_eq!(left, kept);
    commit(&fresh.store, &mut second, vec![post(number(4), "newer")]).await.unwrap();
}

async fn changes_by_hand_are_forgotten_like_pages(fresh: Fresh) {
    let key = reading(&fresh.store).await.stream.key.parse().unwrap();
    assert!(fresh.store.remove_checkpoint(&key).await.unwrap());
    fresh.clock.advance(Duration::from_hours(1));
    let limit = fresh.clock.now();
    assert!(fresh.store.remove_checkpoint(&key).await.unwrap());
    assert_eq!(fresh.number("SELECT COUNT(*) FROM ingest_commits WHERE run_id IS NULL").await, 2);
    assert_eq!(fresh.store.purge_ledger(limit).await.unwrap(), 1);
    assert_eq!(fresh.store.purge_ledger(limit).await.unwrap(), 0);
    assert_eq!(fresh.texts("SELECT CAST(cursor_version AS text) FROM ingest_commits").await, ["2"]);
}

/// A statement of PostgreSQL that took longer than ten seconds would be ended, in this round and in every later one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_much_is_old_it_is_forgotten_in_portions() {
    let Some(fresh) = Fresh::postgres().await else { return };
    let lines = "INSERT INTO embed_audit (at, action) SELECT n, 'issued' FROM generate_series(1, 150000) n";
    fresh.change(lines).await;
    let limit = fresh.clock.now();
    for forgotten in [100_000, 50_000, 0] {
        assert_eq!(fresh.store.purge_events(limit).await.unwrap(), forgotten);
    }
}
