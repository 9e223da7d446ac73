//! Posts, and what readers ask for.

use amber_proto::v1;

use super::dashboard::counts;
use super::number::count;
use super::time::{asked_instant, timestamp};
use crate::domain::{
    DayPoint, FeedPage, Label, Media, MediaKind, Platform, Post, PostMetrics, PostOrigin, Sentiment, Verification,
};
use crate::sentiment::Analysis;
use crate::usecase::{Error, Feed, FeedQuery, Told, Trend};

/// Stands in the place of a model where somebody gave the tone.
const GIVEN: &str = "given";

pub(in crate::grpc) fn listed_posts(asked: v1::ListPostsRequest) -> Result<FeedQuery, Error> {
    let v1::ListPostsRequest { leader_ids, platforms, languages, sentiments, since, until, text, .. } = asked;
    Ok(FeedQuery {
        languages,
        sentiments: asked_sentiments(&sentiments)?,
        since: since.map(|since| asked_instant("since", since)).transpose()?,
        until: until.map(|until| asked_instant("until", until)).transpose()?,
        text,
        ..asked_feed(leader_ids, &platforms)?
    })
}

pub(in crate::grpc) fn watched_posts(asked: v1::WatchPostsRequest) -> Result<FeedQuery, Error> {
    let v1::WatchPostsRequest { leader_ids, platforms, languages, sentiments, since, until, text, resume_token: _ } =
        asked;
    let filters =
        v1::ListPostsRequest { leader_ids, platforms, languages, sentiments, since, until, text, ..Default::default() };
    listed_posts(filters)
}

pub(in crate::grpc) fn counted_posts(asked: v1::GetSentimentTrendRequest) -> Result<FeedQuery, Error> {
    asked_feed(asked.leader_ids, &asked.platforms)
}

fn asked_feed(leaders: Vec<String>, platforms: &[i32]) -> Result<FeedQuery, Error> {
    let platforms: Option<Vec<String>> = platforms.iter().map(|number| asked_platform(*number)).collect();
    let platforms = platforms.ok_or_else(|| Error::field("platforms", "each must be a platform of the contract"))?;
    Ok(FeedQuery { leaders, platforms, ..FeedQuery::default() })
}

fn asked_sentiments(numbers: &[i32]) -> Result<Vec<Option<Label>>, Error> {
    let read = |number: &i32| {
        Some(match v1::SentimentLabel::try_from(*number).ok()? {
            v1::SentimentLabel::Unspecified => return None,
            v1::SentimentLabel::Positive => Some(Label::Positive),
            v1::SentimentLabel::Neutral => Some(Label::Neutral),
            v1::SentimentLabel::Negative => Some(Label::Negative),
            v1::SentimentLabel::Unscored => None,
        })
    };
    let labels: Option<Vec<_>> = numbers.iter().map(read).collect();
    labels.ok_or_else(|| Error::field("sentiments", "each must be a sentiment of the contract"))
}

pub(super) fn asked_platform(number: i32) -> Option<String> {
    let platform = match v1::Platform::try_from(number).ok()? {
        v1::Platform::Unspecified => return None,
        v1::Platform::X => Platform::X,
        v1::Platform::Facebook => Platform::Facebook,
        v1::Platform::News => Platform::News,
        v1::Platform::Other => Platform::Other,
    };
    Some(platform.as_str().to_owned())
}

pub(in crate::grpc) fn post_page(page: FeedPage, watch_token: String) -> v1::ListPostsResponse {
    v1::ListPostsResponse {
        next_page_token: Feed::next_token(&page),
        total_size: count(page.total.unwrap_or_default()),
        total_size_unknown: page.total.is_none(),
        watch_token,
        posts: page.posts.into_iter().map(post).collect(),
    }
}

pub(in crate::grpc) fn told(told: Told) -> v1::WatchPostsResponse {
    let post = told.post.map(|shared| post(Post::clone(&shared)));
    v1::WatchPostsResponse { post, resume_token: told.resume_token }
}

pub(in crate::grpc) fn trends(trends: Vec<Trend>) -> v1::GetSentimentTrendResponse {
    let day = |point: DayPoint| v1::SentimentDay {
        date: point.day.to_string(),
        posts: count(point.counts.total()),
        sentiment: Some(counts(point.counts)),
        mean_score: point.counts.mean(),
    };
    let trend = |trend: Trend| v1::SentimentTrend {
        leader_id: trend.leader.map(|leader| leader.to_string()).unwrap_or_default(),
        days: trend.days.into_iter().map(day).collect(),
    };
    v1::GetSentimentTrendResponse { trends: trends.into_iter().map(trend).collect() }
}

pub(in crate::grpc) fn analyses(analyses: Vec<Analysis>) -> v1::AnalyzeSentimentResponse {
    let of_text =
        |found: Analysis| v1::TextAnalysis { sentiment: Some(sentiment(found.sentiment)), language: found.language };
    v1::AnalyzeSentimentResponse { analyses: analyses.into_iter().map(of_text).collect() }
}

pub(in crate::grpc) fn post(post: Post) -> v1::Post {
    let platform_name = post.platform_title().to_owned();
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
        verification_status: post.verification.title().to_owned(),
        first_seen_time: Some(timestamp(post.first_seen_at)),
        hashtags: post.hashtags,
        verification: verification(post.verification).into(),
        platform_name,
        origin: origin(post.origin).into(),
    }
}

pub(super) fn verification(status: Verification) -> v1::VerificationStatus {
    match status {
        Verification::NeedsReview => v1::VerificationStatus::NeedsReview,
        Verification::Verified => v1::VerificationStatus::Verified,
        Verification::Rejected => v1::VerificationStatus::Rejected,
    }
}

fn origin(origin: PostOrigin) -> v1::PostOrigin {
    match origin {
        PostOrigin::Fetched => v1::PostOrigin::Fetched,
        PostOrigin::Manual => v1::PostOrigin::Manual,
        PostOrigin::Imported => v1::PostOrigin::Imported,
    }
}

pub(super) fn platform(platform: Platform) -> v1::Platform {
    match platform {
        Platform::X => v1::Platform::X,
        Platform::Facebook => v1::Platform::Facebook,
        Platform::News => v1::Platform::News,
        Platform::Other => v1::Platform::Other,
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
    let label = label(sentiment.label());
    let (model, unscored_reason) = match sentiment {
        Sentiment::Scored { model, .. } => (model, ""),
        Sentiment::Given(_) => (GIVEN, ""),
        Sentiment::Unscored(why) => ("", why.as_str()),
    };
    v1::Sentiment {
        label: label.into(),
        score: sentiment.score(),
        model: model.to_owned(),
        unscored_reason: unscored_reason.to_owned(),
    }
}

pub(super) fn label(label: Option<Label>) -> v1::SentimentLabel {
    match label {
        Some(Label::Positive) => v1::SentimentLabel::Positive,
        Some(Label::Neutral) => v1::SentimentLabel::Neutral,
        Some(Label::Negative) => v1::SentimentLabel::Negative,
        None => v1::SentimentLabel::Unscored,
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
    fn a_sentiment_that_is_none_is_refused() {
        assert_eq!(asked_sentiments(&[1, 2, 3, 4]).unwrap().len(), 4);
        for number in [0, -1, 99] {
            let refused = asked_sentiments(&[1, number]);
            assert!(matches!(refused, Err(Error::Invalid(bad)) if bad[0].field == "sentiments"), "{number}");
        }
    }

    #[test]
    fn a_sentiment_has_a_model_or_a_reason() {
        let scored = sentiment(Sentiment::Scored { score: -0.25, model: "vader-3.3.2" });
        assert_eq!((scored.label(), scored.score), (v1::SentimentLabel::Negative, Some(-0.25)));
        assert_eq!((scored.model.as_str(), scored.unscored_reason.as_str()), ("vader-3.3.2", ""));
        let given = sentiment(Sentiment::Given(Label::Positive));
        assert_eq!((given.label(), given.score), (v1::SentimentLabel::Positive, None));
        assert_eq!((given.model.as_str(), given.unscored_reason.as_str()), ("given", ""));
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
