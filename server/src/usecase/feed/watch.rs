//! Follows the posts as they are stored, whichever replica stores them.
//!
//! Each place in the order of arrival is visible only after all before it, so a reader who goes on from a place misses
//! nothing and meets nothing twice, here or at another replica. Nothing is buffered for a reader but one stretch of the
//! order: what it has not taken yet waits in the database.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{Stream, unfold};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::tail::{Placed, Tail};
use super::{Feed, FeedQuery};
use crate::domain::{FeedFilter, Network, Post, Principal};
use crate::usecase::holder::Holder;
use crate::usecase::{Error, page_token};

/// How often a reader looks for posts.
const POLL: Duration = Duration::from_secs(1);
/// After so long without a message one without a post is sent.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a reader may take nothing while posts wait for it.
const PATIENCE: Duration = Duration::from_secs(30);
/// Before the number of the place, in a token: no other token has it.
const MARK: &str = "arrival ";

/// What a reader is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// A new post; None only says that there is none.
    pub post: Option<Arc<Post>>,
    /// Where to go on after this.
    pub resume_token: String,
}

impl Feed {
    /// The token that tells everything that is stored from now on.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn watch_token(&self) -> Result<String, Error> {
        Ok(write(self.tail.end().await?))
    }

    /// Each post that is stored after `token`, or from now on without one. Anyone may ask.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::ResumeToken`] or [`Error::TooManyWatchers`]; in the stream
    /// [`Error::ResumeTokenExpired`], [`Error::TooSlow`], [`Error::Stopping`], or when the store fails.
    pub fn watch(
        &self,
        (caller, network): (&Principal, Option<Network>),
        query: &FeedQuery,
        token: &str,
    ) -> Result<impl Stream<Item = Result<Told, Error>> + Send + use<>, Error> {
        let filter = query.filter()?;
        let place = read(token)?;
        let seat = self.watchers.take(Holder::of(caller, network)).map_err(Error::TooManyWatchers)?;
        let reader = Reader {
            tail: Arc::clone(&self.tail),
            closing: self.parts.closing.clone(),
            filter,
            place,
            waiting: VecDeque::new(),
            told_at: None,
            is_over: false,
        };
        Ok(unfold((reader, seat), |(mut reader, seat)| async {
            if reader.is_over {
                return None;
            }
            let told = reader.next().await;
            reader.is_over = told.is_err();
            reader.told_at = Some(Instant::now());
            Some((told, (reader, seat)))
        }))
    }
}

/// One who follows the posts.
struct Reader {
    tail: Arc<Tail>,
    closing: CancellationToken,
    /// None lets nothing through.
    filter: Option<FeedFilter>,
    /// None is the end of the order at the first look.
    place: Option<u64>,
    waiting: VecDeque<Placed>,
    /// When the last message was made; None before the first one.
    told_at: Option<Instant>,
    is_over: bool,
}

impl Reader {
    async fn next(&mut self) -> Result<Told, Error> {
        let place = match self.place {
            Some(place) => place,
            None => *self.place.insert(self.tail.end().await?),
        };
        let Some(told_at) = self.told_at else {
            // A token that cannot be gone on from is told at once.
            self.look(place).await?;
            return Ok(Told { post: None, resume_token: write(place) });
        };
        if told_at.elapsed() > PATIENCE {
            if self.waiting.is_empty() {
                self.look(place).await?;
            }
            if !self.waiting.is_empty() {
                return Err(Error::TooSlow);
            }
        }
        loop {
            if self.closing.is_cancelled() {
                return Err(Error::Stopping);
            }
            if let Some((at, post)) = self.waiting.pop_front() {
                self.place = Some(at);
                return Ok(Told { post: Some(post), resume_token: write(at) });
            }
            let place = self.place.unwrap_or(place);
            if self.look(place).await? {
                continue;
            }
            let quiet = told_at.elapsed();
            if quiet >= HEARTBEAT {
                return Ok(Told { post: None, resume_token: write(self.place.unwrap_or(place)) });
            }
            let pause = sleep(POLL.min(HEARTBEAT.saturating_sub(quiet)));
            self.closing.run_until_cancelled(pause).await.ok_or(Error::Stopping)?;
        }
    }

    /// Looks for what follows a place; says whether the order goes on there. Only posts that fit are kept at hand, and the
    /// place moves past the others.
    async fn look(&mut self, place: u64) -> Result<bool, Error> {
        let stretch = self.tail.after(place).await?.ok_or(Error::ResumeTokenExpired)?;
        let filter = self.filter.as_ref();
        self.waiting.extend(stretch.posts.into_iter().filter(|(_, post)| filter.is_some_and(|f| f.admits(post))));
        if self.waiting.is_empty() {
            self.place = Some(stretch.place);
        }
        Ok(stretch.place > place)
    }
}

fn write(place: u64) -> String {
    page_token::encode_text(&format!("{MARK}{place}"))
}

/// Reads a token; an empty one is no place.
fn read(token: &str) -> Result<Option<u64>, Error> {
    let Some(text) = page_token::decode_text(token).map_err(|_| Error::ResumeToken)? else { return Ok(None) };
    let number = text.strip_prefix(MARK).filter(|number| number.bytes().all(|b| b.is_ascii_digit()));
    // No place is beyond what the database counts.
    let place = number.and_then(|number| number.parse::<i64>().ok()).ok_or(Error::ResumeToken)?;
    u64::try_from(place).map(Some).map_err(|_| Error::ResumeToken)
}

#[cfg(test)]
mod tests;
