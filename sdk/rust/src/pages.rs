//! A list as one stream over all its pages.

use futures::stream::{Stream, TryStreamExt, iter, try_unfold};
use tonic::Status;

use crate::Amber;

impl Amber {
    /// The items of every page from the one of `first` on. `fetch` calls for the page of a token.
    pub(crate) fn list<Item, Page, Fetch>(
        &self,
        first: String,
        fetch: Fetch,
    ) -> impl Stream<Item = Result<Item, Status>> + Send + use<Item, Page, Fetch>
    where
        Item: Send,
        Page: Future<Output = Result<(Vec<Item>, String), Status>> + Send,
        Fetch: Fn(Self, String) -> Page + Clone + Send + Sync,
    {
        let amber = self.clone();
        pages(first, move |token| {
            let (amber, fetch) = (amber.clone(), fetch.clone());
            async move { fetch(amber, token).await }
        })
    }
}

/// The items of every page from the one of `first` on. `fetch` gets a page token and gives the items of that page and
/// the next token, which is empty on the last page. A page is fetched when its first item is asked for.
fn pages<Item, Page>(
    first: String,
    mut fetch: impl FnMut(String) -> Page + Send,
) -> impl Stream<Item = Result<Item, Status>> + Send
where
    Item: Send,
    Page: Future<Output = Result<(Vec<Item>, String), Status>> + Send,
{
    try_unfold(Some(first), move |token| {
        let page = token.map(&mut fetch);
        async move {
            let Some(page) = page else { return Ok::<_, Status>(None) };
            let (items, next) = page.await?;
            Ok(Some((iter(items.into_iter().map(Ok)), Some(next).filter(|next| !next.is_empty()))))
        }
    })
    .try_flatten()
}
