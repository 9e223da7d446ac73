//! The newest posts: the first read of a stream, and the head page of every later one.

use super::page::Found;
use super::{Stop, Walk};
use crate::domain::{Checkpoint, ExternalId};
use crate::store::Stream;

impl Walk<'_> {
    /// The head page, which opens a gap down to what is known, and then the gaps.
    pub(super) async fn read_newest(&mut self, stream: &mut Stream) -> Result<(), Stop> {
        let (settings, now) = (&self.deps.settings, self.deps.clock.now());
        let Some(since) = stream.checkpoint.head_since(settings.overlap) else {
            return self.read_first(stream).await;
        };
        let deep = settings.deep_every.filter(|every| stream.checkpoint.is_deep_due(now, *every));
        match deep.and_then(|every| stream.checkpoint.deep_since(settings.overlap, every)) {
            None => self.read_head(stream, since, |known| known).await?,
            // It counts once its page is stored: a crash before repeats the look from far back.
            Some(since) => self.read_head(stream, since, |known| known.seen_deep(now)).await?,
        }
        self.read_gaps(stream).await
    }

    /// The first read of a stream: from the newest post downwards, no further than the limit.
    async fn read_first(&mut self, stream: &mut Stream) -> Result<(), Stop> {
        let now = self.deps.clock.now();
        let mut until: Option<ExternalId> = None;
        while let Some(found) = self.next_page(stream, None, until).await? {
            let (page, oldest, checkpoint) = match (found, until) {
                (Found::Posts { page, oldest, newest }, None) => {
                    (page, oldest, Checkpoint::started(oldest, newest).seen_deep(now))
                }
                (Found::Posts { page, oldest, .. }, Some(_)) => (page, oldest, stream.checkpoint.deepened(oldest)),
                (Found::End(page), None) => {
                    return self.store(stream, page, Checkpoint::started_empty(now).seen_deep(now)).await;
                }
                (Found::End(_), Some(_)) => return Ok(()),
            };
            let is_last = page.next_token.is_none();
            self.store(stream, page, checkpoint).await?;
            if is_last {
                return Ok(());
            }
            until = Some(oldest);
        }
        Ok(())
    }

    /// The newest page above `since`; what lies between becomes a gap.
    async fn read_head(
        &mut self,
        stream: &mut Stream,
        since: ExternalId,
        note: impl FnOnce(Checkpoint) -> Checkpoint + Send,
    ) -> Result<(), Stop> {
        let Some(Found::Posts { page, oldest, newest }) = self.next_page(stream, Some(since), None).await? else {
            return Ok(());
        };
        let checkpoint = note(stream.checkpoint.with_head_page(since, oldest, newest));
        self.store(stream, page, checkpoint).await
    }
}
