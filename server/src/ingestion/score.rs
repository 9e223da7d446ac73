//! Scores a fetched post.

use crate::domain::{FetchedPost, ScoredPost, Sentiment, Unscored};
use crate::sentiment::Analyzer;

/// Scores the text of a post; that of a withheld one is a notice of X, and says nothing of the author's tone.
pub(super) fn score(analyzer: &Analyzer, post: FetchedPost) -> ScoredPost {
    let analysis = analyzer.analyze(&post.text, post.language.as_deref());
    let is_withheld = !post.withheld_in.is_empty();
    let sentiment = if is_withheld { Sentiment::Unscored(Unscored::Withheld) } else { analysis.sentiment };
    let is_doubtful = analysis.is_doubtful && !is_withheld;
    ScoredPost { post, sentiment, language: analysis.language, is_doubtful }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::{Author, ExternalId, PostMetrics};

    fn post(withheld_in: &[&str]) -> FetchedPost {
        FetchedPost {
            id: ExternalId(1),
            edit_root: ExternalId(1),
            author: Author::default(),
            text: "What a wonderful, wonderful day!".into(),
            posted_at: Timestamp::UNIX_EPOCH,
            language: Some("en".into()),
            hashtags: Vec::new(),
            media: Vec::new(),
            metrics: PostMetrics::default(),
            truncated: false,
            withheld_in: withheld_in.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_withheld_notice_has_no_tone() {
        let analyzer = Analyzer::new();
        assert!(score(&analyzer, post(&[])).sentiment.score().is_some_and(|score| score > 0.0));
        assert_eq!(score(&analyzer, post(&["IN"])).sentiment, Sentiment::Unscored(Unscored::Withheld));
    }
}
