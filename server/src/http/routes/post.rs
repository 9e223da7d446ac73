//! How the old routes show posts and leaders.

use serde_json::{Value, json};

use crate::domain::{Label, Leader, Media, Post, Sentiment};

/// A post.
pub(super) fn post(post: &Post) -> Value {
    json!({
        "id": post.id.to_string(),
        "leaderId": post.leader_id.to_string(),
        "leaderName": post.leader_name,
        "platform": post.platform_title(),
        "content": post.text,
        "timestamp": post.posted_at.to_string(),
        "sentiment": sentiment_name(post.sentiment),
        "sentimentScore": post.sentiment.score(),
        "verificationStatus": post.verification.title(),
        "language": post.language,
        "permalink": post.permalink,
        "edited": post.edited,
        "truncated": post.truncated,
        "media": post.media.iter().map(media).collect::<Vec<_>>(),
        "author": {
            "id": post.leader_id.to_string(),
            "handle": post.author.handle,
            "name": post.leader_name,
            "display_name": post.author.name,
            "avatar_url": post.author.avatar_url,
        },
        "metrics": {
            "externalId": post.external_id,
            "origin": post.platform.as_str(),
            "source": post.platform_title(),
            "likes": post.metrics.likes,
            "comments": post.metrics.replies,
            "shares": post.metrics.reposts,
            "quotes": post.metrics.quotes,
            "bookmarks": post.metrics.bookmarks,
            "impressions": post.metrics.impressions,
            "avatarUrl": post.author.avatar_url,
            "language": post.language,
            "firstSeenAt": post.first_seen_at.to_string(),
        },
    })
}

/// A leader.
pub(super) fn leader(leader: &Leader) -> Value {
    json!({
        "id": leader.id.to_string(),
        "name": leader.name,
        "handles": leader.handles,
        "trackingTopics": leader.tracking_topics,
        "avatarUrl": leader.avatar_url,
        "createdAt": leader.created_at.to_string(),
        "state": leader.state.as_str(),
    })
}

fn media(media: &Media) -> Value {
    json!({
        "type": media.kind.as_str(),
        "url": media.url,
        "previewUrl": media.preview_url,
        "altText": media.alt_text,
    })
}

/// The name of a tone.
pub(super) fn sentiment_name(sentiment: Sentiment) -> &'static str {
    sentiment.label().map_or("Unscored", label_name)
}

/// The name of a tone that is known.
pub(super) fn label_name(label: Label) -> &'static str {
    match label {
        Label::Positive => "Positive",
        Label::Neutral => "Neutral",
        Label::Negative => "Negative",
    }
}

/// Reads the name of a tone without regard to case.
pub(super) fn label(name: &str) -> Option<Label> {
    Label::parse(&name.to_ascii_lowercase())
}
