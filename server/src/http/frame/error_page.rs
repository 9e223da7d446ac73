//! The page that stands in the frame when the dashboard cannot.

use std::time::Duration;

use maud::{Markup, html};

use super::FrameOptions;
use super::page::document;
use crate::http::Nonce;

/// Why there is no dashboard.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// The reason for machines, such as `TOKEN_EXPIRED`.
    pub reason: &'a str,
    /// The public text of the error, in English.
    pub message: &'a str,
    /// The id of the request.
    pub request_id: &'a str,
    /// How long the host should wait before it tries again.
    pub retry_after: Option<Duration>,
}

/// A short page that tells the viewer that something is wrong, and the host what.
#[must_use]
pub fn error_page(failure: Failure<'_>, options: &FrameOptions, nonce: &Nonce) -> Markup {
    document(options, nonce, "Error", Some(failure), &html! { p { (failure.message) } })
}
