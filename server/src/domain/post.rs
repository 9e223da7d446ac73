//! A post: as it was fetched, as it was scored, as it is stored.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

use super::{LeaderId, Platform, PostOrigin, Sentiment, Verification};

/// Names a stored post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostId(pub Uuid);

impl fmt::Display for PostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! x_number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

x_number! {
    /// The number of a post on X, below 2^63; greater means later.
    ExternalId
}
x_number! {
    /// The number of an account on X, below 2^63.
    UserId
}

/// When X made a post's number, to the millisecond
/// ([Snowflake](https://docs.x.com/fundamentals/x-ids): 41 bits of milliseconds since 2010-11-04).
///
/// # Panics
/// Never: 41 bits of milliseconds end in 2080.
#[must_use]
pub fn snowflake_time(id: ExternalId) -> Timestamp {
    Timestamp::from_millisecond((id.0 >> 22) + 1_288_834_974_657).expect("41 bits of milliseconds end in 2080")
}

/// Who wrote a post.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Author {
    /// The handle, without the `@`.
    pub handle: String,
    /// The name that people read.
    pub name: String,
    /// The picture.
    pub avatar_url: Option<String>,
}

/// What kind of media is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// A still picture.
    Photo,
    /// A film.
    Video,
    /// A short film that repeats.
    AnimatedGif,
    /// A kind that this version does not know.
    Other,
}

impl MediaKind {
    /// The name in the store, which is X's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Video => "video",
            Self::AnimatedGif => "animated_gif",
            Self::Other => "other",
        }
    }

    /// Reads X's name; an unknown one is [`MediaKind::Other`].
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name {
            "photo" => Self::Photo,
            "video" => Self::Video,
            "animated_gif" => Self::AnimatedGif,
            _ => Self::Other,
        }
    }
}

/// A picture or film of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// The picture, or the film of the highest bit rate.
    pub url: Option<String>,
    /// A still picture of a film.
    pub preview_url: Option<String>,
    /// What the author says it shows.
    pub alt_text: Option<String>,
}

/// Public counts; each may be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PostMetrics {
    /// Likes.
    pub likes: Option<i64>,
    /// Reposts.
    pub reposts: Option<i64>,
    /// Replies.
    pub replies: Option<i64>,
    /// Quotes.
    pub quotes: Option<i64>,
    /// Bookmarks.
    pub bookmarks: Option<i64>,
    /// Views.
    pub impressions: Option<i64>,
}

/// A post as X told it, checked but not scored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedPost {
    /// The number of this version of the post.
    pub id: ExternalId,
    /// The number of the first version; equal to `id` when the post was never edited.
    pub edit_root: ExternalId,
    /// Who wrote it.
    pub author: Author,
    /// The whole text, HTML entities resolved.
    pub text: String,
    /// When it was published.
    pub posted_at: Timestamp,
    /// X's guess of the language (`en`, `hi`, `und`, ...); opaque.
    pub language: Option<String>,
    /// Hashtags without the `#`, in the order of the text.
    pub hashtags: Vec<String>,
    /// What is attached.
    pub media: Vec<Media>,
    /// Public counts at the time of fetching.
    pub metrics: PostMetrics,
    /// X gave only the beginning of the text (a repost without its original).
    pub truncated: bool,
    /// Countries in which the post is withheld; the text is then X's notice.
    pub withheld_in: Vec<String>,
}

impl FetchedPost {
    /// Where the post can be read on X.
    #[must_use]
    pub fn permalink(&self) -> String {
        format!("https://x.com/{}/status/{}", self.author.handle, self.id)
    }
}

/// A fetched post with its sentiment and language, ready to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredPost {
    /// The post.
    pub post: FetchedPost,
    /// The tone of its text.
    pub sentiment: Sentiment,
    /// The language as detected, or as X told it: a BCP 47 tag, `und` when unknown.
    pub language: String,
    /// It sounds good and bad at once, so that a reviewer is to look at it.
    pub is_doubtful: bool,
}

/// A stored post with the name of its leader.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// The name of the record.
    pub id: PostId,
    /// Whose post it is.
    pub leader_id: LeaderId,
    /// The leader's name.
    pub leader_name: String,
    /// Where it was published.
    pub platform: Platform,
    /// What that is called, for [`Platform::Other`].
    pub platform_name: Option<String>,
    /// How it came here.
    pub origin: PostOrigin,
    /// What reviewers say of it.
    pub verification: Verification,
    /// The number of the newest version on the platform; empty when it has none.
    pub external_id: String,
    /// Who wrote it.
    pub author: Author,
    /// The whole text.
    pub text: String,
    /// When the first version was published.
    pub posted_at: Timestamp,
    /// A BCP 47 tag, `und` when unknown.
    pub language: String,
    /// Hashtags without the `#`.
    pub hashtags: Vec<String>,
    /// What is attached.
    pub media: Vec<Media>,
    /// Public counts when last fetched.
    pub metrics: PostMetrics,
    /// The tone of the text.
    pub sentiment: Sentiment,
    /// Where it can be read; empty when nowhere.
    pub permalink: String,
    /// The author changed the text after publishing.
    pub edited: bool,
    /// Only the beginning of the text is known.
    pub truncated: bool,
    /// When Amber first stored it.
    pub first_seen_at: Timestamp,
}

impl Post {
    /// What the platform is called.
    #[must_use]
    pub fn platform_title(&self) -> &str {
        self.platform_name.as_deref().unwrap_or(self.platform.title())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snowflake_tells_its_time() {
        // The example of X's documentation of post 1050118621198921728.
        assert_eq!(snowflake_time(ExternalId(1_050_118_621_198_921_728)).to_string(), "2018-10-10T20:19:24.211Z");
    }
}
