//! What is true of a post, for tests to compare with what was stored.

use jiff::Timestamp;

use super::PostId;
use super::draft::Reference;
use super::wording;
use super::world::Item;

/// The newest version of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// Its id; the time of posting is [`PostId::posted_at`].
    pub id: PostId,
    /// All versions, the first one first.
    pub versions: Vec<PostId>,
    /// The whole text as typed: neither cut nor escaped, without the links that X adds. That of a retweet is cut.
    pub text: String,
    /// The language tag that the API shows.
    pub language: &'static str,
    /// The post to which it refers.
    pub reference: Option<(Reference, PostId)>,
    /// Since when it can be seen; later than the time of posting for a late one.
    pub seen_from: Timestamp,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
}

impl Truth {
    pub(super) fn of(item: Item<'_>, now_ms: i64) -> Self {
        let draft = &item.post.draft;
        Self {
            id: item.id,
            versions: item.author.versions(item.post.root, now_ms).collect(),
            text: draft.text.to_string(),
            language: wording::language(&draft.text),
            reference: draft.reference,
            seen_from: Timestamp::from_millisecond(item.author.seen_from_ms(item.post)).unwrap_or(Timestamp::MAX),
            deleted_at: None,
        }
    }
}
