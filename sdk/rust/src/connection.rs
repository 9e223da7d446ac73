//! What a client of a service calls through: credential, request id, trace, deadline, repetition, and another server when
//! one is away.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use amber_proto::v1::ErrorReason;
use futures::future::BoxFuture;
use tokio::time::{Instant, sleep, timeout_at};
use tonic::body::Body;
use tonic::codegen::{Service, StdError, http};
use tonic::{Code, ConnectError, Status};

use crate::channels::Channels;
use crate::outgoing::Outgoing;
use crate::trace::TraceSource;
use crate::{CredentialProvider, Refusal, RetryPolicy, calls};

/// What a client of a service calls through. It gives each call its credential, its request id, its trace and its
/// deadline, and repeats it when that is safe, as [`Options::retry`](crate::Options::retry) says.
#[derive(Clone)]
pub struct Connection {
    pub(crate) channels: Arc<Channels>,
    pub(crate) credentials: Arc<dyn CredentialProvider>,
    pub(crate) trace: Option<TraceSource>,
    pub(crate) retry: RetryPolicy,
    pub(crate) request_timeout: Duration,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("channels", &self.channels)
            .field("retry", &self.retry)
            .field("request_timeout", &self.request_timeout)
            .finish_non_exhaustive()
    }
}

impl Service<http::Request<Body>> for Connection {
    type Response = http::Response<Body>;
    type Error = StdError;
    type Future = BoxFuture<'static, Result<Self::Response, StdError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), StdError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let connection = self.clone();
        Box::pin(async move { connection.run(request).await.map_err(StdError::from) })
    }
}

/// A call that did not succeed.
struct Failure {
    refusal: Status,
    /// The answer that carried the refusal; None when there was no answer.
    answer: Option<http::Response<Body>>,
    /// The server certainly did nothing for it.
    is_untouched: bool,
}

impl Failure {
    /// What the caller is given.
    fn told(self) -> Result<http::Response<Body>, Status> {
        self.answer.ok_or(self.refusal)
    }
}

impl Connection {
    async fn run(&self, request: http::Request<Body>) -> Result<http::Response<Body>, Status> {
        let mut outgoing = Outgoing::read(request, self.request_timeout).await?;
        outgoing.identify(self.trace.as_ref());
        let (mut repetitions, mut others, mut is_renewed) = (0, self.channels.others(), false);
        loop {
            let deadline = outgoing.deadline();
            let is_authorized = timeout_at(deadline, outgoing.authorize(self.credentials.as_ref())).await;
            let late = || Status::deadline_exceeded("no credential came in time");
            let is_authorized = is_authorized.unwrap_or_else(|_| Err(late()))?;
            let server = self.channels.current();
            let failure = match self.attempt(server, &outgoing).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => *failure,
            };
            let reason = failure.refusal.reason();
            if is_authorized && !is_renewed && reason == Some(ErrorReason::CredentialExpired) {
                is_renewed = true;
                self.credentials.expired();
                continue;
            }
            // Who reads a stream repeats it, with what was read in mind.
            let may_repeat =
                failure.is_untouched || (calls::is_safe(outgoing.path()) && !calls::is_stream(outgoing.path()));
            if failure.refusal.code() == Code::Unavailable {
                self.channels.leave(server);
                if may_repeat && others > 0 && self.retry.attempts > 1 {
                    others -= 1;
                    continue;
                }
            }
            let wait = self.retry.draw(repetitions, &failure.refusal).filter(|_| may_repeat);
            match wait {
                Some(wait) if Instant::now() + wait < outgoing.deadline() => sleep(wait).await,
                _ => return failure.told(),
            }
            repetitions += 1;
            others = self.channels.others();
        }
    }

    /// Makes the call once; a failure is boxed, because it is rare and large.
    async fn attempt(&self, server: usize, outgoing: &Outgoing) -> Result<http::Response<Body>, Box<Failure>> {
        let sent = timeout_at(outgoing.deadline(), self.channels.call(server, outgoing.request())).await;
        let failure = match sent {
            Ok(Ok(answer)) => match Status::from_header_map(answer.headers()) {
                Some(refusal) if refusal.code() != Code::Ok => {
                    // A bucket is asked before anything is done, and who goes away takes nothing on.
                    let is_untouched = refusal.reason() == Some(ErrorReason::RateLimited);
                    Failure { refusal, answer: Some(answer), is_untouched }
                }
                _ => return Ok(answer),
            },
            Ok(Err(broken)) => {
                let is_untouched = is_unsent(&broken);
                let refusal = Status::unavailable(format!("the server cannot be reached: {}", root(&broken)));
                Failure { refusal, answer: None, is_untouched }
            }
            Err(_) => {
                let refusal = Status::deadline_exceeded("the server did not answer in time");
                Failure { refusal, answer: None, is_untouched: false }
            }
        };
        Err(Box::new(failure))
    }
}

/// Whether no connection could be made, so that nothing was sent.
fn is_unsent(error: &(dyn std::error::Error + 'static)) -> bool {
    causes(error).any(<dyn std::error::Error>::is::<ConnectError>)
}

/// The innermost cause, which says most.
fn root<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    causes(error).last().unwrap_or(error)
}

fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}
