//! What stands before each endpoint: the log, the bearer token, planned faults and the rate limits.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::stream;
use http_body_util::BodyExt;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::limits::{Endpoint, Grant};
use super::timeline::Shrink;
use super::{Fault, Inner, Seen, problem};

/// Admits a request to its endpoint, or answers in its place.
pub(super) async fn pass(
    State((inner, endpoint)): State<(Arc<Inner>, Endpoint)>,
    mut request: Request,
    next: Next,
) -> Response {
    inner.log(Seen {
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        at: inner.now(),
    });
    if !is_authorized(&inner, request.headers()) {
        return problem::plain(StatusCode::UNAUTHORIZED);
    }
    let fault = inner.take_fault(endpoint);
    if let Some(mut answer) = fault.as_ref().and_then(instead) {
        write_date(answer.headers_mut(), &inner);
        return answer;
    }
    let grant = inner.take_request(endpoint);
    let mut answer = if grant.is_allowed {
        request.extensions_mut().extend(shrinking(fault.as_ref()));
        if let Some(Fault::Slow(time)) = fault {
            tokio::time::sleep(time).await;
        }
        upon(fault.as_ref(), next.run(request).await).await
    } else {
        problem::plain(StatusCode::TOO_MANY_REQUESTS)
    };
    write_limits(answer.headers_mut(), &grant);
    write_date(answer.headers_mut(), &inner);
    answer
}

fn is_authorized(inner: &Inner, headers: &HeaderMap) -> bool {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    sent.and_then(|value| value.strip_prefix("Bearer ")) == Some(inner.options.bearer.expose_secret())
}

/// The answers of faults that need no true one.
fn instead(fault: &Fault) -> Option<Response> {
    match fault {
        Fault::Status(code, body) => {
            let status = StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Some((status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], body.clone()).into_response())
        }
        Fault::RateLimited { retry_after, reset } => {
            let mut answer = problem::plain(StatusCode::TOO_MANY_REQUESTS);
            let headers = answer.headers_mut();
            headers.extend(retry_after.map(|wait| (header::RETRY_AFTER, HeaderValue::from(wait.as_secs()))));
            if let Some(reset) = reset {
                headers.insert("x-rate-limit-remaining", HeaderValue::from(0));
                headers.insert("x-rate-limit-reset", HeaderValue::from(reset.as_second()));
            }
            Some(answer)
        }
        Fault::Html => {
            let page = "<!DOCTYPE html><html><head><title>X</title></head><body>Something went wrong.</body></html>";
            Some(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response())
        }
        Fault::EmptyBody => Some(StatusCode::OK.into_response()),
        Fault::Reset => {
            let broken = stream::iter([Ok(Bytes::from_static(b"{\"data\":[")), Err(io::ErrorKind::ConnectionReset)]);
            Some(
                Body::from_stream(stream::StreamExt::map(broken, |part| part.map_err(io::Error::from))).into_response(),
            )
        }
        Fault::BrokenJson
        | Fault::ShortPageWithToken
        | Fault::EmptyPageWithToken
        | Fault::MalformedRecord
        | Fault::Slow(_) => None,
    }
}

fn shrinking(fault: Option<&Fault>) -> axum::http::Extensions {
    let mut extensions = axum::http::Extensions::new();
    match fault {
        Some(Fault::ShortPageWithToken) => drop(extensions.insert(Shrink::ToHalf)),
        Some(Fault::EmptyPageWithToken) => drop(extensions.insert(Shrink::ToNothing)),
        _ => {}
    }
    extensions
}

/// The answers of faults that damage a true one.
async fn upon(fault: Option<&Fault>, answer: Response) -> Response {
    let damage: fn(&Bytes) -> Bytes = match fault {
        Some(Fault::BrokenJson) => first_half,
        Some(Fault::MalformedRecord) => with_malformed_record,
        _ => return answer,
    };
    let (mut head, body) = answer.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    let whole = body.collect().await.expect("the endpoints answer with a complete body").to_bytes();
    Response::from_parts(head, Body::from(damage(&whole)))
}

fn first_half(body: &Bytes) -> Bytes {
    body.slice(..body.len() / 2)
}

fn with_malformed_record(body: &Bytes) -> Bytes {
    let Ok(mut json) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    let Some(data) = json.get_mut("data").and_then(Value::as_array_mut) else { return body.clone() };
    let middle = data.len() / 2;
    data[middle]["text"] = Value::Null;
    data[middle]["created_at"] = json!("yesterday");
    json.to_string().into()
}

/// The limits are told by the time of the sandbox, so the date is too.
fn write_date(headers: &mut HeaderMap, inner: &Inner) {
    let date = rfc2822::to_string(&inner.now().to_zoned(TimeZone::UTC)).ok();
    let date = date.and_then(|date| HeaderValue::try_from(date.replace("+0000", "GMT")).ok());
    headers.extend(date.map(|date| (header::DATE, date)));
}

fn write_limits(headers: &mut HeaderMap, grant: &Grant) {
    headers.insert("x-rate-limit-limit", HeaderValue::from(grant.limit));
    headers.insert("x-rate-limit-remaining", HeaderValue::from(grant.remaining));
    headers.insert("x-rate-limit-reset", HeaderValue::from(grant.reset));
}
