//! Posts, media and users as JSON, with the fields that the request asks for and no others.

use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::draft::{Media, Reference};
use super::fields::Wanted;
use super::snowflake::written;
use super::wording::{self, entities, escaped};
use super::world::{Account, Item, World};
use super::{PostId, UserState};

/// Where pictures and films would be: a name that never resolves (RFC 2606), so that no demo calls anybody.
const MEDIA_HOST: &str = "https://media.sandbox.example";
const HALF_HOUR_MS: i64 = 1_800_000;

/// The public numbers of a post.
struct Metrics {
    reposts: i64,
    replies: i64,
    likes: i64,
    quotes: i64,
    bookmarks: i64,
    impressions: i64,
}

/// A post at `now_ms`.
pub(super) fn post(world: &World, item: Item<'_>, wanted: &Wanted, now_ms: i64) -> Value {
    let Item { id, post, author } = item;
    let wording = wording::of(world, item);
    let versions: Vec<String> = author.versions(post.root, now_ms).map(|id| id.to_string()).collect();
    let mut json = object(json!({"id": id.to_string(), "text": escaped(&wording.text)}));
    let mut put = |field: &str, value: &dyn Fn() -> Option<Value>| {
        if wanted.post(field)
            && let Some(value) = value()
        {
            json.insert(field.to_owned(), value);
        }
    };
    put("author_id", &|| Some(json!(author.id.to_string())));
    put("conversation_id", &|| Some(json!(post.root.to_string())));
    put("created_at", &|| Some(json!(id.created_at())));
    put("lang", &|| Some(json!(wording::language(&post.draft.text))));
    put("possibly_sensitive", &|| Some(json!(false)));
    put("reply_settings", &|| Some(json!("everyone")));
    put("public_metrics", &|| Some(metrics(world, item, now_ms).into_json()));
    put("entities", &|| entities(world, &wording.text, &wording.links));
    put("note_tweet", &|| wording.note.as_deref().map(|text| note(world, text)));
    put("attachments", &|| {
        let keys: Vec<String> = wording::attached(item).map(|(key, _)| key).collect();
        (!keys.is_empty()).then(|| json!({"media_keys": keys}))
    });
    put("referenced_tweets", &|| {
        let (kind, id) = post.draft.reference?;
        Some(json!([{"type": kind.as_str(), "id": id.to_string()}]))
    });
    put("edit_controls", &|| {
        let until = post.root.ms() + HALF_HOUR_MS;
        let left = 6_usize.saturating_sub(versions.len());
        let is_eligible = !matches!(post.draft.reference, Some((Reference::Retweeted, _)));
        Some(json!({"edits_remaining": left, "is_edit_eligible": is_eligible, "editable_until": written(until)}))
    });
    put("withheld", &|| {
        let countries = &post.draft.withheld;
        (!countries.is_empty()).then(|| json!({"copyright": false, "country_codes": countries, "scope": "tweet"}))
    });
    json.insert("edit_history_tweet_ids".to_owned(), json!(versions));
    Value::Object(json)
}

/// A photo or a video.
pub(super) fn media(key: &str, media: &Media, wanted: &Wanted) -> Value {
    let all = match media {
        Media::Photo { alt } => json!({
            "url": format!("{MEDIA_HOST}/{key}.jpg"), "alt_text": alt, "width": 1200, "height": 800,
        }),
        Media::Video { length } => json!({
            "preview_image_url": format!("{MEDIA_HOST}/{key}.jpg"),
            "duration_ms": u64::try_from(length.as_millis()).unwrap_or(u64::MAX),
            "width": 1280, "height": 720,
            "variants": variants(key),
        }),
    };
    let kind = if matches!(media, Media::Photo { .. }) { "photo" } else { "video" };
    let mut json = chosen(all, |field| wanted.media(field));
    json.insert("media_key".to_owned(), json!(key));
    json.insert("type".to_owned(), json!(kind));
    Value::Object(json)
}

/// A user at `now_ms`.
pub(super) fn user(account: &Account, wanted: &Wanted, now_ms: i64) -> Value {
    let mut dice = Dice::new(&[account.id.0.unsigned_abs()]);
    // Long timelines are not counted for nothing.
    let count = wanted.user("public_metrics").then(|| account.count(now_ms));
    let newest = account.timeline(now_ms).next();
    let all = json!({
        "created_at": "2019-06-01T08:30:00.000Z",
        "description": escaped(account.about),
        "location": "Sandbox",
        "profile_image_url": format!("{MEDIA_HOST}/{}_normal.png", account.username),
        "protected": account.state == UserState::Protected,
        "verified": true,
        "verified_type": "blue",
        "url": "",
        "most_recent_tweet_id": newest.map(|item| item.id.to_string()),
        "public_metrics": {
            "followers_count": 20_000 + dice.below(900_000),
            "following_count": 50 + dice.below(900),
            "tweet_count": count,
            "listed_count": dice.below(2_000),
            "like_count": dice.below(9_000),
        },
    });
    let mut json = chosen(all, |field| wanted.user(field));
    json.insert("id".to_owned(), json!(account.id.to_string()));
    json.insert("name".to_owned(), json!(account.name));
    json.insert("username".to_owned(), json!(account.username));
    Value::Object(json)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The fields of `all` that are wanted and have a value.
fn chosen(all: Value, is_wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
    object(all).into_iter().filter(|(field, value)| is_wanted(field) && !value.is_null()).collect()
}

fn note(world: &World, text: &str) -> Value {
    let mut note = json!({"text": escaped(text)});
    if let Some(entities) = entities(world, text, &[]) {
        note["entities"] = entities;
    }
    note
}

fn variants(key: &str) -> Value {
    let mp4 = |height: u32, bit_rate: u32| json!({"content_type": "video/mp4", "bit_rate": bit_rate, "url": format!("{MEDIA_HOST}/{key}/{height}.mp4")});
    let playlist = json!({"content_type": "application/x-mpegURL", "url": format!("{MEDIA_HOST}/{key}.m3u8")});
    json!([mp4(270, 256_000), playlist, mp4(720, 2_176_000), mp4(360, 832_000)])
}

/// The numbers of a post; a retweet shows the repeats of its original and nothing of its own.
fn metrics(world: &World, item: Item<'_>, now_ms: i64) -> Metrics {
    let Some((Reference::Retweeted, original)) = item.post.draft.reference else {
        return Metrics::grown(item.id, item.post.root, now_ms);
    };
    let reposts = world.post(original, now_ms).map_or(0, |item| metrics(world, item, now_ms).reposts);
    Metrics { reposts, replies: 0, likes: 0, quotes: 0, bookmarks: 0, impressions: 0 }
}

impl Metrics {
    /// Numbers that grow with the age of a post, quickly at first, towards a peak that its root decides.
    fn grown(id: PostId, root: PostId, now_ms: i64) -> Self {
        const HALF_WAY_MINUTES: i64 = 360;
        let peak = 40 + Dice::new(&[root.0.unsigned_abs()]).below(24_000);
        let age = ((now_ms - id.ms()) / 60_000).max(0);
        let likes = peak * age / (age + HALF_WAY_MINUTES);
        Self {
            likes,
            reposts: likes / 6,
            replies: likes / 11,
            quotes: likes / 40,
            bookmarks: likes / 25,
            impressions: likes * 37,
        }
    }

    fn into_json(self) -> Value {
        json!({
            "retweet_count": self.reposts,
            "reply_count": self.replies,
            "like_count": self.likes,
            "quote_count": self.quotes,
            "bookmark_count": self.bookmarks,
            "impression_count": self.impressions,
        })
    }
}
