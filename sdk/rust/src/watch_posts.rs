//! New posts as one stream, over as many connections as it takes.

use std::time::Duration;

use amber_proto::v1::{ErrorReason, Post, WatchPostsRequest, WatchPostsResponse};
use futures::stream::{Stream, try_unfold};
use tokio::time::timeout;
use tonic::{Status, Streaming};

use crate::watch::as_outage;
use crate::{Amber, Refusal};

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
        let watch = Watch { amber: self.clone(), request, open: None, failures: 0 };
        try_unfold(watch, |mut watch| async move { Ok(Some((watch.next().await?, watch))) })
    }
}

/// Posts that are watched.
struct Watch {
    amber: Amber,
    request: WatchPostsRequest,
    open: Option<Streaming<WatchPostsResponse>>,
    failures: u32,
}

impl Watch {
    async fn next(&mut self) -> Result<WatchedPost, Status> {
        loop {
            match self.receive().await {
                Ok(told) => {
                    self.failures = 0;
                    self.request.resume_token.clone_from(&told.resume_token);
                    if let Some(post) = told.post {
                        return Ok(WatchedPost { post, resume_token: told.resume_token });
                    }
                }
                Err(refusal) => {
                    self.open = None;
                    // Whoever was too slow is back now.
                    if refusal.reason() != Some(ErrorReason::WatcherTooSlow) {
                        self.amber.retry().pause(self.failures, as_outage(refusal)).await?;
                        self.failures += 1;
                    }
                }
            }
        }
    }

    /// What the open stream says next; without one it is opened first.
    async fn receive(&mut self) -> Result<WatchPostsResponse, Status> {
        let messages = match &mut self.open {
            Some(messages) => messages,
            none => none.insert(self.amber.feed().watch_posts(self.request.clone()).await?.into_inner()),
        };
        let silent = || Status::unavailable("the stream fell silent");
        let told = timeout(SILENCE, messages.message()).await.map_err(|_| silent())??;
        told.ok_or_else(|| Status::unavailable("the stream ended"))
    }
}
