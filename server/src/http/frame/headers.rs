//! The headers of every answer that is shown inside the iframe.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};

use crate::domain::Origin;
use crate::embed::{Embedder, admits};
use crate::http::Nonce;

/// Headers that are the same for every frame.
const FIXED: [(HeaderName, &str); 9] = [
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
    (VARY, "Origin, Referer, Sec-Fetch-Dest, Sec-Fetch-Mode, Sec-Fetch-Site"),
];

/// The headers of a page that only `origins` may frame; no `X-Frame-Options`, which knows no list, and no cookie.
///
/// An empty list lets nobody frame it.
///
/// # Panics
/// Never: origins and nonces are ASCII without control characters by their types.
#[must_use]
pub fn headers(origins: &[Origin], nonce: &Nonce) -> HeaderMap {
    let mut headers: HeaderMap =
        FIXED.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
    let policy = HeaderValue::from_str(&policy(origins, nonce)).expect("origins and nonces are plain ASCII");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers
}

/// The headers of the content that the script of the page asks for.
#[must_use]
pub fn content_headers() -> HeaderMap {
    let told = [CONTENT_TYPE, CACHE_CONTROL, REFERRER_POLICY, HeaderName::from_static("x-robots-tag")];
    let fixed = FIXED.into_iter().filter(|(name, _)| told.contains(name));
    let mut headers: HeaderMap = fixed.map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
    let same_site = (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    headers.extend([same_site, (VARY, HeaderValue::from_static("Embed-Session"))]);
    headers
}

/// The site that the script of an error page speaks to: the framing one when it may frame the page; else all that may, of
/// which browsers deliver to the true one alone.
#[must_use]
pub fn spoken_to(framers: &[Origin], embedder: &Embedder) -> Vec<Origin> {
    match embedder.origin() {
        Some(site) if admits(framers, site) => vec![site.clone()],
        _ => framers.to_vec(),
    }
}

fn policy(origins: &[Origin], nonce: &Nonce) -> String {
    let ancestors = match origins {
        [] => "'none'".to_owned(),
        some => some.iter().map(Origin::as_str).collect::<Vec<_>>().join(" "),
    };
    let nonce = nonce.as_str();
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}; \
         sandbox allow-scripts allow-same-origin allow-popups; require-trusted-types-for 'script'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_framing_site_is_spoken_to_by_its_own_name_also_when_a_wildcard_admits_it() {
        let origins =
            |texts: &[&str]| -> Vec<Origin> { texts.iter().map(|text| Origin::parse(text).unwrap()).collect() };
        let framers = origins(&["https://*.partner.example", "https://other.example"]);
        let spoken = |site| spoken_to(&framers, &Embedder::of_origin(site));
        // A browser delivers nothing to a wildcard.
        assert_eq!(spoken(Some("https://www.partner.example")), origins(&["https://www.partner.example"]));
        assert_eq!(spoken(Some("https://other.example")), origins(&["https://other.example"]));
        for unknown in [Some("https://foreign.example"), None] {
            assert_eq!(spoken(unknown), framers, "browsers deliver to none but those");
        }
    }
}
