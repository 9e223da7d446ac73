//! Which posts a reader asks for, and where a page ends.

use jiff::Timestamp;

use super::{Label, LanguageRange, LeaderId, Platform, Post, PostId};

/// Which posts to show; an empty list means any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeedFilter {
    /// Only these leaders, at most [`FeedFilter::MAX_LEADERS`].
    pub leaders: Vec<LeaderId>,
    /// Only these platforms.
    pub platforms: Vec<Platform>,
    /// Only languages within these ranges, at most [`FeedFilter::MAX_LANGUAGES`].
    pub languages: Vec<LanguageRange>,
    /// Only these tones; None is a post without a score.
    pub sentiments: Vec<Option<Label>>,
    /// Only posts that were published then or later.
    pub since: Option<Timestamp>,
    /// Only posts that were published before.
    pub until: Option<Timestamp>,
    /// Only posts that contain this text; ASCII letters match without regard to case.
    pub text: Option<String>,
}

impl FeedFilter {
    /// The most leaders that one filter may name.
    pub const MAX_LEADERS: usize = 100;
    /// The most language ranges that one filter may name.
    pub const MAX_LANGUAGES: usize = 20;
    /// The longest text to look for, in characters.
    pub const MAX_TEXT: usize = 100;
    /// The most posts on one page.
    pub const MAX_PAGE_SIZE: u32 = 100;
    /// Posts on a page when the reader does not say.
    pub const DEFAULT_PAGE_SIZE: u32 = 20;

    /// Whether posts must be looked at one by one, because no index knows what is asked about them.
    #[must_use]
    pub fn looks_inside(&self) -> bool {
        !self.languages.is_empty() || !self.sentiments.is_empty() || self.text.is_some()
    }

    /// Whether the counts per day tell how many posts it lets through.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        !self.looks_inside() && self.since.is_none() && self.until.is_none()
    }

    /// Whether it lets a post through.
    #[must_use]
    pub fn admits(&self, post: &Post) -> bool {
        (self.leaders.is_empty() || self.leaders.contains(&post.leader_id))
            && (self.platforms.is_empty() || self.platforms.contains(&post.platform))
            && (self.languages.is_empty() || self.languages.iter().any(|range| range.matches(&post.language)))
            && (self.sentiments.is_empty() || self.sentiments.contains(&post.sentiment.label()))
            && self.since.is_none_or(|since| post.posted_at >= since)
            && self.until.is_none_or(|until| post.posted_at < until)
            && self.text.as_deref().is_none_or(|text| contains(&post.text, text))
    }
}

fn contains(body: &str, text: &str) -> bool {
    body.to_ascii_lowercase().contains(&text.to_ascii_lowercase())
}

/// A place in the feed: the last post that was shown. The next page starts after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedCursor {
    /// When that post was published.
    pub posted_at: Timestamp,
    /// That post.
    pub id: PostId,
}

/// A page of the feed, newest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FeedPage {
    /// The posts.
    pub posts: Vec<Post>,
    /// Where the next page starts; None at the end.
    pub next: Option<FeedCursor>,
    /// All posts that the filter lets through; None when they were not counted.
    pub total: Option<u64>,
}
