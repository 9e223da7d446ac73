//! A fetched post in the form of its rows.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use sea_orm::sea_query::{Expr, OnConflict};
use uuid::Uuid;

use super::Owner;
use crate::domain::{
    Entropy, FetchedPost, Platform, PostMetrics, PostOrigin, ScoredPost, Sentiment, Verification, snowflake_time,
};
use crate::store::Store;
use crate::store::entity::posts::{Column, Model};
use crate::store::entity::{post_hashtags, post_metrics};
use crate::store::posts::{Tone, media_json};
use crate::store::text::{clean, clean_all, json};

/// The columns that an edit changes.
pub(super) const CONTENT: [Column; 16] = [
    Column::ExternalId,
    Column::Version,
    Column::AuthorHandle,
    Column::AuthorName,
    Column::AuthorAvatarUrl,
    Column::Body,
    Column::Hashtags,
    Column::Media,
    Column::Language,
    Column::ContentHash,
    Column::Permalink,
    Column::Edited,
    Column::Truncated,
    Column::WithheldIn,
    Column::UpdatedAt,
    // An imported post that its platform tells is one of the platform from then on.
    Column::Origin,
];

/// The columns of the tone and their names, which an edit changes as well.
pub(super) const TONE: [(Column, &str); 4] = [
    (Column::SentimentLabel, "sentiment_label"),
    (Column::SentimentScore, "sentiment_score"),
    (Column::SentimentModel, "sentiment_model"),
    (Column::UnscoredReason, "unscored_reason"),
];

/// The public counts and their names.
const METRICS: [(post_metrics::Column, &str); 6] = [
    (post_metrics::Column::Likes, "likes"),
    (post_metrics::Column::Reposts, "reposts"),
    (post_metrics::Column::Replies, "replies"),
    (post_metrics::Column::Quotes, "quotes"),
    (post_metrics::Column::Bookmarks, "bookmarks"),
    (post_metrics::Column::Impressions, "impressions"),
];

/// How a row of counts takes over those of a newer one, and when the two differ. A count that X leaves out stays.
pub(in crate::store) fn newest_counts() -> (OnConflict, String) {
    let mut known = OnConflict::column(post_metrics::Column::PostId);
    let differs = METRICS.map(|(column, name)| {
        let newest = format!("COALESCE(excluded.{name}, post_metrics.{name})");
        known.value(column, Expr::cust(newest.clone()));
        format!("{newest} IS DISTINCT FROM post_metrics.{name}")
    });
    (known, differs.join(" OR "))
}

/// What new posts of one owner have in common, when they are stored at one time.
pub(super) const SHARED: [Column; 10] = [
    Column::Platform,
    Column::LeaderId,
    Column::Revision,
    Column::FirstSeenAt,
    Column::UpdatedAt,
    Column::DeletedAt,
    Column::DeletedReason,
    Column::VerificationStatus,
    Column::Origin,
    Column::PlatformName,
];

/// The same of their public counts.
pub(super) const SHARED_METRICS: [post_metrics::Column; 2] =
    [post_metrics::Column::UpdatedAt, post_metrics::Column::ClaimedUntil];

/// The row of a post that is not stored yet.
pub(super) fn of(scored: &ScoredPost, owner: Owner, entropy: &(dyn Entropy + 'static), now: Timestamp) -> Model {
    let post = &scored.post;
    let posted_at = first_published(post);
    let tone = Tone::of(scored.sentiment);
    Model {
        // Its time is the post's, so that neighbours in the feed are neighbours in the table.
        id: entropy.uuid_v7(posted_at),
        platform: owner.platform.as_str().to_owned(),
        root_id: post.edit_root.to_string(),
        external_id: post.id.to_string(),
        version: post.id.0,
        leader_id: owner.leader.0,
        author_handle: clean(&post.author.handle),
        author_name: clean(&post.author.name),
        author_avatar_url: post.author.avatar_url.as_deref().map(clean),
        body: clean(&post.text),
        hashtags: json(&clean_all(&post.hashtags)),
        media: media_json(&post.media),
        posted_at: posted_at.as_microsecond(),
        language: clean(&scored.language),
        sentiment_label: tone.label,
        sentiment_score: tone.score,
        sentiment_model: tone.model,
        unscored_reason: tone.unscored,
        content_hash: content_hash(scored),
        revision: 1,
        permalink: clean(&post.permalink()),
        edited: post.id != post.edit_root,
        truncated: post.truncated,
        withheld_in: json(&clean_all(&post.withheld_in)),
        first_seen_at: now.as_microsecond(),
        updated_at: now.as_microsecond(),
        deleted_at: None,
        deleted_reason: None,
        verification_status: Verification::default().as_str().to_owned(),
        origin: PostOrigin::Fetched.as_str().to_owned(),
        platform_name: None,
    }
}

/// When the first version was published, whichever version was fetched first: the number of the first version tells it.
fn first_published(post: &FetchedPost) -> Timestamp {
    if post.id == post.edit_root { post.posted_at } else { snowflake_time(post.edit_root) }
}

/// Tells whether a stored post is still what X says; the counts are not part of it.
pub(in crate::store) fn content_hash(scored: &ScoredPost) -> Vec<u8> {
    let post = &scored.post;
    let author = (&post.author.handle, &post.author.name, &post.author.avatar_url);
    let content = (&post.text, &post.hashtags, media_json(&post.media), post.truncated, &post.withheld_in);
    let tone = match scored.sentiment {
        Sentiment::Scored { score, model } => (Some((score.to_bits(), model)), None),
        Sentiment::Given(label) => (None, Some(label.as_str())),
        Sentiment::Unscored(reason) => (None, Some(reason.as_str())),
    };
    let mut whole = Vec::with_capacity(1024);
    serde_json::to_writer(&mut whole, &(post.id.0, author, content, tone, &scored.language))
        .expect("texts, numbers and lists of them are always JSON");
    digest(&SHA256, &whole).as_ref().to_vec()
}

/// The row of a post's public counts.
pub(in crate::store) fn metrics(
    post: Uuid,
    metrics: &PostMetrics,
    now: Timestamp,
    next_check_at: Option<Timestamp>,
) -> post_metrics::Model {
    post_metrics::Model {
        post_id: post,
        likes: metrics.likes,
        reposts: metrics.reposts,
        replies: metrics.replies,
        quotes: metrics.quotes,
        bookmarks: metrics.bookmarks,
        impressions: metrics.impressions,
        updated_at: now.as_microsecond(),
        next_check_at: next_check_at.map(Timestamp::as_microsecond),
        claimed_until: None,
    }
}

/// The row of what X counts for a post that it gave.
pub(super) fn metrics_of(
    store: &Store,
    owner: Owner,
    (post, scored): (Uuid, &ScoredPost),
    now: Timestamp,
) -> post_metrics::Model {
    metrics(post, &scored.post.metrics, now, first_check(store, owner.platform, now))
}

/// When X is asked for a new post again: between half a day and a day after it was stored, by chance, so that posts
/// that are stored at once are not asked for at once. Other platforms cannot be asked.
pub(in crate::store) fn first_check(store: &Store, platform: Platform, now: Timestamp) -> Option<Timestamp> {
    let latest = Duration::from_hours(24);
    let after = latest.mul_f64(0.5 + store.entropy.unit() / 2.0);
    (platform == Platform::X).then(|| now + after)
}

/// The rows of a post's hashtags: in lower case, each once.
pub(super) fn hashtags(
    scored: &ScoredPost,
    (post_id, leader_id, posted_at): (Uuid, Uuid, i64),
) -> impl Iterator<Item = post_hashtags::Model> + use<> {
    let tags: BTreeSet<_> = scored.post.hashtags.iter().map(|tag| clean(tag).to_lowercase()).collect();
    tags.into_iter().map(move |tag| post_hashtags::Model { post_id, tag, leader_id, posted_at })
}
