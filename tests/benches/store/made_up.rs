//! Leaders and posts made up for the measurements.

use amber_server::domain::{
    Author, ExternalId, FetchedPost, Leader, NewLeader, PostMetrics, ScoredPost, Sentiment, snowflake_time,
};
use amber_server::store::{Leaders, Store};

/// X's number for the first post of 2026-01-01.
const FIRST: i64 = (1_767_225_600_000 - 1_288_834_974_657) << 22;

/// The number of a post that X made `n` seconds after the start of 2026.
pub(crate) fn number(n: i64) -> ExternalId {
    ExternalId(FIRST + ((n * 1_000) << 22))
}

/// A post of about 200 characters, as X's are.
pub(crate) fn post(n: i64) -> ScoredPost {
    let id = number(n);
    let text = format!("{n} {}", "People and papers on a long table; the vote is on Tuesday. ".repeat(3));
    ScoredPost {
        post: FetchedPost {
            id,
            edit_root: id,
            author: Author { handle: "amber".into(), name: "Amber".into(), avatar_url: None },
            text,
            posted_at: snowflake_time(id),
            language: Some("en".into()),
            hashtags: vec!["Schools".into()],
            media: Vec::new(),
            metrics: PostMetrics { likes: Some(n % 100), reposts: Some(n % 7), ..PostMetrics::default() },
            truncated: false,
            withheld_in: Vec::new(),
        },
        sentiment: Sentiment::Scored { score: 0.5, model: "bench/1" },
        language: "en".into(),
        is_doubtful: false,
    }
}

/// A new leader.
pub(crate) async fn leader(store: &Store, name: &str) -> Leader {
    let new = NewLeader { name: name.into(), handles: [("x".into(), name.into())].into(), ..NewLeader::default() };
    store.create(new).await.unwrap()
}
