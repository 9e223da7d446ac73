//! The way of an answer to the caller: what stands in for it, what is done to its bytes, and how they are sent.

use std::io::{self, Write};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{Fault, LimitHeader, problem, twist};

const JSON: &str = "application/json; charset=utf-8";

/// An answer on its way.
pub(super) struct Letter {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Marks an answer of which not even the head is to be sent.
#[derive(Clone, Copy)]
pub(super) struct Hangup;

impl Letter {
    /// A letter in JSON.
    pub(super) fn json(status: StatusCode, body: &Value) -> Self {
        Self::of(status, JSON, serde_json::to_vec(body).expect("a JSON value can be written"))
    }

    /// A problem that says no more than its status.
    pub(super) fn plain(status: StatusCode) -> Self {
        Self::json(status, &problem::plain(status))
    }

    /// Tells the time of the sandbox, by which its limits are told too, unless a fault has told another one.
    pub(super) fn date(&mut self, now: Timestamp) {
        let date = rfc2822::to_string(&now.to_zoned(TimeZone::UTC)).ok();
        if let Some(Ok(date)) = date.map(|date| HeaderValue::try_from(date.replace("+0000", "GMT"))) {
            self.headers.entry(header::DATE).or_insert(date);
        }
    }

    /// What a fault sends when it needs no true answer.
    pub(super) fn instead(fault: &Fault) -> Option<Self> {
        match fault {
            Fault::Status(code, body) => Some(Self::of(status(*code), JSON, body.clone().into())),
            Fault::Canned(canned) => {
                let mut letter = Self::of(status(canned.status), JSON, canned.body.clone().into());
                for (name, value) in &canned.headers {
                    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                        letter.headers.insert(name, value);
                    }
                }
                Some(letter)
            }
            Fault::RateLimited { retry_after, reset } => {
                let mut letter = Self::plain(StatusCode::TOO_MANY_REQUESTS);
                let headers = &mut letter.headers;
                headers.extend(retry_after.map(|wait| (header::RETRY_AFTER, HeaderValue::from(wait.as_secs()))));
                if let Some(reset) = reset {
                    headers.insert("x-rate-limit-remaining", HeaderValue::from(0));
                    headers.insert("x-rate-limit-reset", HeaderValue::from(reset.as_second()));
                }
                Some(letter)
            }
            Fault::Refused(told) => {
                let mut letter = Self::plain(StatusCode::TOO_MANY_REQUESTS);
                LimitHeader::write_all(told, &mut letter.headers);
                Some(letter)
            }
            Fault::Html => {
                let page =
                    "<!DOCTYPE html><html><head><title>X</title></head><body>Something went wrong.</body></html>";
                Some(Self::of(StatusCode::OK, "text/html; charset=utf-8", page.into()))
            }
            Fault::EmptyBody => Some(Self { status: StatusCode::OK, headers: HeaderMap::new(), body: Bytes::new() }),
            _ => None,
        }
    }

    /// Says the body of a true answer in the words of `faults`.
    pub(super) fn twist(body: &mut Value, faults: &[Fault]) {
        for fault in faults {
            match fault {
                Fault::Twisted(twist) => twist.apply(body),
                Fault::MalformedRecord => {
                    if let Some(post) = twist::middle_post(body) {
                        post["text"] = Value::Null;
                        post["created_at"] = json!("yesterday");
                    }
                }
                _ => {}
            }
        }
    }

    /// Sends the letter the way that `faults` leave.
    pub(super) fn send(mut self, faults: &[Fault], gzip: bool) -> Response {
        if faults.contains(&Fault::BrokenJson) {
            self.body = self.body.slice(..self.body.len() / 2);
        }
        if gzip {
            self.body = compressed(&self.body);
            self.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        let drip = faults.iter().find_map(|fault| match fault {
            Fault::Drip { pieces, pause } => Some((*pieces, *pause)),
            _ => None,
        });
        *response.body_mut() = if faults.contains(&Fault::Hangup) {
            response.extensions_mut().insert(Hangup);
            cut_after(Bytes::new())
        } else if faults.contains(&Fault::HeadOnly) {
            cut_after(Bytes::new())
        } else if faults.contains(&Fault::Reset) {
            cut_after(self.body.slice(..self.body.len().div_ceil(2)))
        } else if let Some((pieces, pause)) = drip {
            dripping(&self.body, pieces, pause)
        } else {
            Body::from(self.body)
        };
        response
    }

    fn of(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Self {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
        Self { status, headers, body: body.into() }
    }
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn compressed(body: &Bytes) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("a vector takes everything");
    encoder.finish().expect("a vector takes everything").into()
}

/// These bytes, and then a broken connection.
fn cut_after(bytes: Bytes) -> Body {
    let next = async |rest: Option<Bytes>| {
        if let Some(bytes) = rest {
            return Some((Ok(bytes), None));
        }
        // The server sends what it has while it waits for more.
        tokio::task::yield_now().await;
        Some((Err(io::Error::from(io::ErrorKind::ConnectionReset)), None))
    };
    Body::from_stream(stream::unfold(Some(bytes), next))
}

fn dripping(body: &Bytes, pieces: usize, pause: Duration) -> Body {
    let size = body.len().div_ceil(pieces.max(1)).max(1);
    let next = move |mut rest: Bytes| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let piece = rest.split_to(size.min(rest.len()));
        Some((Ok::<_, io::Error>(piece), rest))
    };
    Body::from_stream(stream::unfold(body.clone(), next))
}
