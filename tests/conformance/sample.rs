//! Leaders, posts, pages and the runs that fetch them, made up for the tests.

use std::time::Duration;

use amber_server::domain::{
    Author, Checkpoint, Entropy, ExternalId, FetchedPost, Leader, LeaderId, Media, MediaKind, NewLeader, OsEntropy,
    Platform, PostMetrics, Run, RunCounters, RunTrigger, ScoredPost, Sentiment, snowflake_time,
};
use amber_server::store::{
    Claim, Committed, Error, Ingest, Leaders, Opened, PageCommit, Rejected, RunRequest, Runs, Store, Stream,
    StreamKind, TaskEnd, Want, Work, WorkerId,
};
use serde_json::json;

/// X's number for the first post of 2026-01-01.
const FIRST: i64 = (1_767_225_600_000 - 1_288_834_974_657) << 22;

/// The number of a post that X made `seconds` after the start of 2026.
pub(crate) fn number(seconds: i64) -> ExternalId {
    ExternalId(FIRST + ((seconds * 1_000) << 22))
}

/// A post of that number with a text, never edited.
pub(crate) fn post(id: ExternalId, text: &str) -> ScoredPost {
    ScoredPost {
        post: FetchedPost {
            id,
            edit_root: id,
            author: Author { handle: "amber".into(), name: "Amber".into(), avatar_url: None },
            text: text.into(),
            posted_at: snowflake_time(id),
            language: Some("en".into()),
            hashtags: vec!["Schools".into()],
            media: vec![Media {
                kind: MediaKind::Photo,
                url: Some("https://pic.example/1.jpg".into()),
                preview_url: None,
                alt_text: Some("a school".into()),
            }],
            metrics: PostMetrics { likes: Some(1), ..PostMetrics::default() },
            truncated: false,
            withheld_in: Vec::new(),
        },
        sentiment: Sentiment::Scored { score: 0.5, model: "test/1" },
        language: "en".into(),
        is_doubtful: false,
    }
}

/// The version `later` of the post `root`, which sorts after all versions below it.
pub(crate) fn edit(root: ExternalId, later: i64, text: &str) -> ScoredPost {
    let mut edited = post(ExternalId(root.0 + later), text);
    edited.post.edit_root = root;
    edited
}

/// A record that is no post.
pub(crate) fn rejected(n: u8) -> Rejected {
    Rejected { raw: json!({ "id": n }), reason: "no text".into(), path: "/text".into() }
}

/// A new leader.
pub(crate) async fn leader(store: &Store, name: &str) -> Leader {
    let new = NewLeader { name: name.into(), handles: [("x".into(), name.into())].into(), ..NewLeader::default() };
    store.create(new).await.unwrap()
}

/// A process that works.
pub(crate) fn worker() -> WorkerId {
    let entropy: &dyn Entropy = &OsEntropy;
    WorkerId(entropy.uuid_v4())
}

/// So many tasks, without any other bound.
pub(crate) fn want(tasks: u32) -> Want {
    Want { tasks, everywhere: u32::MAX, ttl: Duration::from_hours(1) }
}

/// A request for these leaders, or for all.
pub(crate) fn request(trigger: RunTrigger, leaders: &[LeaderId]) -> RunRequest {
    let mut leaders = leaders.to_vec();
    leaders.sort_unstable();
    RunRequest { trigger, backfill: false, dry_run: false, leaders }
}

/// A new run.
pub(crate) async fn open(store: &Store, request: &RunRequest) -> Run {
    match store.open_run(request).await.unwrap() {
        Opened::New(run) => run,
        other => panic!("{other:?}"),
    }
}

/// The end of a task whose leader was read, or was not for that reason.
pub(crate) fn end(error: Option<&str>) -> TaskEnd {
    TaskEnd { error: error.map(str::to_owned), dry_counters: RunCounters::default() }
}

/// A leader's newest posts, under the lease by which they are read.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) claim: Claim,
    pub(crate) stream: Stream,
}

/// Begins to read a leader, for a run of its own.
pub(crate) async fn read(store: &Store, leader: LeaderId) -> Reading {
    open(store, &request(RunTrigger::Refresh, &[leader])).await;
    let claim = store.claim(worker(), want(1)).await.unwrap().remove(0);
    assert_eq!(claim.lease.leader, leader);
    let stream = store.stream(&claim.lease, Platform::X, StreamKind::Posts).await.unwrap();
    Reading { claim, stream }
}

/// Begins to read a new leader.
pub(crate) async fn reading(store: &Store) -> Reading {
    read(store, leader(store, "amber").await.id).await
}

/// A page for the stream as it was read.
pub(crate) fn page(reading: &Reading, posts: Vec<ScoredPost>, rejected: Vec<Rejected>) -> PageCommit {
    let Reading { claim, stream } = reading;
    let fetched = u64::try_from(posts.len() + rejected.len()).unwrap();
    let checkpoint = Checkpoint { top: Some(stream.version + 1), ..Checkpoint::default() };
    let (run, lease) = (claim.run, claim.lease);
    let Stream { id, platform, version, .. } = *stream;
    let is_likely_new = true;
    PageCommit { run, lease, stream: id, platform, version, checkpoint, posts, rejected, fetched, is_likely_new }
}

/// Stores posts on whatever version the stream is.
pub(crate) async fn commit(store: &Store, reading: &mut Reading, posts: Vec<ScoredPost>) -> Result<Committed, Error> {
    let committed = store.commit_page(page(reading, posts, Vec::new())).await?;
    reading.stream.version = committed.version;
    Ok(committed)
}
