//! Old posts as Amber keeps them.

#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::leader::missing;
use super::name::uuid_of;
use super::report::Notes;
use super::values::{count_of, json, shown, text_of, tidy, time};
use crate::domain::{
    Author, ExternalId, Label, Leader, LeaderId, Platform, PostId, PostMetrics, Sentiment, Verification, snowflake_time,
};
use crate::sentiment::Analyzer;
use crate::store::ImportedPost;
use crate::store::legacy::{Row, Table};

/// The longest name of a platform that is kept, in characters.
const PLATFORM_NAME: usize = 50;

/// The longest name of a post on its platform that is kept, in characters.
const OUTER_ID: usize = 200;

/// The most by which the time of a post and that in its number may differ, for X to be asked for it again.
const SAME_TIME: Duration = Duration::from_hours(24);

/// The id of the post in Amber, unless Amber has it by its number on X.
pub(super) fn id(row: &Row) -> PostId {
    PostId(uuid_of(Table::Posts, &row.id))
}

/// The id of the leader as the old database says it.
pub(super) fn leader_id(row: &Row) -> Option<LeaderId> {
    row.text("leader_id").map(|id| LeaderId(uuid_of(Table::Leaders, id)))
}

/// The number of the post on X, where it has one.
pub(super) fn number(row: &Row) -> Option<ExternalId> {
    if row.text("platform").and_then(Platform::parse) != Some(Platform::X) {
        return None;
    }
    number_in(row, json(row.text("metrics")).as_object())
}

/// When the old service first stored the post.
pub(super) fn first_seen_at(row: &Row) -> Option<Timestamp> {
    ["created_at", "timestamp"].iter().find_map(|column| time(row.text(column)?))
}

fn number_in(row: &Row, metrics: Option<&Map<String, Value>>) -> Option<ExternalId> {
    let number = outer_id(row, metrics)?.parse().ok()?;
    (number > 0).then_some(ExternalId(number))
}

/// What the platform calls the post.
fn outer_id(row: &Row, metrics: Option<&Map<String, Value>>) -> Option<String> {
    let own = row.text("platform_post_id").map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned);
    own.or_else(|| text_of(metrics, &["externalId", "external_id", "tweetId", "tweet_id"]))
}

/// Reads a post of `leader`; what had to be changed is noted.
pub(super) fn read(
    row: &Row,
    leader: Option<&Leader>,
    analyzer: &Analyzer,
    notes: &mut Notes,
) -> Result<ImportedPost, String> {
    if let Some(column) = row.unreadable.first() {
        return Err(format!("its {column} is no text"));
    }
    let has = |column: &'static str| row.text(column).ok_or_else(|| format!("it has no {column}"));
    let (old_leader, name, text, stamp) = (has("leader_id")?, has("platform")?, has("content")?, has("timestamp")?);
    let leader = leader.ok_or_else(|| missing(old_leader))?;
    let posted_at = time(stamp).ok_or_else(|| format!("its timestamp {} is no time", shown(stamp)))?;
    let metrics = json(row.text("metrics"));
    let metrics = metrics.as_object();
    if text_of(metrics, &["origin"]).as_deref() == Some("sample") {
        return Err("the old service made it up (its origin is sample)".to_owned());
    }
    if metrics.is_none() && row.text("metrics").is_some() {
        notes.add("metrics that are no object were left out", &row.id);
    }
    let platform = Platform::parse(name.trim()).unwrap_or(Platform::Other);
    let number = (platform == Platform::X).then(|| number_in(row, metrics)).flatten();
    let id = id(row);
    let analysis = analyzer.analyze(text, text_of(metrics, &["language"]).as_deref());
    let author = author(leader, platform, metrics);
    Ok(ImportedPost {
        id,
        leader: leader.id,
        platform,
        platform_name: (platform == Platform::Other).then(|| tidy(name, PLATFORM_NAME)),
        number,
        external_id: outer_id(row, metrics).map(|id| tidy(&id, OUTER_ID)).unwrap_or_default(),
        permalink: permalink(&author.handle, number, metrics),
        author,
        text: text.to_owned(),
        posted_at,
        language: analysis.language,
        sentiment: sentiment(row, analysis.sentiment, notes),
        metrics: counts(metrics),
        verification: verification(row, notes),
        first_seen_at: first_seen_at(row).unwrap_or(posted_at),
        is_asked_again: number.is_some_and(|number| is_of(number, posted_at)),
    })
}

fn author(leader: &Leader, platform: Platform, metrics: Option<&Map<String, Value>>) -> Author {
    let handle = match platform {
        Platform::X => leader.x_handle().map(|handle| handle.as_str().to_owned()),
        Platform::Facebook => leader.handles.get("facebook").map(|handle| handle.trim_start_matches('@').to_owned()),
        Platform::News | Platform::Other => None,
    };
    let avatar_url = text_of(metrics, &["avatarUrl"]).filter(|url| is_web(url)).or_else(|| leader.avatar_url.clone());
    Author { handle: handle.unwrap_or_default(), name: leader.name.clone(), avatar_url }
}

fn permalink(handle: &str, number: Option<ExternalId>, metrics: Option<&Map<String, Value>>) -> String {
    match number {
        // X finds a post by its number, whatever stands in the place of the handle.
        Some(number) => format!("https://x.com/{}/status/{number}", if handle.is_empty() { "i" } else { handle }),
        None => text_of(metrics, &["permalink", "url", "link"]).filter(|url| is_web(url)).unwrap_or_default(),
    }
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// Whether X made this number at about that time. One that somebody made up would be taken for a deleted post.
fn is_of(number: ExternalId, posted_at: Timestamp) -> bool {
    snowflake_time(number).duration_since(posted_at).unsigned_abs() <= SAME_TIME
}

/// The tone: that of today's model where it says the same as the old label, or where there is no label. Another label was
/// given by a person or by a model that is forgotten, and stays. But that a text in a language without a model was called
/// neutral says nothing.
fn sentiment(row: &Row, by_model: Sentiment, notes: &mut Notes) -> Sentiment {
    let stored = row.text("sentiment").unwrap_or_default().trim().to_lowercase();
    match Label::parse(&stored) {
        Some(label) if by_model.label().unwrap_or(Label::Neutral) != label => Sentiment::Given(label),
        Some(_) => by_model,
        None => {
            if !["", "unscored"].contains(&stored.as_str()) {
                notes.add("a sentiment that Amber does not know was scored anew", &row.id);
            }
            by_model
        }
    }
}

fn verification(row: &Row, notes: &mut Notes) -> Verification {
    let stored = row.text("verification_status").unwrap_or_default();
    Verification::parse_title(stored.trim()).unwrap_or_else(|| {
        notes.add("a verification status that Amber does not know became Needs Review", &row.id);
        Verification::NeedsReview
    })
}

fn counts(metrics: Option<&Map<String, Value>>) -> PostMetrics {
    let inner = metrics.and_then(|metrics| metrics.get("public_metrics")).and_then(Value::as_object);
    let count = |names: &[&str]| count_of(metrics, names).or_else(|| count_of(inner, names));
    PostMetrics {
        likes: count(&["likes", "like_count", "favorites"]),
        reposts: count(&["shares", "reposts", "retweets", "retweet_count"]),
        replies: count(&["comments", "replies", "reply_count"]),
        quotes: count(&["quotes", "quote_count"]),
        bookmarks: count(&["bookmarks", "bookmark_count"]),
        impressions: count(&["impressions", "views", "impression_count"]),
    }
}
