//! The feed as one stream over all its pages.

use amber_proto::v1::{ListPostsRequest, Post};
use futures::stream::Stream;
use tonic::Status;

use crate::Amber;

impl Amber {
    /// All posts that match, newest first, from the page of `request.page_token` on. The next page is fetched when its
    /// first post is asked for; a page that fails for a passing cause is repeated as [`Options::retry`] says.
    ///
    /// ```no_run
    /// use amber_sdk::v1::{ListPostsRequest, Platform};
    /// use futures::TryStreamExt;
    ///
    /// # async fn example(amber: amber_sdk::Amber) -> Result<(), tonic::Status> {
    /// let of_x = ListPostsRequest { platforms: vec![Platform::X.into()], ..Default::default() };
    /// let mut posts = std::pin::pin!(amber.posts(of_x));
    /// while let Some(post) = posts.try_next().await? {
    ///     println!("{}: {}", post.leader_name, post.text);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// An item is the [`Status`] of a page that failed for good; it is the last item.
    ///
    /// [`Options::retry`]: crate::Options::retry
    pub fn posts(&self, request: ListPostsRequest) -> impl Stream<Item = Result<Post, Status>> + Send + use<> {
        self.list(request.page_token.clone(), move |amber, page_token| {
            let request = ListPostsRequest { page_token, ..request.clone() };
            async move {
                let page = amber.feed().list_posts(request).await?.into_inner();
                Ok((page.posts, page.next_page_token))
            }
        })
    }
}
