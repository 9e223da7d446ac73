//! What can be asked of X, and how it is spelled.

use std::fmt;

use super::user::Names;
use crate::domain::{ExternalId, UserId};
use crate::resilience::Demand;

/// The fields of a post that Amber reads. The older spelling is asked for on purpose: it decides the answer's spelling.
const POST_FIELDS: &str = "attachments,author_id,created_at,edit_history_tweet_ids,entities,id,lang,note_tweet,\
                           public_metrics,referenced_tweets,text,withheld";
const OWN_EXPANSIONS: &str = "attachments.media_keys,author_id";
const POST_EXPANSIONS: &str = "attachments.media_keys,author_id,referenced_tweets.id,\
                               referenced_tweets.id.attachments.media_keys,referenced_tweets.id.author_id";
const MEDIA_FIELDS: &str = "alt_text,media_key,preview_image_url,type,url,variants";
const USER_FIELDS: &str = "id,name,profile_image_url,protected,public_metrics,username";

/// The parameter for the size of a page, and what X takes for it.
const MAX_RESULTS: &str = "max_results";
const SMALLEST_PAGE: u32 = 5;
const LARGEST_PAGE: u32 = 100;

/// An endpoint of X; each has its own rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// `GET /2/users/by`
    UsersByUsernames,
    /// `GET /2/users`
    UsersByIds,
    /// `GET /2/users/{id}/tweets`
    UserTimeline,
    /// `GET /2/tweets`
    PostsByIds,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: [Self; 4] = [Self::UsersByUsernames, Self::UsersByIds, Self::UserTimeline, Self::PostsByIds];

    /// The name in logs, metrics and the shared budget of calls.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UsersByUsernames => "users_by_usernames",
            Self::UsersByIds => "users_by_ids",
            Self::UserTimeline => "user_timeline",
            Self::PostsByIds => "posts_by_ids",
        }
    }
}

/// What an endpoint returns, and X bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Posts,
    Users,
}

impl Endpoint {
    pub(super) fn gives(self) -> Resource {
        match self {
            Self::UsersByUsernames | Self::UsersByIds => Resource::Users,
            Self::UserTimeline | Self::PostsByIds => Resource::Posts,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One page of an account's posts, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineRequest {
    /// Whose posts.
    pub user: UserId,
    /// Only posts after this one.
    pub since: Option<ExternalId>,
    /// Only posts before this one.
    pub until: Option<ExternalId>,
    /// The most posts on the page; X takes 5 to 100, anything else is moved there.
    pub max_results: u32,
    /// Where the previous page ended.
    pub token: Option<String>,
}

/// A request as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) endpoint: Endpoint,
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    /// How many posts it may return. A request that makes no sense with fewer has `least` equal to `most`.
    pub(super) demand: Demand,
}

impl Request {
    pub(super) fn users(names: &Names<'_>) -> Self {
        let (endpoint, path, key) = match names {
            Names::Handles(_) => (Endpoint::UsersByUsernames, "/2/users/by", "usernames"),
            Names::Ids(_) => (Endpoint::UsersByIds, "/2/users", "ids"),
        };
        let query = vec![(key, names.joined()), ("user.fields", USER_FIELDS.to_owned())];
        Self { endpoint, path: path.to_owned(), query, demand: Demand::default() }
    }

    pub(super) fn posts(ids: &[ExternalId]) -> Self {
        let all = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut query = vec![("ids", ids.join(","))];
        // X bills the posts that these refer to. A repost tells all that changes of it by itself.
        query.extend(posts_with(OWN_EXPANSIONS));
        let demand = Demand { least: all, most: all };
        Self { endpoint: Endpoint::PostsByIds, path: "/2/tweets".to_owned(), query, demand }
    }

    pub(super) fn timeline(request: &TimelineRequest) -> Self {
        let most = request.max_results.clamp(SMALLEST_PAGE, LARGEST_PAGE);
        let mut query = vec![(MAX_RESULTS, most.to_string())];
        query.extend(posts_with(POST_EXPANSIONS));
        query.extend(request.since.map(|id| ("since_id", id.to_string())));
        query.extend(request.until.map(|id| ("until_id", id.to_string())));
        query.extend(request.token.clone().map(|token| ("pagination_token", token)));
        let demand = Demand { least: SMALLEST_PAGE, most };
        Self { endpoint: Endpoint::UserTimeline, path: format!("/2/users/{}/tweets", request.user), query, demand }
    }

    /// The same request for at most so many posts.
    pub(super) fn with_at_most(mut self, posts: u32) -> Self {
        for (name, value) in &mut self.query {
            if *name == MAX_RESULTS && posts < self.demand.most {
                *value = posts.to_string();
            }
        }
        self
    }
}

/// What makes an answer give posts with everything that Amber stores of them, and with what hangs on them.
fn posts_with(expansions: &str) -> [(&'static str, String); 4] {
    [
        ("tweet.fields", POST_FIELDS.to_owned()),
        ("expansions", expansions.to_owned()),
        ("media.fields", MEDIA_FIELDS.to_owned()),
        ("user.fields", USER_FIELDS.to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_page_is_moved_to_what_x_takes() {
        for (asked, sent) in [(0, "5"), (4, "5"), (10, "10"), (101, "100")] {
            let request =
                TimelineRequest { user: UserId(7), since: None, until: None, max_results: asked, token: None };
            let request = Request::timeline(&request);
            assert_eq!(request.query[0], ("max_results", sent.to_owned()));
            assert_eq!(request.path, "/2/users/7/tweets");
            assert_eq!(request.query.len(), 5, "bounds that are not asked for are not sent");
        }
    }

    #[test]
    fn a_page_shrinks_to_what_is_affordable() {
        let request = TimelineRequest { user: UserId(7), since: None, until: None, max_results: 50, token: None };
        let request = Request::timeline(&request);
        for (affordable, sent) in [(20, "20"), (50, "50"), (90, "50")] {
            assert_eq!(request.clone().with_at_most(affordable).query[0], ("max_results", sent.to_owned()));
        }
    }
}
