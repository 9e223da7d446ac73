//! A stored post as a value of the domain.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::{
    Author, Label, LeaderId, Media, MediaKind, Platform, Post, PostId, PostMetrics, PostOrigin, Sentiment, Unscored,
    Verification,
};
use crate::store::entity::{post_metrics, posts};
use crate::store::text::{clean, from_json, json};
use crate::store::{Error, instant};

/// The stored form of a picture or film.
#[derive(Serialize, Deserialize)]
struct StoredMedia {
    kind: String,
    url: Option<String>,
    preview_url: Option<String>,
    alt_text: Option<String>,
}

/// What is attached to a post, as JSON.
pub(in crate::store) fn media_json(media: &[Media]) -> Value {
    let clean = |text: &Option<String>| text.as_deref().map(clean);
    let stored = media.iter().map(|media| StoredMedia {
        kind: media.kind.as_str().to_owned(),
        url: clean(&media.url),
        preview_url: clean(&media.preview_url),
        alt_text: clean(&media.alt_text),
    });
    json(&stored.collect::<Vec<_>>())
}

/// The columns of a post's tone.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::store) struct Tone {
    pub(in crate::store) label: Option<String>,
    pub(in crate::store) score: Option<f64>,
    pub(in crate::store) model: Option<String>,
    pub(in crate::store) unscored: Option<String>,
}

/// Stands in the place of a reason where somebody gave the tone.
pub(super) const GIVEN: &str = "given";

impl Tone {
    pub(in crate::store) fn of(sentiment: Sentiment) -> Self {
        let (score, model, unscored) = match sentiment {
            Sentiment::Scored { score, model } => (Some(score), Some(model.to_owned()), None),
            Sentiment::Given(_) => (None, None, Some(GIVEN.to_owned())),
            Sentiment::Unscored(reason) => (None, None, Some(reason.as_str().to_owned())),
        };
        Self { label: sentiment.label().map(|label| label.as_str().to_owned()), score, model, unscored }
    }

    fn read(self) -> Result<Sentiment, Error> {
        let corrupt = Error::Corrupt { what: "sentiment" };
        match (self.score, self.model, self.unscored.as_deref()) {
            (Some(score), Some(model), None) => Ok(Sentiment::Scored { score, model: interned(&model) }),
            (None, _, Some(GIVEN)) => self.label.as_deref().and_then(Label::parse).map(Sentiment::Given).ok_or(corrupt),
            (None, _, Some(reason)) => Ok(Sentiment::Unscored(Unscored::parse(reason))),
            _ => Err(corrupt),
        }
    }
}

pub(super) fn read(
    row: posts::Model,
    metrics: Option<&post_metrics::Model>,
    leader_name: String,
) -> Result<Post, Error> {
    let tone = Tone {
        label: row.sentiment_label,
        score: row.sentiment_score,
        model: row.sentiment_model,
        unscored: row.unscored_reason,
    };
    Ok(Post {
        id: PostId(row.id),
        leader_id: LeaderId(row.leader_id),
        leader_name,
        platform: Platform::parse(&row.platform).ok_or(Error::Corrupt { what: "platform" })?,
        platform_name: row.platform_name,
        origin: PostOrigin::parse(&row.origin).ok_or(Error::Corrupt { what: "origin of a post" })?,
        verification: Verification::parse(&row.verification_status)
            .ok_or(Error::Corrupt { what: "verification status" })?,
        external_id: row.external_id,
        author: Author { handle: row.author_handle, name: row.author_name, avatar_url: row.author_avatar_url },
        text: row.body,
        posted_at: instant::read(row.posted_at)?,
        language: row.language,
        hashtags: from_json(row.hashtags, "hashtags")?,
        media: read_media(row.media)?,
        metrics: metrics.map(read_metrics).unwrap_or_default(),
        sentiment: tone.read()?,
        permalink: row.permalink,
        edited: row.edited,
        truncated: row.truncated,
        first_seen_at: instant::read(row.first_seen_at)?,
    })
}

fn read_media(stored: Value) -> Result<Vec<Media>, Error> {
    let stored: Vec<StoredMedia> = from_json(stored, "media")?;
    let read = |media: StoredMedia| Media {
        kind: MediaKind::parse(&media.kind),
        url: media.url,
        preview_url: media.preview_url,
        alt_text: media.alt_text,
    };
    Ok(stored.into_iter().map(read).collect())
}

fn read_metrics(row: &post_metrics::Model) -> PostMetrics {
    PostMetrics {
        likes: row.likes,
        reposts: row.reposts,
        replies: row.replies,
        quotes: row.quotes,
        bookmarks: row.bookmarks,
        impressions: row.impressions,
    }
}

/// The name of a model that lives as long as the process. A database knows a handful of models, so that keeping each
/// name once costs less than a copy in every post.
fn interned(model: &str) -> &'static str {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = known.get(model) {
        return name;
    }
    let name: &'static str = model.to_owned().leak();
    known.insert(name);
    name
}
