//! The one script of the frame and how long browsers may keep it.

use std::sync::LazyLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue};
use ring::digest::{SHA256, digest};

/// Where the script is served.
pub const SCRIPT_PATH: &str = "/embed/v1/frame.js";

/// Three files that share one scope.
const SOURCE: &str = concat!(
    "(() => {\n\"use strict\";\n",
    include_str!("script/host.js"),
    include_str!("script/page.js"),
    include_str!("script/session.js"),
    "})();\n"
);

static VERSION: LazyLock<String> = LazyLock::new(|| hex::encode(&digest(&SHA256, SOURCE.as_bytes()).as_ref()[..8]));

/// The address of the script in a page: it changes with the script, so that browsers may keep it for ever.
pub(super) fn script_url() -> String {
    format!("{SCRIPT_PATH}?v={}", *VERSION)
}

/// The answer to a request for the script with the query parameter `v`.
///
/// A version that this server does not know (another replica may run it) gets this script, but may not be kept.
///
/// # Panics
/// Never: the version is a hexadecimal number.
#[must_use]
pub fn script(asked_version: Option<&str>) -> (HeaderMap, &'static str) {
    let current = asked_version == Some(VERSION.as_str());
    let caching = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
    let etag = HeaderValue::from_str(&format!("\"{}\"", *VERSION)).expect("a hexadecimal number is plain ASCII");
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static(caching)),
        (ETAG, etag),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    (headers.into_iter().collect(), SOURCE)
}
