//! A worker that freezes, is taken for dead, and thaws while another one reads its leader: the fence keeps its page out.

use std::sync::Arc;
use std::time::Duration;

use amber_server::domain::{Checkpoint, OsEntropy, Platform, RunTrigger, ScoredPost};
use amber_server::store::{
    Claim, Committed, Error, Ingest, Lease, PageCommit, Runs, Settings, Store, StreamKind, Want, Work,
};
use amber_tests::Flaky;
use sea_orm::{ConnectionTrait, TransactionTrait};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::fresh::{Fresh, open as connect, settings};
use crate::sample::{Reading, end, leader, number, open, page, post, read, request, want, worker};

on_both_databases!(a_page_of_a_frozen_worker_is_refused, without_the_fence_the_same_freeze_does_harm);

/// Posts of the timeline, ten to a page, the oldest first.
const POSTS: i64 = 60;
const PAGE: i64 = 10;

/// How pages get into the store.
#[derive(Debug, Clone, Copy)]
enum Door {
    /// As they are.
    Fenced,
    /// On whatever version and under whatever lease their stream has by now: what a store without the fence would do.
    Open(Option<Lease>),
}

impl Door {
    async fn commit(self, fresh: &Fresh, mut page: PageCommit) -> Result<Committed, Error> {
        if let Self::Open(holder) = self {
            let version = format!("SELECT cursor_version FROM ingest_streams WHERE stream_key = '{KEY}'");
            page.version = i64::try_from(fresh.number(&version).await).unwrap();
            page.lease = holder.unwrap_or(page.lease);
        }
        fresh.store.commit_page(page).await
    }
}

/// The stream that is read.
const KEY: &str = "x:amber";

/// The page that comes after what the stream holds, and the stream as it is with it; None at the end of the timeline.
fn next_page(reading: &Reading) -> Option<PageCommit> {
    let first = reading.stream.checkpoint.top.map_or(0, |top| (0..POSTS).find(|n| number(*n).0 > top).unwrap_or(POSTS));
    let posts: Vec<ScoredPost> = (first..POSTS.min(first + PAGE)).map(|n| post(number(n), "a post")).collect();
    let top = posts.last()?.post.id.0;
    let checkpoint = Checkpoint { top: Some(top), ..Checkpoint::default() };
    Some(PageCommit { checkpoint, ..page(reading, posts, Vec::new()) })
}

/// Stores the next pages of a worker that does not look at the database in between.
async fn walk(fresh: &Fresh, reading: &mut Reading, pages: usize, door: Door) -> Result<(), Error> {
    for _ in 0..pages {
        let Some(page) = next_page(reading) else { return Ok(()) };
        reading.stream.checkpoint = page.checkpoint.clone();
        reading.stream.version = door.commit(fresh, page).await?.version;
    }
    Ok(())
}

async fn resume(fresh: &Fresh, claim: Claim) -> Reading {
    let stream = fresh.store.stream(&claim.lease, Platform::X, StreamKind::Posts).await.unwrap();
    Reading { claim, stream }
}

/// Two workers, of which the first freezes with a page in its hands. Says how it fared after it thawed.
async fn freeze(fresh: &Fresh, is_fenced: bool) -> Result<(), Error> {
    let door = |holder| if is_fenced { Door::Fenced } else { Door::Open(holder) };
    let mut frozen = read(&fresh.store, leader(&fresh.store, "amber").await.id).await;
    walk(fresh, &mut frozen, 2, door(None)).await.unwrap();

    fresh.expire_leases().await;
    let claim = fresh.store.claim(worker(), want(1)).await.unwrap().remove(0);
    let holder = Some(claim.lease);
    let mut other = resume(fresh, claim).await;
    walk(fresh, &mut other, 3, door(holder)).await.unwrap();

    let thawed = walk(fresh, &mut frozen, 2, door(holder)).await;

    walk(fresh, &mut other, 9, door(holder)).await.unwrap();
    let ended = fresh.store.end_task(&frozen.claim, &end(None)).await;
    assert!(matches!(ended, Err(Error::LeaseLost { .. })), "{ended:?}");
    fresh.store.end_task(&other.claim, &end(None)).await.unwrap().expect("it was the only task");
    thawed
}

/// What is wrong with the ledger of the stream, page by page.
async fn violations(fresh: &Fresh) -> Vec<&'static str> {
    let of_stream =
        format!("FROM ingest_commits WHERE stream_id IN (SELECT id FROM ingest_streams WHERE stream_key = '{KEY}')");
    let cursors = fresh.texts(&format!("SELECT CAST(cursor AS text) {of_stream} ORDER BY cursor_version")).await;
    let tops: Vec<_> = cursors.iter().map(|text| serde_json::from_str::<Checkpoint>(text).unwrap().top).collect();
    let mut found = Vec::new();
    if tops.windows(2).any(|pair| pair[1] < pair[0]) {
        found.push("the checkpoint went back");
    }
    if fresh.number(&format!("SELECT CAST(SUM(unchanged) AS bigint) {of_stream}")).await > 0 {
        found.push("a page was stored twice");
    }
    let epochs = fresh.texts(&format!("SELECT CAST(lease_epoch AS text) {of_stream} ORDER BY cursor_version")).await;
    if epochs.windows(2).any(|pair| pair[1] < pair[0]) {
        found.push("a lease wrote after its successor");
    }
    let last = fresh.store.streams().await.unwrap().into_iter().find(|stream| stream.key == KEY).unwrap();
    if last.checkpoint.top != Some(number(POSTS - 1).0) {
        found.push("the end was not reached");
    }
    if fresh.number("SELECT COUNT(*) FROM posts").await != u64::try_from(POSTS).unwrap() {
        found.push("posts are missing");
    }
    found
}

async fn a_page_of_a_frozen_worker_is_refused(fresh: Fresh) {
    let thawed = freeze(&fresh, true).await;
    assert!(matches!(thawed, Err(Error::Fenced { .. })), "{thawed:?}");
    assert_eq!(violations(&fresh).await, [""; 0]);
    assert_eq!(fresh.number("SELECT COUNT(*) FROM ingest_commits").await, 6);
}

async fn without_the_fence_the_same_freeze_does_harm(fresh: Fresh) {
    freeze(&fresh, false).await.expect("nothing keeps the page out");
    assert_eq!(violations(&fresh).await, ["the checkpoint went back", "a page was stored twice"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_frozen_inside_a_page_holds_up_nobody_for_long() {
    // PostgreSQL ends the session after half of it.
    const TTL: Duration = Duration::from_secs(6);
    let Some(fresh) = Fresh::postgres().await else { return };
    let url =
        fresh.texts("SELECT 'postgres://amber@127.0.0.1:' || inet_server_port() || '/' || current_database()").await;
    let upstream = fresh.texts("SELECT '127.0.0.1:' || inet_server_port()").await.remove(0).parse().unwrap();
    let network = Flaky::in_front_of(upstream);
    let through = url[0].replace(&upstream.to_string(), &network.address().to_string());
    let settings = Settings { lease_ttl: Some(TTL), ..settings(&through) };
    let frozen = Store::connect(&settings, Arc::new(fresh.clock.clone()), Arc::new(OsEntropy)).await.unwrap();
    let healthy = connect(&url[0], &fresh.clock).await;

    for name in ["amber", "other"] {
        leader(&healthy, name).await;
    }
    let run = open(&healthy, &request(RunTrigger::Manual, &[])).await.id;
    let short = Want { ttl: Duration::from_millis(200), ..want(1) };
    let claim = frozen.claim(worker(), short).await.unwrap().remove(0);
    let stream = frozen.stream(&claim.lease, Platform::X, StreamKind::Posts).await.unwrap();
    let leader = claim.lease.leader;
    let page = page(&Reading { claim, stream }, vec![post(number(0), "half a page")], Vec::new());
    // One statement that has come to the database ends there by itself.
    let page = PageCommit { is_likely_new: false, ..page };

    // The page waits for the row of its run, behind the fence; there its network goes, and then the row is free.
    let row = fresh.raw.begin().await.unwrap();
    row.execute_unprepared("SELECT 1 FROM ingest_runs FOR UPDATE").await.unwrap();
    let mut commit = JoinSet::new();
    commit.spawn(async move { frozen.commit_page(page).await });
    fresh.somebody_waits_for_a_lock().await;
    network.stall().await;
    row.rollback().await.unwrap();
    let start = Instant::now();

    let free = healthy.claim(worker(), want(9)).await.unwrap();
    assert!(start.elapsed() < TTL / 4, "a claim waited for the frozen session: {:?}", start.elapsed());
    assert_eq!(free.len(), 1, "the leader of the frozen worker cannot be taken yet");
    assert_ne!(free[0].lease.leader, leader);
    let taken = loop {
        if let Some(claim) = healthy.claim(worker(), want(9)).await.unwrap().pop() {
            break claim;
        }
        assert!(start.elapsed() < TTL, "the frozen session still holds its rows");
        sleep(Duration::from_millis(20)).await;
    };
    assert!(start.elapsed() > TTL / 4, "the session was not frozen inside its transaction");
    assert_eq!((taken.lease.leader, taken.lease.epoch, taken.taken_over), (leader, 2, true));
    network.heal().await;
    let error = commit.join_next().await.unwrap().unwrap().unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert_eq!(fresh.number("SELECT COUNT(*) FROM posts").await, 0, "half a page was stored");
    assert!(!healthy.run(run).await.unwrap().unwrap().status.is_over());
}
