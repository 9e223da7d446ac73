//! The host page of the demo: frames a dashboard as a partner's site would.

use std::time::Duration;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use maud::{DOCTYPE, Markup, html};
use secrecy::{ExposeSecret, SecretString};

use super::Nonce;
use crate::domain::DashboardId;

/// A line that a reader can paste into a terminal.
#[derive(Debug, Clone)]
pub struct Command {
    /// What it does, in a few words.
    pub title: String,
    /// The line.
    pub line: String,
}

/// What the page shows.
#[derive(Debug)]
pub struct DemoPage<'a> {
    /// The dashboard to frame.
    pub dashboard: &'a DashboardId,
    /// A fresh token for this load.
    pub token: &'a SecretString,
    /// How long the token is of use.
    pub ttl: Duration,
    /// Lines to try.
    pub commands: &'a [Command],
}

/// The host page; it posts the token into the frame as soon as it is loaded.
#[must_use]
pub fn page(demo: &DemoPage<'_>, nonce: &Nonce) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { title { "Amber" } script nonce=(nonce.as_str()) {} }
            body {
                form method="post" action={ "/embed/v1/dashboards/" (demo.dashboard) } target="amber" {
                    input type="hidden" name="token" value=(demo.token.expose_secret());
                }
                iframe name="amber" title="Dashboard" {}
                p { (demo.ttl.as_secs()) (demo.commands.len()) }
            }
        }
    }
}

/// The headers of the host page.
///
/// # Panics
/// Never: nonces are plain ASCII.
#[must_use]
pub fn headers(nonce: &Nonce) -> HeaderMap {
    let nonce = nonce.as_str();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' data:; frame-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).expect("a nonce is plain ASCII");
    [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, policy),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ]
    .into_iter()
    .collect()
}
