//! Leaders, posts and pages made up for the tests.

use amber_server::domain::{
    Author, Checkpoint, ExternalId, FetchedPost, Leader, Media, MediaKind, NewLeader, Platform, PostMetrics,
    ScoredPost, Sentiment, snowflake_time,
};
use amber_server::store::{Committed, Error, Ingest, Leaders, PageCommit, Rejected, Store, Stream, StreamKind};
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

/// The stream of a new leader.
pub(crate) async fn stream(store: &Store) -> Stream {
    let leader = leader(store, "amber").await;
    store.stream(leader.id, Platform::X, StreamKind::Posts).await.unwrap()
}

/// A page for the stream as it was read.
pub(crate) fn page(stream: &Stream, posts: Vec<ScoredPost>, rejected: Vec<Rejected>) -> PageCommit {
    let fetched = u64::try_from(posts.len() + rejected.len()).unwrap();
    let checkpoint = Checkpoint { top: Some(stream.version + 1), ..Checkpoint::default() };
    PageCommit { run: None, stream: stream.id, version: stream.version, checkpoint, posts, rejected, fetched }
}

/// Stores posts on whatever version the stream is.
pub(crate) async fn commit(store: &Store, stream: &mut Stream, posts: Vec<ScoredPost>) -> Result<Committed, Error> {
    let committed = store.commit_page(page(stream, posts, Vec::new())).await?;
    stream.version = committed.version;
    Ok(committed)
}
