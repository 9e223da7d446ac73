//! A call on its way out, kept so that it can be sent again.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body as _, Frame, SizeHint};
use tokio::time::Instant;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::{Bytes, http};
use tonic::metadata::MetadataMap;
use uuid::Uuid;

use crate::trace::TraceSource;
use crate::{CredentialProvider, calls};

pub(crate) const AUTHORIZATION: &str = "authorization";
pub(crate) const REQUEST_ID: &str = "x-request-id";
const TIMEOUT: &str = "grpc-timeout";
const TRACEPARENT: &str = "traceparent";

/// A call with its one message.
pub(crate) struct Outgoing {
    parts: http::request::Parts,
    message: Bytes,
    deadline: Instant,
    /// The caller brought a credential of its own for this call.
    has_own_credential: bool,
    /// The server is told how long there is: not for a stream, whose life has no bound.
    tells_deadline: bool,
}

impl Outgoing {
    /// Takes a call as a generated client makes it. It has `limit`, unless `Request::set_timeout` said another time.
    pub(crate) async fn read(request: http::Request<Body>, limit: Duration) -> Result<Self, Status> {
        let (parts, body) = request.into_parts();
        let own_limit = parts.headers.get(TIMEOUT).and_then(|value| timeout(value.to_str().ok()?));
        let has_own_credential = parts.headers.contains_key(AUTHORIZATION) || parts.headers.contains_key("x-api-key");
        let tells_deadline = own_limit.is_some() || !calls::is_stream(parts.uri.path());
        // A time beyond all clocks is no bound.
        let longest = Duration::from_hours(24 * 365);
        let deadline = Instant::now() + own_limit.unwrap_or(limit).min(longest);
        Ok(Self { parts, message: collect(body).await?, deadline, has_own_credential, tells_deadline })
    }

    /// The path of the method.
    pub(crate) fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// Until when it must be answered.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Gives the call an id and its trace, which stay when it is repeated. What the caller set itself stays, too.
    #[expect(clippy::disallowed_methods, reason = "a client owns its request ids; nothing of the server is here")]
    pub(crate) fn identify(&mut self, trace: Option<&TraceSource>) {
        let id = || Uuid::now_v7().to_string();
        self.add(REQUEST_ID, || Some(id()));
        self.add(TRACEPARENT, || trace?.current().map(|trace| trace.to_string()));
    }

    /// Gives the call the credential that is valid now; says whether it came from the provider.
    pub(crate) async fn authorize(&mut self, provider: &dyn CredentialProvider) -> Result<bool, Status> {
        if self.has_own_credential {
            return Ok(false);
        }
        self.parts.headers.remove(AUTHORIZATION);
        let credentials = provider.credentials().await?;
        let value = credentials.authorization().map_err(|error| Status::unauthenticated(error.to_string()))?;
        let mut metadata = MetadataMap::from_headers(std::mem::take(&mut self.parts.headers));
        let is_given = value.is_some();
        if let Some(value) = value {
            metadata.insert(AUTHORIZATION, value);
        }
        self.parts.headers = metadata.into_headers();
        Ok(is_given)
    }

    /// The call as it is sent now.
    pub(crate) fn request(&self) -> http::Request<Body> {
        let mut request = http::Request::new(Body::new(Once(Some(self.message.clone()))));
        *request.method_mut() = self.parts.method.clone();
        *request.uri_mut() = self.parts.uri.clone();
        *request.version_mut() = self.parts.version;
        *request.headers_mut() = self.parts.headers.clone();
        *request.extensions_mut() = self.parts.extensions.clone();
        if self.tells_deadline {
            let left = self.deadline.saturating_duration_since(Instant::now()).as_millis().clamp(1, 99_999_999);
            let value = format!("{left}m").parse().expect("digits and a letter are a header value");
            request.headers_mut().insert(TIMEOUT, value);
        }
        request
    }

    fn add(&mut self, name: &'static str, value: impl FnOnce() -> Option<String>) {
        if self.parts.headers.contains_key(name) {
            return;
        }
        if let Some(value) = value().and_then(|value| value.parse().ok()) {
            self.parts.headers.insert(name, value);
        }
    }
}

/// Reads `grpc-timeout` (gRPC over HTTP/2: up to eight digits and a unit).
fn timeout(value: &str) -> Option<Duration> {
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    let number: u64 = digits.parse().ok().filter(|_| digits.len() <= 8)?;
    Some(match unit {
        "H" => Duration::from_hours(number),
        "M" => Duration::from_mins(number),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

/// The bytes of a body, which in a client of this contract holds one message.
async fn collect(body: Body) -> Result<Bytes, Status> {
    let mut body = pin!(body);
    let mut message = Vec::new();
    while let Some(frame) = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await {
        message.extend(frame?.into_data().unwrap_or_default());
    }
    Ok(message.into())
}

/// A body of one piece.
struct Once(Option<Bytes>);

impl http_body::Body for Once {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Ready(self.0.take().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |piece| piece.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Credentials;
    use crate::trace::TraceContext;

    async fn outgoing(path: &'static str, headers: &[(&'static str, &str)]) -> Outgoing {
        let mut request = http::Request::new(Body::new(Once(Some(Bytes::from_static(b"message")))));
        *request.uri_mut() = path.parse().expect("a path");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a value"));
        }
        Outgoing::read(request, Duration::from_secs(30)).await.expect("the body is read")
    }

    fn value<'a>(request: &'a http::Request<Body>, name: &str) -> Option<&'a str> {
        request.headers().get(name).map(|value| value.to_str().expect("ASCII"))
    }

    const LIST: &str = "/amber.v1.FeedService/ListPosts";

    #[tokio::test]
    async fn a_call_can_be_sent_again_as_it_was() {
        let mut call = outgoing(LIST, &[]).await;
        call.identify(None);
        assert!(call.authorize(&Credentials::api_key("abc")).await.expect("the key can be sent"));
        let (first, second) = (call.request(), call.request());
        for request in [&first, &second] {
            assert_eq!(value(request, AUTHORIZATION), Some("Bearer abc"));
            assert!(request.headers()[AUTHORIZATION].is_sensitive());
        }
        assert_eq!(value(&first, REQUEST_ID), value(&second, REQUEST_ID));
        assert_eq!(collect(second.into_body()).await.expect("a body"), "message");
    }

    #[tokio::test]
    async fn what_the_caller_set_stays() {
        let own = [(AUTHORIZATION, "Bearer own"), (REQUEST_ID, "own-request"), (TRACEPARENT, "own-trace")];
        let mut call = outgoing(LIST, &own).await;
        let source =
            TraceSource::new(|| TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        call.identify(Some(&source));
        assert!(!call.authorize(&Credentials::api_key("abc")).await.expect("nothing to send"));
        for (name, own) in own {
            assert_eq!(value(&call.request(), name), Some(own));
        }
        let mut other = outgoing(LIST, &[]).await;
        other.identify(Some(&source));
        assert!(value(&other.request(), TRACEPARENT).is_some_and(|trace| trace.contains("0af7651916cd43dd")));
    }

    #[tokio::test]
    async fn each_repetition_tells_the_time_that_is_left() {
        let left = |call: &Outgoing| timeout(value(&call.request(), TIMEOUT).expect("it is told")).expect("a time");
        let mut call = outgoing(LIST, &[]).await;
        assert!(left(&call) <= Duration::from_secs(30) && left(&call) > Duration::from_secs(20));
        call.deadline -= Duration::from_secs(12);
        assert!(left(&call) <= Duration::from_secs(18));
        let own = outgoing(LIST, &[(TIMEOUT, "2S")]).await;
        assert!(left(&own) <= Duration::from_secs(2));
        let stream = outgoing("/amber.v1.FeedService/WatchPosts", &[]).await;
        assert_eq!(value(&stream.request(), TIMEOUT), None, "a stream may last");
    }

    #[test]
    fn a_timeout_is_read_in_every_unit() {
        let read = ["1H", "2M", "3S", "4m", "5u", "6n"].map(|text| timeout(text).expect("it is valid").as_nanos());
        assert_eq!(read, [3_600_000_000_000, 120_000_000_000, 3_000_000_000, 4_000_000, 5_000, 6]);
        for bad in ["", "S", "1", "1X", "-1S", "123456789S", "1é"] {
            assert_eq!(timeout(bad), None, "{bad}");
        }
    }
}
