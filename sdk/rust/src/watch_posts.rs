//! New posts as one stream, over as many connections as it takes.

use std::future::ready;
use std::time::Duration;

use amber_proto::v1::{Post, WatchPostsRequest, WatchPostsResponse};
use futures::stream::{Stream, TryStreamExt};
use tonic::{Status, Streaming};

use crate::Amber;
use crate::resume::{Watched, resuming};

/// The server sends something every 15 seconds; after so long without anything the connection is dead.
const SILENCE: Duration = Duration::from_secs(45);

/// A post that was stored, and where to go on after it.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchedPost {
    /// The post.
    pub post: Post,
    /// Keep it to go on after this post, also in another process: `WatchPostsRequest.resume_token`.
    pub resume_token: String,
}

impl Amber {
    /// Each post that fits and is stored from now on, or after `request.resume_token`; without an end.
    ///
    /// When the server goes away or the connection breaks, it calls again and goes on after the last message, so that no
    /// post is missed or told twice, as often and as patiently as [`Options::retry`] says; each message that comes begins
    /// the count anew.
    ///
    /// ```no_run
    /// use amber_sdk::v1::{ListPostsRequest, WatchPostsRequest};
    /// use futures::TryStreamExt;
    ///
    /// # async fn example(amber: amber_sdk::Amber) -> Result<(), tonic::Status> {
    /// // What is there now, and from then on what comes: nothing falls between the two.
    /// let page = amber.feed().list_posts(ListPostsRequest::default()).await?.into_inner();
    /// let after = WatchPostsRequest { resume_token: page.watch_token, ..Default::default() };
    /// let mut posts = std::pin::pin!(amber.watch_posts(after));
    /// while let Some(new) = posts.try_next().await? {
    ///     println!("{}: {}", new.post.leader_name, new.post.text);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// An item is the [`Status`] of a call that failed for good; it is the last item. `RESUME_TOKEN_EXPIRED` means that the
    /// token is older than what the server remembers: list the posts and go on with the `watch_token` of the list.
    ///
    /// [`Options::retry`]: crate::Options::retry
    pub fn watch_posts(
        &self,
        request: WatchPostsRequest,
    ) -> impl Stream<Item = Result<WatchedPost, Status>> + Send + use<> {
        resuming(self, WatchedPosts { request }).try_filter_map(|WatchPostsResponse { post, resume_token }| {
            ready(Ok(post.map(|post| WatchedPost { post, resume_token })))
        })
    }
}

/// Posts that are watched.
struct WatchedPosts {
    request: WatchPostsRequest,
}

impl Watched for WatchedPosts {
    type Told = WatchPostsResponse;

    const LONGEST_SILENCE: Option<Duration> = Some(SILENCE);

    async fn open(&self, amber: &Amber) -> Result<Streaming<WatchPostsResponse>, Status> {
        Ok(amber.feed().watch_posts(self.request.clone()).await?.into_inner())
    }

    fn note(&mut self, told: &WatchPostsResponse) -> bool {
        self.request.resume_token.clone_from(&told.resume_token);
        false
    }
}
