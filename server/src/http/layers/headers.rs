//! Security headers on every answer, and CORS for the sites on the list.

use std::time::Duration;

use axum::extract::Request;
use axum::http::header::{
    AUTHORIZATION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::response::Response;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::around::Next;
use crate::domain::Origin;

/// The headers of every answer that does not bring its own: nothing may be loaded, nobody may frame it.
const DEFAULTS: [(HeaderName, &str); 4] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "strict-origin-when-cross-origin"),
    (X_FRAME_OPTIONS, "DENY"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
];

/// Adds the security headers that the answer does not have. The frame brings its own policy, and must not get an
/// `X-Frame-Options`, which knows no list of sites.
pub(crate) async fn secure((): (), request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let may_be_framed = allows_framing(response.headers());
    for (name, value) in DEFAULTS.into_iter().filter(|(name, _)| !(may_be_framed && *name == X_FRAME_OPTIONS)) {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

fn allows_framing(headers: &HeaderMap) -> bool {
    let policy = headers.get(CONTENT_SECURITY_POLICY).and_then(|value| value.to_str().ok());
    policy.is_some_and(|policy| !policy.contains("frame-ancestors 'none'"))
}

/// Lets the sites on the list call from a browser, by gRPC-web and JSON; no site when the list is empty.
pub(crate) fn cors(origins: &[Origin]) -> CorsLayer {
    let listed = origins.iter().filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok());
    let name = HeaderName::from_static;
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(listed))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            CONTENT_TYPE,
            AUTHORIZATION,
            name("x-api-key"),
            name("x-request-id"),
            name("x-grpc-web"),
            name("x-user-agent"),
            name("grpc-timeout"),
        ])
        .expose_headers([
            RETRY_AFTER,
            name("x-request-id"),
            name("x-ratelimit-limit"),
            name("x-ratelimit-remaining"),
            name("x-ratelimit-reset"),
            name("grpc-status"),
            name("grpc-message"),
            name("grpc-status-details-bin"),
            name("grpc-retry-pushback-ms"),
        ])
        .max_age(Duration::from_mins(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_with_a_list_of_sites_goes_without_x_frame_options() {
        let with = |policy| HeaderMap::from_iter([(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy))]);
        assert!(!allows_framing(&HeaderMap::new()));
        assert!(!allows_framing(&with("default-src 'self'; frame-ancestors 'none'")));
        assert!(allows_framing(&with("default-src 'none'; frame-ancestors https://partner.example")));
    }
}
