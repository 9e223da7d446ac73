//! A stream of the server that goes on over as many connections as it takes.

use std::time::Duration;

use amber_proto::v1::ErrorReason;
use futures::stream::{Stream, try_unfold};
use tokio::time::{Instant, timeout};
use tonic::{Code, Status, Streaming};

use crate::{Amber, Refusal};

/// A connection that lasted this long was no failure, whatever ended it: proxies cut quiet streams.
const LASTED: Duration = Duration::from_secs(10);

/// One kind of stream.
pub(crate) trait Watched: Send + 'static {
    /// What it tells.
    type Told: Send + 'static;

    /// A connection on which nothing comes for so long is dead. None where quiet is normal.
    const LONGEST_SILENCE: Option<Duration>;

    /// Opens a connection that goes on after what was told so far.
    fn open(&self, amber: &Amber) -> impl Future<Output = Result<Streaming<Self::Told>, Status>> + Send;

    /// Notes where to go on; true when nothing will follow.
    fn note(&mut self, told: &Self::Told) -> bool;
}

/// What `watched` tells, until it is over. Each thing that is told begins the count of failures anew.
pub(crate) fn resuming<W: Watched>(
    amber: &Amber,
    watched: W,
) -> impl Stream<Item = Result<W::Told, Status>> + Send + use<W> {
    let watch = Watch { amber: amber.clone(), watched, open: None, failures: 0, is_over: false };
    try_unfold(watch, |mut watch| async move { Ok(watch.next().await?.map(|told| (told, watch))) })
}

struct Watch<W: Watched> {
    amber: Amber,
    watched: W,
    open: Option<(Streaming<W::Told>, Instant)>,
    failures: u32,
    is_over: bool,
}

impl<W: Watched> Watch<W> {
    /// What is told next; None after the end.
    async fn next(&mut self) -> Result<Option<W::Told>, Status> {
        while !self.is_over {
            let refusal = match self.receive().await {
                Ok(told) => {
                    self.failures = 0;
                    self.is_over = self.watched.note(&told);
                    return Ok(Some(told));
                }
                Err(refusal) => refusal,
            };
            if self.open.take().is_some_and(|(_, since)| since.elapsed() > LASTED) {
                self.failures = 0;
            }
            // Whoever was too slow is back now.
            if refusal.reason() != Some(ErrorReason::WatcherTooSlow) {
                self.amber.retry().pause(self.failures, as_outage(refusal)).await?;
                self.failures += 1;
            }
        }
        Ok(None)
    }

    /// What the open stream says next; without one it is opened first.
    async fn receive(&mut self) -> Result<W::Told, Status> {
        let (messages, _) = match &mut self.open {
            Some(open) => open,
            none => none.insert((self.watched.open(&self.amber).await?, Instant::now())),
        };
        let told = match W::LONGEST_SILENCE {
            None => messages.message().await,
            Some(longest) => timeout(longest, messages.message())
                .await
                .unwrap_or_else(|_| Err(Status::unavailable("the stream fell silent"))),
        };
        // Nobody but what is told last says that nothing will follow.
        told?.ok_or_else(|| Status::unavailable("the stream ended"))
    }
}

/// The transport has several codes for a connection that broke; none of them brings a reason of Amber.
fn as_outage(status: Status) -> Status {
    let of_transport = matches!(status.code(), Code::Unknown | Code::Internal | Code::Cancelled);
    if of_transport && status.reason().is_none() { Status::unavailable(status.message()) } else { status }
}
