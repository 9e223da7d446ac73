//! Which posts a reader asks for, and where a page ends.

use jiff::Timestamp;

use super::{LeaderId, Platform, Post, PostId};

/// Which posts to show; an empty list means any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeedFilter {
    /// Only these leaders, at most [`FeedFilter::MAX_LEADERS`].
    pub leaders: Vec<LeaderId>,
    /// Only these platforms.
    pub platforms: Vec<Platform>,
}

impl FeedFilter {
    /// The most leaders that one filter may name.
    pub const MAX_LEADERS: usize = 100;
    /// The most posts on one page.
    pub const MAX_PAGE_SIZE: u32 = 100;
    /// Posts on a page when the reader does not say.
    pub const DEFAULT_PAGE_SIZE: u32 = 20;
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
    /// All posts that the filter lets through.
    pub total: u64,
}
