//! Tests of posts in both vocabularies.

use serde_json::{Value, json};

use super::*;
use crate::domain::MediaKind;
use crate::x_api::{TimelinePage, page};

/// A post of account 9, and the second that its number tells.
const ID: &str = "1576994746135764992";
const AT: &str = "2022-10-03T17:57:01.000Z";

fn merge(base: &mut Value, more: &Value) {
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
}

fn record(more: &Value) -> Value {
    let mut record = json!({"id": ID, "created_at": AT, "author_id": "9", "text": "hello"});
    merge(&mut record, more);
    record
}

fn page_of(record: &Value, more_includes: &Value) -> TimelinePage {
    let mut includes = json!({"users": [
        {"id": "9", "username": "amber", "name": "Amber", "profile_image_url": "https://x/a.png"},
        {"id": "8", "username": "other", "name": "Other"},
    ]});
    merge(&mut includes, more_includes);
    page::parse(&json!({"data": [record], "includes": includes}), Some(UserId(9))).unwrap()
}

fn post(more: &Value) -> FetchedPost {
    post_with(more, &json!({}))
}

fn post_with(more: &Value, includes: &Value) -> FetchedPost {
    let mut page = page_of(&record(more), includes);
    assert_eq!(page.rejected, []);
    page.posts.remove(0)
}

fn rejection(more: &Value) -> (String, String) {
    let mut page = page_of(&record(more), &json!({}));
    assert_eq!(page.posts, []);
    let rejected = page.rejected.remove(0);
    (rejected.path, rejected.reason)
}

#[test]
fn both_vocabularies_give_the_same_post() {
    let metrics = |reposts: &str| json!({"like_count": 1, reposts: "2", "reply_count": 3, "quote_count": 4, "bookmark_count": 5, "impression_count": 6});
    let note =
        json!({"text": "a &lt;long&gt; text", "entities": {"hashtags": [{"start": 0, "end": 1, "tag": "Long"}]}});
    let older = json!({"edit_history_tweet_ids": ["1576994746135764990", ID], "note_tweet": note, "public_metrics": metrics("retweet_count"),
        "referenced_tweets": [{"type": "quoted", "id": "5"}], "entities": {"hashtags": [{"tag": "Short"}]}});
    let newer = json!({"edit_history_post_ids": ["1576994746135764990", ID], "note_post": note, "public_metrics": metrics("repost_count"),
        "referenced_posts": [{"type": "quoted", "id": "5"}], "entities": {"hashtags": [{"tag": "Short"}]}});
    let (older, newer) = (post(&older), post(&newer));
    assert_eq!(older, newer);
    assert_eq!(older.text, "a <long> text");
    assert_eq!(older.hashtags, ["Long"], "a long post has entities of its own");
    assert_eq!(older.edit_root, ExternalId(1_576_994_746_135_764_990));
    let metrics = PostMetrics {
        likes: Some(1),
        reposts: Some(2),
        replies: Some(3),
        quotes: Some(4),
        bookmarks: Some(5),
        impressions: Some(6),
    };
    assert_eq!(older.metrics, metrics);
    assert!(!older.truncated);
}

#[test]
fn a_repost_takes_the_whole_text_from_its_original() {
    let cut = "RT @other: the beginning of something lo…";
    for (references, kind, list) in
        [("referenced_tweets", "retweeted", "tweets"), ("referenced_posts", "reposted", "posts")]
    {
        let more = json!({"text": cut, references: [{"type": kind, "id": "77"}]});
        let original = json!({"id": "77", "text": "cut", "note_tweet": {"text": "the beginning of something long &amp; good",
            "entities": {"hashtags": [{"tag": "Good"}]}}, "attachments": {"media_keys": ["3_1"]}});
        let media = json!([{"media_key": "3_1", "type": "photo", "url": "https://x/p.jpg", "alt_text": "a photo"}]);
        let whole = post_with(&more, &json!({list: [original], "media": media}));
        assert_eq!(whole.text, "RT @other: the beginning of something long & good");
        assert_eq!(whole.hashtags, ["Good"]);
        assert_eq!(whole.media[0].kind, MediaKind::Photo);
        assert_eq!(whole.media[0].alt_text.as_deref(), Some("a photo"));
        assert!(!whole.truncated);

        let alone = post(&more);
        assert_eq!(alone.text, cut);
        assert!(alone.truncated, "without its original a repost is only a beginning");
    }
}

#[test]
fn entities_of_html_are_resolved_once() {
    assert_eq!(post(&json!({"text": "a &amp;lt; b &lt;&gt; &amp;"})).text, "a &lt; b <> &");
}

#[test]
fn media_that_is_not_included_is_left_out() {
    assert_eq!(post(&json!({"attachments": {"media_keys": ["3_404"]}})).media, []);
}

#[test]
fn a_withheld_post_names_its_countries() {
    let withheld = post(&json!({"withheld": {"copyright": false, "country_codes": ["DE", "IN"]}}));
    assert_eq!(withheld.withheld_in, ["DE", "IN"]);
    assert_eq!(post(&json!({"withheld": {"copyright": true}})).withheld_in, ["XX"], "the fact stays without countries");
    assert_eq!(post(&json!({})).withheld_in, [""; 0]);
}

#[test]
fn a_repost_is_withheld_where_its_original_is() {
    let more = |own: &[&str]| {
        let own = if own.is_empty() { json!(null) } else { json!({"country_codes": own}) };
        json!({"text": "RT @other: a notice", "withheld": own, "referenced_tweets": [{"type": "retweeted", "id": "77"}]})
    };
    let original = json!({"tweets": [{"id": "77", "text": "a notice", "withheld": {"country_codes": ["IN", "DE"]}}]});
    assert_eq!(post_with(&more(&[]), &original).withheld_in, ["DE", "IN"]);
    assert_eq!(post_with(&more(&["DE", "FR"]), &original).withheld_in, ["DE", "FR", "IN"]);
}

#[test]
fn offsets_of_entities_play_no_part() {
    let entities = json!({"hashtags": [{"start": 900, "end": 3, "tag": "R&amp;D"}, {"tag": 7}, {"tag": "मौसम"}]});
    let post = post(&json!({"text": "🎗 &lt;b&gt; #R&amp;D #मौसम", "entities": entities}));
    assert_eq!(post.text, "🎗 <b> #R&D #मौसम");
    assert_eq!(post.hashtags, ["R&D", "मौसम"], "the tags are taken by their words");
}

#[test]
fn a_language_is_an_opaque_tag() {
    for tag in ["in", "und", "qst", "qme", "zxx", "x-new"] {
        assert_eq!(post(&json!({"lang": tag})).language.as_deref(), Some(tag));
    }
    assert_eq!(post(&json!({})).language, None);
}

#[test]
fn counts_are_wide_and_may_be_negative_corrections() {
    let counts =
        post(&json!({"public_metrics": {"like_count": "9223372036854775807", "impression_count": 3_000_000_000_i64,
        "reply_count": -1}}))
        .metrics;
    assert_eq!((counts.likes, counts.impressions, counts.replies), (Some(i64::MAX), Some(3_000_000_000), Some(-1)));
    assert_eq!((counts.reposts, counts.quotes, counts.bookmarks), (None, None, None));
}

#[test]
fn what_is_unknown_or_absent_does_not_matter() {
    let post = post(&json!({"lang": "qst", "invented": [1], "public_metrics": {"like_count": null, "invented": {}},
        "referenced_tweets": [{"type": "invented", "id": "5"}], "attachments": {"poll_ids": ["1"]}}));
    assert_eq!(post.language.as_deref(), Some("qst"));
    assert_eq!(post.metrics, PostMetrics::default());
    assert_eq!(post.edit_root, post.id);
    assert_eq!(post.author.avatar_url.as_deref(), Some("https://x/a.png"));
}

#[test]
fn a_malformed_record_is_rejected_with_its_path() {
    for (more, path) in [
        (json!({"id": "abc"}), "data[0].id"),
        (json!({"id": 1.5}), "data[0].id"),
        (json!({"id": "-3"}), "data[0].id"),
        (json!({"text": null}), "data[0].text"),
        (json!({"text": 5}), "data[0].text"),
        (json!({"note_tweet": {"text": 5}}), "data[0].note_tweet.text"),
        (json!({"created_at": "yesterday"}), "data[0].created_at"),
        (json!({"author_id": "8"}), "data[0].author_id"),
        (json!({"lang": 1}), "data[0].lang"),
        (json!({"public_metrics": {"like_count": "many"}}), "data[0].public_metrics.like_count"),
        (
            json!({"edit_history_tweet_ids": [ID, "x"], "withheld": {"country_codes": "DE"}}),
            "data[0].withheld.country_codes",
        ),
        (json!({"edit_history_tweet_ids": ["x"]}), "data[0].edit_history_tweet_ids[0]"),
        (json!({"edit_history_tweet_ids": ["1576994746135764993"]}), "data[0].edit_history_tweet_ids[0]"),
    ] {
        assert_eq!(rejection(&more).0, path);
    }
}

#[test]
fn a_time_that_contradicts_the_number_is_rejected() {
    assert_eq!(post(&json!({"created_at": "2022-10-03T17:57:02.000Z"})).posted_at.as_second(), 1_664_819_822);
    for at in ["2022-10-03T17:57:05.000Z", "2022-10-03T17:56:58.000Z"] {
        let (path, reason) = rejection(&json!({"created_at": at}));
        assert_eq!(path, "data[0].created_at");
        assert!(reason.contains("2022-10-03T17:57:01"), "{reason}");
    }
}

#[test]
fn a_post_from_before_numbers_told_the_time_is_valid() {
    let old = post(&json!({"id": "20", "created_at": "2006-03-21T20:50:14.000Z"}));
    assert_eq!(old.posted_at.as_second(), 1_142_974_214);
    assert_eq!(rejection(&json!({"id": "20", "created_at": "2022-10-03T17:57:01.000Z"})).0, "data[0].created_at");
}

#[test]
fn a_post_without_a_known_author_is_rejected() {
    let body = json!({"data": [record(&json!({}))]});
    let page = page::parse(&body, Some(UserId(9))).unwrap();
    assert_eq!(page.rejected[0].path, "data[0]");
    assert!(page.rejected[0].reason.contains("account 9"), "{}", page.rejected[0].reason);
    assert_eq!(page.rejected[0].raw, record(&json!({})));
}
