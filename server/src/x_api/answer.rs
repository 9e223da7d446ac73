//! What an answer means, by its status and its problem.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::node::Node;
use super::problem;
use super::rate_limit::Limits;
use super::{Error, Fault};
use crate::resilience::Verdict;

/// The longest piece of X's words in an error, in characters.
const LONGEST_DETAIL: usize = 300;

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why an attempt gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// Another attempt may succeed.
    Passing(Fault),
    /// Another attempt would fail as well.
    Final(Error),
}

impl Failure {
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::Passing(fault) => Verdict::Retry { after: fault.retry_after() },
            Self::Final(_) => Verdict::GiveUp,
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Passing(fault)
    }
}

impl Answer {
    /// Whether the endpoint's limit is used up. The status decides, whatever the headers say is left.
    pub(super) fn is_rate_limited(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS && !self.is_usage_cap()
    }

    /// The JSON of a success, or what the failure means.
    pub(super) fn open(&self, limits: &Limits) -> Result<Value, Failure> {
        if self.status.is_success() {
            return Ok(self.json()?);
        }
        let body = self.json().unwrap_or_default();
        let problem = Node::root(&body);
        let detail = detail(&problem);
        Err(match self.status.as_u16() {
            401 => Failure::Final(Error::Unauthorized),
            402 => Failure::Final(Error::PaymentRequired { detail }),
            403 => Failure::Final(Error::Forbidden { detail, everywhere: problem.get("errors").is_none() }),
            404 => Failure::Final(Error::NotFound),
            429 if self.is_usage_cap() => Failure::Final(Error::UsageCapped { detail }),
            408 | 425 | 429 => self.trouble(limits),
            400..=499 => Failure::Final(Error::BadRequest { detail }),
            _ => self.trouble(limits),
        })
    }

    fn is_usage_cap(&self) -> bool {
        let body = self.json().unwrap_or_default();
        let problem = Node::root(&body);
        let title = problem.get("title").and_then(|title| title.text().ok());
        problem::type_of(&problem) == "usage-capped" || title == Some("UsageCapExceeded")
    }

    fn trouble(&self, limits: &Limits) -> Failure {
        Failure::Passing(Fault::Status { status: self.status.as_u16(), retry_after: limits.retry_after() })
    }

    fn json(&self) -> Result<Value, Fault> {
        let fault = |reason: &str| Fault::Body { reason: reason.to_owned() };
        let first = self.body.trim_ascii_start().first().ok_or_else(|| fault("it is empty"))?;
        if *first == b'<' {
            return Err(fault("it is HTML"));
        }
        let value: Value = serde_json::from_slice(&self.body).map_err(|_| fault("it is not JSON"))?;
        if value.is_object() { Ok(value) } else { Err(fault("it is not a JSON object")) }
    }
}

/// What X says: the first of its `errors`, which is the most precise, else the problem itself.
fn detail(problem: &Node<'_>) -> String {
    let own = || {
        let text = problem.get("detail").or_else(|| problem.get("title"))?;
        text.text().ok().map(str::to_owned)
    };
    let first =
        problem::list(problem.get("errors")).into_iter().map(|entry| entry.detail).find(|text| !text.is_empty());
    let text = first.or_else(own).unwrap_or_else(|| "no detail".to_owned());
    text.chars().take(LONGEST_DETAIL).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::{HeaderValue, RETRY_AFTER};

    use super::*;

    #[test]
    fn trouble_is_tried_again_after_the_wait_that_was_asked_for() {
        let now = "2022-10-07T22:00:00Z".parse().unwrap();
        for (told, after) in [
            (Some("30"), Some(Duration::from_secs(30))),
            (Some("Fri, 07 Oct 2022 22:00:30 GMT"), Some(Duration::from_secs(30))),
            (Some("soon"), None),
            (None, None),
        ] {
            let headers: HeaderMap =
                told.map(|told| (RETRY_AFTER, HeaderValue::from_static(told))).into_iter().collect();
            let answer = Answer { status: StatusCode::SERVICE_UNAVAILABLE, headers, body: Vec::new() };
            let failure = answer.open(&Limits::read(&answer.headers, now)).unwrap_err();
            assert_eq!(failure.verdict(), Verdict::Retry { after }, "{told:?}");
        }
    }

    #[test]
    fn each_end_of_all_calls_has_a_name_of_its_own() {
        let named = |status, body: &str| {
            let answer = Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() };
            match answer.open(&Limits::read(&answer.headers, jiff::Timestamp::UNIX_EPOCH)) {
                Err(Failure::Final(error)) => (error.reason(), error.is_fatal_for_all()),
                other => panic!("{other:?}"),
            }
        };
        let cap = r#"{"title":"UsageCapExceeded"}"#;
        assert_eq!(named(StatusCode::TOO_MANY_REQUESTS, cap), ("usage_cap", true));
        assert_eq!(named(StatusCode::PAYMENT_REQUIRED, "{}"), ("payment_required", true));
        assert_eq!(named(StatusCode::UNAUTHORIZED, "{}"), ("credential_rejected", true));
        assert_eq!(named(StatusCode::FORBIDDEN, "{}"), ("forbidden", true));
        assert_eq!(named(StatusCode::FORBIDDEN, r#"{"errors":[]}"#), ("resource_forbidden", false));
        assert_eq!(named(StatusCode::BAD_REQUEST, "{}"), ("bad_request", false));
    }
}
