//! How X words a post: what is cut, which links are added, and where entities stand in the HTML-escaped text.

use serde_json::{Map, Value, json};

use super::PostId;
use super::dice::Dice;
use super::draft::{Media, Reference};
use super::world::{Item, World, is_username};

/// Code points after which a post is a long one, whose full text is in `note_tweet`.
pub(super) const SHORT: usize = 280;
/// Code points that a retweet keeps, its ellipsis included.
const REPEATED: usize = 140;
/// Code points of a long post that stand before the link to the rest.
const TEASER: usize = 250;
const LINK_START: &str = "https://t.co/";
const LINK_CODE: usize = 10;

/// The texts of one post, as typed; [`escaped`] makes them what X sends.
pub(super) struct Wording {
    /// `text`, with the links that X adds.
    pub(super) text: String,
    /// `note_tweet.text`, for long posts.
    pub(super) note: Option<Box<str>>,
    pub(super) links: Vec<Link>,
}

/// A shortened link in a text and where it leads.
pub(super) struct Link {
    short: String,
    expanded: String,
    media_key: Option<String>,
}

/// Words the post `item`.
pub(super) fn of(world: &World, item: Item<'_>) -> Wording {
    let Item { id, post, author } = item;
    let typed = &post.draft.text;
    let mut links = Vec::new();
    let mut link = |expanded: String, media_key: Option<String>| {
        let short = short_link(id, links.len());
        links.push(Link { short: short.clone(), expanded, media_key });
        format!(" {short}")
    };
    let repeats = matches!(post.draft.reference, Some((Reference::Retweeted, _)));
    let is_long = !repeats && typed.chars().count() > SHORT;
    let mut text = if is_long { cut(typed, TEASER) } else { typed.to_string() };
    if is_long {
        text += &link(format!("https://x.com/i/web/status/{id}"), None);
    }
    if let Some((Reference::Quoted, quoted)) = post.draft.reference {
        let username = world.post(quoted, i64::MAX).map_or("i/web", |item| &item.author.username);
        text += &link(format!("https://x.com/{username}/status/{quoted}"), None);
    }
    if let Some((key, media)) = attached(item).next() {
        let kind = if matches!(media, Media::Photo { .. }) { "photo" } else { "video" };
        text += &link(format!("https://x.com/{}/status/{id}/{kind}/1", author.username), Some(key));
    }
    Wording { text, note: is_long.then(|| typed.clone()), links }
}

/// The media of a post with their keys: 3 is a photo, 7 a video.
pub(super) fn attached(item: Item<'_>) -> impl Iterator<Item = (String, &Media)> {
    (1..).zip(&item.post.draft.media).map(move |(n, media)| {
        let class = if matches!(media, Media::Photo { .. }) { 3 } else { 7 };
        (format!("{class}_{}", item.post.root.0 + n), media)
    })
}

/// The text of a retweet: named, and cut.
pub(super) fn repeated(username: &str, original: &str) -> String {
    cut(&format!("RT @{username}: {original}"), REPEATED)
}

/// Escapes as X does: these three characters and no others.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The hashtags, mentions and links in `text`; nothing when it has none. Offsets are code points of the escaped text,
/// the end is exclusive.
pub(super) fn entities(world: &World, text: &str, links: &[Link]) -> Option<Value> {
    let (mut hashtags, mut mentions, mut urls) = (Vec::new(), Vec::new(), Vec::new());
    for found in marks(text) {
        let Mark { start, end, word } = found;
        if let Some(tag) = word.strip_prefix('#') {
            hashtags.push(json!({"start": start, "end": end, "tag": tag}));
        } else if let Some(username) = word.strip_prefix('@') {
            let mut mention = json!({"start": start, "end": end, "username": username});
            if let Some(user) = world.named(username) {
                mention["id"] = json!(user.id.to_string());
            }
            mentions.push(mention);
        } else if let Some(link) = links.iter().find(|link| link.short == word) {
            urls.push(url_entity(start, end, link));
        }
    }
    let lists = [("hashtags", hashtags), ("mentions", mentions), ("urls", urls)];
    let found: Map<String, Value> =
        lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(key, list)| (key.into(), list.into())).collect();
    (!found.is_empty()).then_some(Value::Object(found))
}

/// The names mentioned in `text`.
pub(super) fn mentioned(text: &str) -> Vec<&str> {
    marks(text).into_iter().filter_map(|mark| mark.word.strip_prefix('@')).collect()
}

/// The language tag that X would guess: Hindi by its script, English by its letters, else `und`.
pub(super) fn language(text: &str) -> &'static str {
    let is_prose = |word: &&str| *word != "RT" && !word.starts_with(['#', '@']) && !word.starts_with(LINK_START);
    let words = || text.split_whitespace().filter(is_prose);
    if words().any(|word| word.chars().any(is_devanagari)) {
        return "hi";
    }
    if words().any(|word| word.chars().filter(char::is_ascii_alphabetic).count() > 1) { "en" } else { "und" }
}

struct Mark<'a> {
    start: usize,
    end: usize,
    word: &'a str,
}

fn marks(text: &str) -> Vec<Mark<'_>> {
    let mut found = Vec::new();
    let (mut position, mut before, mut skip_to) = (0, ' ', 0);
    for (index, c) in text.char_indices() {
        if index >= skip_to
            && !is_word(before)
            && let Some(word) = mark_at(&text[index..])
        {
            // None of the marks contains a character that grows when it is escaped.
            found.push(Mark { start: position, end: position + word.chars().count(), word });
            skip_to = index + word.len();
        }
        position += match c {
            '&' => "&amp;".len(),
            '<' | '>' => "&lt;".len(),
            _ => 1,
        };
        before = c;
    }
    found
}

/// The hashtag, mention or link that `rest` begins with.
fn mark_at(rest: &str) -> Option<&str> {
    let sign = rest.chars().next()?;
    let length_of =
        |from: usize, is_part: fn(char) -> bool| from + rest[from..].find(|c| !is_part(c)).unwrap_or(rest.len() - from);
    match sign {
        '#' => Some(&rest[..length_of(1, is_word)]).filter(|word| word.chars().skip(1).any(|c| !c.is_numeric())),
        '@' => Some(&rest[..length_of(1, |c| c.is_ascii_alphanumeric() || c == '_')]).filter(|w| is_username(&w[1..])),
        'h' if rest.starts_with(LINK_START) => {
            Some(&rest[..length_of(LINK_START.len(), |c| c.is_ascii_alphanumeric())])
        }
        _ => None,
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || (is_devanagari(c) && !matches!(c, '\u{964}' | '\u{965}'))
}

fn is_devanagari(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{97f}')
}

fn url_entity(start: usize, end: usize, link: &Link) -> Value {
    let shown = match link.media_key {
        Some(_) => format!("pic.x.com/{}", &link.short[LINK_START.len()..]),
        None => cut(link.expanded.trim_start_matches("https://"), 27),
    };
    let mut entity = json!({
        "start": start, "end": end, "url": link.short, "expanded_url": link.expanded, "display_url": shown,
    });
    if let Some(key) = &link.media_key {
        entity["media_key"] = json!(key);
    }
    entity
}

fn short_link(id: PostId, n: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut dice = Dice::new(&[id.0.unsigned_abs(), n as u64]);
    let letters: Vec<&u8> = LETTERS.iter().collect();
    LINK_START.chars().chain((0..LINK_CODE).map(|_| char::from(*dice.pick(&letters)))).collect()
}

/// At most `most` code points of `text`, the last one an ellipsis when something is missing.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    kept.trim_end().to_owned() + "…"
}
