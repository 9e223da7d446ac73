//! The page that stands in the frame when the dashboard cannot.

use std::time::Duration;

use maud::{Markup, html};

use super::Look;
use super::document::{Handover, document};
use super::words::Words;
use crate::domain::{Locale, Origin};
use crate::http::Nonce;

/// Why there is no dashboard.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// The reason for machines, such as `TOKEN_EXPIRED`.
    pub reason: &'a str,
    /// The public text of the error for whoever built the host page, in English.
    pub message: &'a str,
    /// The id of the request.
    pub request_id: &'a str,
    /// How long the host should wait before it tries again.
    pub retry_after: Option<Duration>,
}

/// A short page that tells the viewer what to do, and the host, one of `parents`, what went wrong.
#[must_use]
pub fn error_page(failure: Failure<'_>, look: Look, parents: &[Origin], nonce: &Nonce) -> Markup {
    let words = look.locale.words();
    let body = html! {
        main #dashboard.farewell {
            section.card {
                h1 { (words.failed) }
                p { (advice(failure.reason, words)) }
                p.fine lang=(Locale::En.as_str()) { (failure.message) }
                p.fine { code { (failure.reason) } " · " (words.request) " " code { (failure.request_id) } }
            }
        }
    };
    document(words.failed, &body, look, &Handover::Failure(failure), parents, nonce)
}

/// What a viewer, who knows nothing of tokens, can do.
fn advice(reason: &str, words: &'static Words) -> &'static str {
    match reason {
        "DASHBOARD_NOT_FOUND" | "WRONG_DASHBOARD" => words.failed_missing,
        "TOKEN_REVOKED" => words.revoked,
        reason if reason.starts_with("TOKEN_") || reason == "SESSION_ENDED" => words.failed_reload,
        reason if reason.starts_with("ORIGIN_") || reason == "SCOPE_MISSING" => words.failed_site,
        _ => words.failed_later,
    }
}
