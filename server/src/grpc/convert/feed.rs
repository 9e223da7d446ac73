//! Posts, and what readers ask for.

use amber_proto::v1;

use super::number::count;
use super::time::timestamp;
use crate::domain::{FeedPage, Label, Media, MediaKind, Platform, Post, PostMetrics, Sentiment};
use crate::usecase::{Error, Feed, FeedQuery};

/// What the review says of every post, as long as there is no review.
const NEEDS_REVIEW: &str = "Needs Review";

pub(in crate::grpc) fn asked_feed(leaders: Vec<String>, platforms: &[i32]) -> Result<FeedQuery, Error> {
    let platforms: Option<Vec<String>> = platforms.iter().map(|number| asked_platform(*number)).collect();
    let platforms = platforms.ok_or_else(|| Error::field("platforms", "each must be a platform of the contract"))?;
    Ok(FeedQuery { leaders, platforms })
}

pub(super) fn asked_platform(number: i32) -> Option<String> {
    let platform = match v1::Platform::try_from(number).ok()? {
        v1::Platform::Unspecified => return None,
        v1::Platform::X => Platform::X,
        v1::Platform::Facebook => Platform::Facebook,
        v1::Platform::News => Platform::News,
    };
    Some(platform.as_str().to_owned())
}

pub(in crate::grpc) fn post_page(page: FeedPage) -> v1::ListPostsResponse {
    v1::ListPostsResponse {
        next_page_token: Feed::next_token(&page),
        total_size: count(page.total),
        total_size_unknown: false,
        watch_token: String::new(),
        posts: page.posts.into_iter().map(post).collect(),
    }
}

fn post(post: Post) -> v1::Post {
    v1::Post {
        id: post.id.to_string(),
        leader_id: post.leader_id.to_string(),
        leader_name: post.leader_name,
        platform: platform(post.platform).into(),
        external_id: post.external_id,
        author: Some(v1::Author {
            handle: post.author.handle,
            name: post.author.name,
            avatar_url: post.author.avatar_url,
        }),
        text: post.text,
        post_time: Some(timestamp(post.posted_at)),
        language: post.language,
        media: post.media.into_iter().map(media).collect(),
        metrics: Some(metrics(post.metrics)),
        sentiment: Some(sentiment(post.sentiment)),
        permalink: post.permalink,
        edited: post.edited,
        truncated: post.truncated,
        verification_status: NEEDS_REVIEW.to_owned(),
        first_seen_time: Some(timestamp(post.first_seen_at)),
        hashtags: post.hashtags,
    }
}

pub(super) fn platform(platform: Platform) -> v1::Platform {
    match platform {
        Platform::X => v1::Platform::X,
        Platform::Facebook => v1::Platform::Facebook,
        Platform::News => v1::Platform::News,
    }
}

fn media(media: Media) -> v1::Media {
    let kind = match media.kind {
        MediaKind::Photo => v1::MediaKind::Photo,
        MediaKind::Video => v1::MediaKind::Video,
        MediaKind::AnimatedGif => v1::MediaKind::AnimatedGif,
        MediaKind::Other => v1::MediaKind::Other,
    };
    v1::Media {
        kind: kind.into(),
        url: media.url.unwrap_or_default(),
        preview_url: media.preview_url,
        alt_text: media.alt_text,
    }
}

fn metrics(metrics: PostMetrics) -> v1::PostMetrics {
    let PostMetrics { likes, reposts, replies, quotes, bookmarks, impressions } = metrics;
    v1::PostMetrics { likes, reposts, replies, quotes, bookmarks, impressions }
}

fn sentiment(sentiment: Sentiment) -> v1::Sentiment {
    let label = match sentiment.label() {
        Some(Label::Positive) => v1::SentimentLabel::Positive,
        Some(Label::Neutral) => v1::SentimentLabel::Neutral,
        Some(Label::Negative) => v1::SentimentLabel::Negative,
        None => v1::SentimentLabel::Unscored,
    };
    let (model, unscored_reason) = match sentiment {
        Sentiment::Scored { model, .. } => (model, ""),
        Sentiment::Unscored(why) => ("", why.as_str()),
    };
    v1::Sentiment {
        label: label.into(),
        score: sentiment.score(),
        model: model.to_owned(),
        unscored_reason: unscored_reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Unscored;

    #[test]
    fn a_platform_is_the_same_on_both_sides() {
        for known in Platform::ALL {
            let query = asked_feed(vec!["a".into()], &[platform(known).into()]).unwrap();
            assert_eq!(query.platforms, [known.as_str()]);
            assert_eq!(query.leaders, ["a"]);
        }
    }

    #[test]
    fn a_platform_that_is_none_is_refused() {
        for number in [0, -1, 99] {
            let refused = asked_feed(Vec::new(), &[1, number]);
            assert!(matches!(refused, Err(Error::Invalid(bad)) if bad[0].field == "platforms"), "{number}");
        }
    }

    #[test]
    fn a_sentiment_has_either_a_score_or_a_reason() {
        let scored = sentiment(Sentiment::Scored { score: -0.25, model: "vader-3.3.2" });
        assert_eq!((scored.label(), scored.score), (v1::SentimentLabel::Negative, Some(-0.25)));
        assert_eq!((scored.model.as_str(), scored.unscored_reason.as_str()), ("vader-3.3.2", ""));
        let unscored = sentiment(Sentiment::Unscored(Unscored::NoText));
        assert_eq!((unscored.label(), unscored.score), (v1::SentimentLabel::Unscored, None));
        assert_eq!((unscored.model.as_str(), unscored.unscored_reason.as_str()), ("", "no_text"));
    }

    #[test]
    fn an_unknown_count_is_not_zero() {
        let told = metrics(PostMetrics { likes: Some(0), ..PostMetrics::default() });
        assert_eq!((told.likes, told.reposts), (Some(0), None));
    }
}
