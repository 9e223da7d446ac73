//! Scores a fetched post.

use crate::domain::{FetchedPost, ScoredPost, Sentiment, Unscored};
use crate::sentiment::Analyzer;

/// Scores a post by its text; that of a withheld one is a notice of X.
pub(super) fn score(analyzer: &Analyzer, post: FetchedPost) -> ScoredPost {
    let analysis = analyzer.analyze(&post.text, post.language.as_deref());
    let is_withheld = !post.withheld_in.is_empty();
    let sentiment = if is_withheld { Sentiment::Unscored(Unscored::Withheld) } else { analysis.sentiment };
    ScoredPost { post, sentiment, language: analysis.language }
}
