//! The posts, newest first.

use std::sync::Arc;

use super::{Error, page_token};
use crate::domain::{FeedCursor, FeedFilter, FeedPage, LeaderId, Platform, PostId};
use crate::store::Posts;

/// What a reader asks for, as text.
#[derive(Debug, Clone, Default)]
pub struct FeedQuery {
    /// Ids of leaders; empty means all. An id that no leader has matches nothing.
    pub leaders: Vec<String>,
    /// Names of platforms; empty means all. An unknown name matches nothing.
    pub platforms: Vec<String>,
}

/// The posts.
pub struct Feed {
    posts: Arc<dyn Posts>,
}

impl Feed {
    /// Reads from `posts`.
    #[must_use]
    pub fn new(posts: Arc<dyn Posts>) -> Self {
        Self { posts }
    }

    /// A page after `token`. Anyone may ask.
    ///
    /// # Errors
    /// [`Error::PageToken`], [`Error::Invalid`], or when the store fails.
    pub async fn page(&self, query: &FeedQuery, size: u32, token: &str) -> Result<FeedPage, Error> {
        let after = page_token::decode(token)?.map(|(posted_at, id)| FeedCursor { posted_at, id: PostId(id) });
        let Some(filter) = query.filter()? else { return Ok(FeedPage::default()) };
        let size = size.clamp(1, FeedFilter::MAX_PAGE_SIZE);
        Ok(self.posts.page(&filter, after, size).await?)
    }

    /// The page with this number, counted from 1, as the old route asks. Anyone may ask.
    ///
    /// # Errors
    /// [`Error::Invalid`], or when the store fails.
    pub async fn numbered_page(&self, query: &FeedQuery, number: u64, size: u32) -> Result<FeedPage, Error> {
        let Some(filter) = query.filter()? else { return Ok(FeedPage::default()) };
        let size = size.clamp(1, FeedFilter::MAX_PAGE_SIZE);
        Ok(self.posts.page_by_number(&filter, number.max(1), size).await?)
    }

    /// The token of the page after `page`; empty at the end.
    #[must_use]
    pub fn next_token(page: &FeedPage) -> String {
        page.next.map(|next| page_token::encode(next.posted_at, next.id.0)).unwrap_or_default()
    }
}

impl FeedQuery {
    /// The filter; None when nothing can match.
    fn filter(&self) -> Result<Option<FeedFilter>, Error> {
        if self.leaders.len() > FeedFilter::MAX_LEADERS {
            let rule = format!("at most {} leaders can be asked for at once", FeedFilter::MAX_LEADERS);
            return Err(Error::field("leaders", rule));
        }
        let mut leaders: Vec<LeaderId> = self.leaders.iter().filter_map(|text| text.parse().ok()).collect();
        let mut platforms: Vec<Platform> = self.platforms.iter().filter_map(|name| Platform::parse(name)).collect();
        let asks_for_nobody = leaders.is_empty() && !self.leaders.is_empty();
        let asks_for_nowhere = platforms.is_empty() && !self.platforms.is_empty();
        if asks_for_nobody || asks_for_nowhere {
            return Ok(None);
        }
        leaders.sort_unstable();
        leaders.dedup();
        platforms.sort_unstable();
        platforms.dedup();
        Ok(Some(FeedFilter { leaders, platforms }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_matches_nothing_rather_than_everything() {
        let query = |leaders: &[&str], platforms: &[&str]| FeedQuery {
            leaders: leaders.iter().map(ToString::to_string).collect(),
            platforms: platforms.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(query(&["nope"], &[]).filter().unwrap(), None);
        assert_eq!(query(&[], &["instagram"]).filter().unwrap(), None);
        assert_eq!(query(&[], &[]).filter().unwrap(), Some(FeedFilter::default()));
        let both = query(&[], &["x", "Twitter"]).filter().unwrap().unwrap();
        assert_eq!(both.platforms, [Platform::X]);
        assert!(matches!(query(&["a"; 101], &[]).filter(), Err(Error::Invalid(_))));
    }
}
