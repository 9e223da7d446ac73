//! The next page of a stretch of the timeline, and what it says about that stretch.

use super::{Stop, Walk};
use crate::domain::ExternalId;
use crate::store::{Rejected, Stream};
use crate::x_api::{self, TimelinePage};

/// The most pages in a row without a post that are stepped over: as many as hold all that X gives of one account.
const MAX_STEPS: u32 = 32;

/// A page that tells something of the stretch that was asked for.
#[derive(Debug)]
pub(super) enum Found {
    /// Posts of the stretch, and which of them are the oldest and the newest one.
    Posts { page: TimelinePage, oldest: ExternalId, newest: ExternalId },
    /// Nothing is left of the stretch.
    End(TimelinePage),
}

/// What a page says by itself.
#[derive(Debug, PartialEq, Eq)]
enum Says {
    Posts(ExternalId, ExternalId),
    More(String),
    End,
    /// It holds records, but none with a usable number.
    Unplaceable(u64),
    /// It holds posts, but none of the stretch.
    Elsewhere,
}

impl Walk<'_> {
    /// The next page between `since` and `until` that tells something; None when this walk may read no more pages.
    ///
    /// Pages without a post are stepped over with their tokens, which are used here alone and never kept. When X no
    /// longer takes a token, the stretch is asked for by its bounds again.
    pub(super) async fn next_page(
        &mut self,
        stream: &mut Stream,
        since: Option<ExternalId>,
        until: Option<ExternalId>,
    ) -> Result<Option<Found>, Stop> {
        let mut token: Option<String> = None;
        for _ in 0..MAX_STEPS {
            if !self.may_read() {
                return Ok(None);
            }
            let has_token = token.is_some();
            let page = match self.fetch(since, until, token.take()).await {
                Err(Stop::X(x_api::Error::BadRequest { .. })) if has_token => continue,
                answer => answer?,
            };
            match says(&page, since, until) {
                Says::Posts(oldest, newest) => return Ok(Some(Found::Posts { page, oldest, newest })),
                Says::End => return Ok(Some(Found::End(page))),
                Says::Elsewhere => return Err(Stop::Nowhere(1)),
                Says::Unplaceable(count) => {
                    self.keep_records(stream, page).await?;
                    return Err(Stop::Unplaceable(count));
                }
                Says::More(next) => {
                    self.keep_records(stream, page).await?;
                    token = Some(next);
                }
            }
        }
        Err(Stop::Nowhere(MAX_STEPS))
    }

    /// Keeps the records of a page that moves nothing; those that are no valid post go to quarantine.
    async fn keep_records(&mut self, stream: &mut Stream, page: TimelinePage) -> Result<(), Stop> {
        if page.fetched == 0 {
            return Ok(());
        }
        let checkpoint = stream.checkpoint.clone();
        self.store(stream, page, checkpoint).await
    }
}

/// Reads a page that was asked for between two bounds. They are exclusive, but X may take them as inclusive: a page that
/// only repeats a bound holds nothing new, or the walk would stand still.
fn says(page: &TimelinePage, since: Option<ExternalId>, until: Option<ExternalId>) -> Says {
    let (lo, hi) = (since.unwrap_or(ExternalId(0)), until.unwrap_or(ExternalId(i64::MAX)));
    let ids = || page.posts.iter().map(|post| post.id).chain(page.oldest).chain(page.newest);
    let inside = || ids().filter(|id| lo < *id && *id < hi);
    if let (Some(oldest), Some(newest)) = (inside().min(), inside().max()) {
        return Says::Posts(oldest, newest);
    }
    if let Some(token) = &page.next_token {
        return Says::More(token.clone());
    }
    if ids().any(|id| id != lo && id != hi) {
        return Says::Elsewhere;
    }
    if page.oldest.is_none() && page.fetched > 0 {
        return Says::Unplaceable(page.fetched);
    }
    Says::End
}

pub(super) fn rejected(record: x_api::Rejected) -> Rejected {
    Rejected { raw: record.raw, reason: record.reason, path: record.path }
}
