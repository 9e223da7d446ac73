//! A body that must have come within a time.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// The body of a request, which ends with an error when its end has not come in time. The time counts from when somebody has to
/// wait for it. A stream of questions, as reflection takes, ends after it as well; callers begin another one.
pub(super) struct InTime<B> {
    body: B,
    within: Duration,
    end: Option<Pin<Box<Sleep>>>,
}

/// The caller was too slow.
#[derive(Debug, thiserror::Error)]
#[error("the body did not come within {0:?}")]
struct TooSlow(Duration);

impl<B> InTime<B> {
    pub(super) fn new(body: B, within: Duration) -> Self {
        Self { body, within, end: None }
    }
}

impl<B> Body for InTime<B>
where
    B: Body + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = B::Data;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let within = self.within;
        let end = self.end.get_or_insert_with(|| Box::pin(sleep(within)));
        ready!(end.as_mut().poll(cx));
        Poll::Ready(Some(Err(TooSlow(within).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::StreamExt;
    use futures::stream::{self, BoxStream};
    use http_body_util::{BodyExt, StreamBody};
    use hyper::body::Bytes;
    use tokio::time::Instant;

    use super::*;

    const WITHIN: Duration = Duration::from_mins(1);

    /// A byte after each pause.
    type Drips = StreamBody<BoxStream<'static, Result<Frame<Bytes>, Infallible>>>;

    fn dripping(pauses: &'static [u64]) -> InTime<Drips> {
        let frames = stream::iter(pauses).then(async |pause| {
            sleep(Duration::from_secs(*pause)).await;
            Ok(Frame::data(Bytes::from_static(b"x")))
        });
        InTime::new(StreamBody::new(frames.boxed()), WITHIN)
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_in_time_is_whole() {
        let body = dripping(&[0, 20, 20, 19]).collect().await.expect("it came in time");
        assert_eq!(body.to_bytes(), "xxxx");
    }

    #[tokio::test(start_paused = true)]
    async fn a_byte_now_and_then_buys_no_time() {
        let started = Instant::now();
        let error = dripping(&[20, 20, 20, 20, 20]).collect().await.expect_err("it is too slow");
        assert_eq!(error.to_string(), "the body did not come within 60s");
        assert_eq!(started.elapsed(), WITHIN);
    }
}
