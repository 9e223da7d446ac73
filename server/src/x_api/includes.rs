//! What hangs on the posts of a page: accounts, media, and the posts that they refer to.

use std::collections::HashMap;

use super::node::{Node, lenient_items, web_address};
use super::user::{self, User};
use crate::domain::{Author, ExternalId, Media, MediaKind, UserId};

/// The `includes` of an answer. What is unreadable is left out: it hangs on posts that are good without it.
#[derive(Debug, Default)]
pub(super) struct Includes<'a> {
    authors: HashMap<UserId, Author>,
    /// How many posts the accounts have.
    post_counts: HashMap<UserId, u64>,
    posts: HashMap<ExternalId, Node<'a>>,
    media: HashMap<&'a str, Media>,
}

impl<'a> Includes<'a> {
    pub(super) fn read(root: &Node<'a>) -> Self {
        let list = |name: &str| lenient_items(root.get("includes").and_then(|includes| includes.get(name)));
        let posts = list("tweets").into_iter().chain(list("posts"));
        let users: Vec<User> = list("users").iter().filter_map(|record| user::parse(record).ok()).collect();
        Self {
            post_counts: users.iter().filter_map(|user| Some((user.id, user.post_count?))).collect(),
            authors: users.into_iter().map(author).collect(),
            posts: posts.filter_map(|post| Some((post.get("id")?.post_id().ok()?, post))).collect(),
            media: list("media").iter().filter_map(medium).collect(),
        }
    }

    /// What is known of a record that came alone.
    pub(super) fn of_author(id: UserId, author: Author) -> Self {
        Self { authors: HashMap::from([(id, author)]), ..Self::default() }
    }

    pub(super) fn author(&self, id: UserId) -> Option<&Author> {
        self.authors.get(&id)
    }

    pub(super) fn post_count(&self, id: UserId) -> Option<u64> {
        self.post_counts.get(&id).copied()
    }

    pub(super) fn post(&self, id: ExternalId) -> Option<&Node<'a>> {
        self.posts.get(&id)
    }

    pub(super) fn medium(&self, key: &str) -> Option<&Media> {
        self.media.get(key)
    }
}

fn author(user: User) -> (UserId, Author) {
    (user.id, Author { handle: user.username, name: user.name, avatar_url: user.avatar_url })
}

fn medium<'a>(record: &Node<'a>) -> Option<(&'a str, Media)> {
    let key = record.get("media_key")?.text().ok()?;
    let kind = MediaKind::parse(record.get("type")?.text().ok()?);
    let media = Media {
        kind,
        url: web_address(record.get("url")).or_else(|| best_film(record)),
        preview_url: web_address(record.get("preview_image_url")),
        alt_text: record.get("alt_text").and_then(|alt| alt.text().ok()).map(|alt| alt.replace('\0', "")),
    };
    Some((key, media))
}

/// The MP4 variant of the highest bit rate; the playlist variants have none.
fn best_film(record: &Node<'_>) -> Option<String> {
    let is_mp4 =
        |variant: &Node<'_>| variant.get("content_type").is_some_and(|kind| kind.value().as_str() == Some("video/mp4"));
    let bit_rate = |variant: &Node<'_>| variant.get("bit_rate").and_then(|rate| rate.integer().ok());
    let variants = lenient_items(record.get("variants"));
    let best = variants.iter().filter(|variant| is_mp4(variant)).max_by_key(|variant| bit_rate(variant))?;
    web_address(best.get("url"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_film_is_the_mp4_of_the_highest_bit_rate() {
        let body = json!({"includes": {"media": [{"media_key": "7_1", "type": "video", "preview_image_url": "https://x/p.jpg",
        "variants": [
            {"bit_rate": 256_000, "content_type": "video/mp4", "url": "https://x/low.mp4"},
            {"content_type": "application/x-mpegURL", "url": "https://x/list.m3u8"},
            {"bit_rate": "2176000", "content_type": "video/mp4", "url": "https://x/high.mp4"},
        ]}]}});
        let includes = Includes::read(&Node::root(&body));
        let film = includes.medium("7_1").unwrap();
        assert_eq!(film.url.as_deref(), Some("https://x/high.mp4"));
        assert_eq!((film.kind, film.preview_url.as_deref()), (MediaKind::Video, Some("https://x/p.jpg")));
    }

    #[test]
    fn a_moving_picture_has_a_film_of_bit_rate_zero() {
        let body = json!({"includes": {"media": [{"media_key": "16_1", "type": "animated_gif", "preview_image_url": "https://x/p.jpg",
            "variants": [{"bit_rate": 0, "content_type": "video/mp4", "url": "https://x/gif.mp4"}]},
            {"media_key": "7_2", "type": "video", "variants": [{"content_type": "application/x-mpegURL", "url": "https://x/l.m3u8"}]}]}});
        let includes = Includes::read(&Node::root(&body));
        let picture = includes.medium("16_1").unwrap();
        assert_eq!((picture.kind, picture.url.as_deref()), (MediaKind::AnimatedGif, Some("https://x/gif.mp4")));
        assert_eq!(includes.medium("7_2").unwrap().url, None, "a playlist is no film");
    }

    #[test]
    fn what_is_unreadable_is_left_out() {
        let body = json!({"includes": {"users": [{"id": "1"}, {"id": "2", "username": "b", "name": "B"}], "media": "none", "tweets": [3]}});
        let includes = Includes::read(&Node::root(&body));
        assert!(includes.author(UserId(1)).is_none());
        assert_eq!(includes.author(UserId(2)).unwrap().handle, "b");
    }
}
