//! One record of a page to one post, or the reason why it is none.

use jiff::Timestamp;

use super::includes::Includes;
use super::node::{Malformed, Node, lenient_items};
use crate::domain::{Author, ExternalId, FetchedPost, Media, PostMetrics, UserId, snowflake_time};

#[cfg(test)]
mod tests;

/// By how much the time in a post's number may differ from its `created_at`, which is cut to seconds.
const TIME_TOLERANCE_MS: i64 = 2_000;
/// The last post number before numbers told the time, of 2010-11-04.
const LAST_PLAIN_NUMBER: i64 = 29_700_859_247;

/// Reads a post from the timeline of `owner`, or from anywhere.
pub(super) fn parse(
    record: &Node<'_>,
    includes: &Includes<'_>,
    owner: Option<UserId>,
) -> Result<FetchedPost, Malformed> {
    let id = record.need("id")?.post_id()?;
    let posted_at = posted_at(record, id)?;
    let author = author(record, includes, owner)?;
    let content = Content::of(record, includes)?;
    Ok(FetchedPost {
        id,
        edit_root: edit_root(record, id)?,
        author,
        text: content.text,
        posted_at,
        language: record.get("lang").map(|lang| lang.text()).transpose()?.map(str::to_owned),
        hashtags: content.hashtags,
        media: content.media,
        metrics: metrics(record)?,
        truncated: content.truncated,
        withheld_in: content.withheld_in,
    })
}

/// The number of a record that can be believed: its `created_at` tells the same time. A garbled number must not move
/// the walk through a timeline.
pub(super) fn credible_id(record: &Node<'_>) -> Option<ExternalId> {
    let id = record.get("id")?.post_id().ok()?;
    record.get("created_at")?;
    posted_at(record, id).is_ok().then_some(id)
}

fn posted_at(record: &Node<'_>, id: ExternalId) -> Result<Timestamp, Malformed> {
    let told = snowflake_time(id);
    let Some(node) = record.get("created_at") else { return Ok(told) };
    let at: Timestamp = node.text()?.parse().map_err(|_| node.malformed("is not a time of RFC 3339"))?;
    let difference = at.as_millisecond() - told.as_millisecond();
    // Numbers up to the last plain one do not tell a time, but such a post is from before 2010-11-05.
    let predates = id.0 <= LAST_PLAIN_NUMBER && difference < 86_400_000;
    if difference.abs() > TIME_TOLERANCE_MS && !predates {
        return Err(node.malformed(format!("is {at}, but the post's number was made at {told}")));
    }
    Ok(at)
}

fn author(record: &Node<'_>, includes: &Includes<'_>, owner: Option<UserId>) -> Result<Author, Malformed> {
    let id = match (record.get("author_id"), owner) {
        (Some(node), owner) => {
            let id = node.user_id()?;
            if owner.is_some_and(|owner| owner != id) {
                return Err(node.malformed("is not the account whose timeline was asked for"));
            }
            id
        }
        (None, Some(owner)) => owner,
        (None, None) => record.need("author_id")?.user_id()?,
    };
    let missing = || record.malformed(format!("is by account {id}, which is not among the included users"));
    includes.author(id).cloned().ok_or_else(missing)
}

/// The chain of edits names the first version first.
fn edit_root(record: &Node<'_>, id: ExternalId) -> Result<ExternalId, Malformed> {
    let Some(history) = record.either("edit_history_tweet_ids", "edit_history_post_ids") else { return Ok(id) };
    let Some(first) = history.items()?.next() else { return Ok(id) };
    let root = first.post_id()?;
    if root > id {
        return Err(first.malformed("is a first version newer than the post"));
    }
    Ok(root)
}

fn metrics(record: &Node<'_>) -> Result<PostMetrics, Malformed> {
    let Some(metrics) = record.get("public_metrics") else { return Ok(PostMetrics::default()) };
    let count = |older: &str, newer: &str| metrics.either(older, newer).map(|node| node.integer()).transpose();
    Ok(PostMetrics {
        likes: count("like_count", "like_count")?,
        reposts: count("retweet_count", "repost_count")?,
        replies: count("reply_count", "reply_count")?,
        quotes: count("quote_count", "quote_count")?,
        bookmarks: count("bookmark_count", "bookmark_count")?,
        impressions: count("impression_count", "impression_count")?,
    })
}

/// The countries in which a post is withheld; all of them (`XX`, as X writes it) when X does not name any.
fn withheld_in(record: &Node<'_>) -> Result<Vec<String>, Malformed> {
    let Some(withheld) = record.get("withheld") else { return Ok(Vec::new()) };
    let Some(countries) = withheld.get("country_codes") else { return Ok(vec!["XX".to_owned()]) };
    countries.items()?.map(|country| country.text().map(str::to_owned)).collect()
}

/// What a reader sees of a post.
struct Content {
    text: String,
    hashtags: Vec<String>,
    media: Vec<Media>,
    truncated: bool,
    withheld_in: Vec<String>,
}

impl Content {
    fn of(record: &Node<'_>, includes: &Includes<'_>) -> Result<Self, Malformed> {
        let own = Self::own(record, includes)?;
        let Some(original) = original_of(record) else { return Ok(own) };
        let Some(original) = includes.post(original) else { return Ok(Self { truncated: true, ..own }) };
        // The original is somebody else's record; when it is no good, the repost is still a post.
        let Ok(whole) = Self::own(original, includes) else { return Ok(Self { truncated: true, ..own }) };
        // Where either is withheld, the text is X's notice.
        let mut withheld_in = [own.withheld_in, whole.withheld_in].concat();
        withheld_in.sort_unstable();
        withheld_in.dedup();
        Ok(Self { text: format!("{}{}", repost_prefix(&own.text), whole.text), withheld_in, ..whole })
    }

    fn own(record: &Node<'_>, includes: &Includes<'_>) -> Result<Self, Malformed> {
        let note = record.either("note_tweet", "note_post").filter(|note| note.get("text").is_some());
        let source = note.as_ref().unwrap_or(record);
        let tags = source.get("entities").and_then(|entities| entities.get("hashtags"));
        let keys = record.get("attachments").and_then(|attachments| attachments.get("media_keys"));
        Ok(Self {
            text: plain(source.need("text")?.text()?),
            hashtags: lenient_items(tags).iter().filter_map(|tag| Some(plain(tag.get("tag")?.text().ok()?))).collect(),
            media: lenient_items(keys).iter().filter_map(|key| includes.medium(key.text().ok()?)).cloned().collect(),
            truncated: false,
            withheld_in: withheld_in(record)?,
        })
    }
}

/// The post that `record` repeats.
fn original_of(record: &Node<'_>) -> Option<ExternalId> {
    let repeats = |reference: &Node<'_>| {
        reference.get("type").is_some_and(|kind| matches!(kind.value().as_str(), Some("retweeted" | "reposted")))
    };
    let references = lenient_items(record.either("referenced_tweets", "referenced_posts"));
    references.into_iter().find(repeats)?.get("id")?.post_id().ok()
}

/// The `RT @handle: ` at the beginning of a repost: it says that the words are another's.
fn repost_prefix(text: &str) -> &str {
    let end = text.starts_with("RT @").then(|| text.find(": ")).flatten();
    end.map_or("", |end| &text[..end + 2])
}

/// The text as it was typed. X escapes `&`, `<` and `>`, once; a NUL cannot be stored.
fn plain(text: &str) -> String {
    html_escape::decode_html_entities(text).replace('\0', "")
}
