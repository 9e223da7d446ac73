//! What can be asked of X, and how it is spelled.

use std::fmt;

use super::user::Names;
use crate::domain::{ExternalId, UserId};

/// The fields of a post that Amber reads. The older spelling is asked for on purpose: it decides the answer's spelling.
const POST_FIELDS: &str = "attachments,author_id,created_at,edit_history_tweet_ids,entities,id,lang,note_tweet,\
                           public_metrics,referenced_tweets,text,withheld";
const POST_EXPANSIONS: &str = "attachments.media_keys,author_id,referenced_tweets.id,\
                               referenced_tweets.id.attachments.media_keys,referenced_tweets.id.author_id";
const MEDIA_FIELDS: &str = "alt_text,media_key,preview_image_url,type,url,variants";
const USER_FIELDS: &str = "id,name,profile_image_url,protected,username";
/// What lookups of accounts ask for.
const ACCOUNT_FIELDS: &str = "id,name,profile_image_url,protected,public_metrics,username";

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

    /// The name in logs and metrics.
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
}

impl Request {
    pub(super) fn users(names: &Names<'_>) -> Self {
        let (endpoint, path, key) = match names {
            Names::Handles(_) => (Endpoint::UsersByUsernames, "/2/users/by", "usernames"),
            Names::Ids(_) => (Endpoint::UsersByIds, "/2/users", "ids"),
        };
        let query = vec![(key, names.joined()), ("user.fields", ACCOUNT_FIELDS.to_owned())];
        Self { endpoint, path: path.to_owned(), query }
    }

    pub(super) fn posts(ids: &[ExternalId]) -> Self {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut query = vec![("ids", ids.join(","))];
        query.extend(whole_posts());
        Self { endpoint: Endpoint::PostsByIds, path: "/2/tweets".to_owned(), query }
    }

    pub(super) fn timeline(request: &TimelineRequest) -> Self {
        let mut query = vec![("max_results", request.max_results.clamp(5, 100).to_string())];
        query.extend(whole_posts());
        query.extend(request.since.map(|id| ("since_id", id.to_string())));
        query.extend(request.until.map(|id| ("until_id", id.to_string())));
        query.extend(request.token.clone().map(|token| ("pagination_token", token)));
        Self { endpoint: Endpoint::UserTimeline, path: format!("/2/users/{}/tweets", request.user), query }
    }
}

/// What makes an answer give posts with everything that Amber stores of them.
fn whole_posts() -> [(&'static str, String); 4] {
    [
        ("tweet.fields", POST_FIELDS.to_owned()),
        ("expansions", POST_EXPANSIONS.to_owned()),
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
}
