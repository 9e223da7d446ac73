//! The table of all routes and of the exact headers of their answers.

use std::collections::BTreeMap;

/// What an answer is, which says what headers it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// For machines that look after the server; not limited.
    Probe,
    /// Health and metrics in JSON; not limited.
    Report,
    /// JSON, or a refusal.
    Json,
    /// The page in the frame, or its error page.
    Frame,
    /// What the script of the frame reads.
    Content,
    /// A credential in JSON, which no cache may keep, or a refusal.
    Credential,
    /// The script of the frame.
    Script,
    /// The host page of the demo.
    Demo,
    /// An answer to gRPC-web.
    GrpcWeb,
}

pub(super) use Class::{Content, Credential, Demo, Frame, GrpcWeb, Json, Probe, Report, Script};

/// All routes.
pub(super) const TABLE: &[(&str, &str, Class)] = &[
    ("GET", "/livez", Probe),
    ("GET", "/readyz", Probe),
    ("GET", "/metrics", Probe),
    ("GET", "/api/health", Report),
    ("GET", "/api/metrics", Report),
    ("GET", "/api/feed", Json),
    ("GET", "/api/posts", Json),
    ("POST", "/api/posts", Json),
    ("GET", "/api/posts/paginated", Json),
    ("GET", "/api/posts/{id}", Json),
    ("PUT", "/api/posts/{id}", Json),
    ("DELETE", "/api/posts/{id}", Json),
    ("POST", "/api/sentiment/batch", Json),
    ("GET", "/api/leaders", Json),
    ("POST", "/api/leaders", Json),
    ("GET", "/api/leaders/{id}", Json),
    ("PUT", "/api/leaders/{id}", Json),
    ("DELETE", "/api/leaders/{id}", Json),
    ("POST", "/api/leaders/{id}/refresh", Json),
    ("POST", "/api/ingestion/trigger", Json),
    ("GET", "/api/ingestion/status", Json),
    ("POST", "/api/ingestion/stop", Json),
    ("POST", "/api/ingestion/start", Json),
    ("GET", "/api/ingestion/runs", Json),
    ("GET", "/api/ingestion/runs/{id}", Json),
    ("POST", "/api/ingestion/runs/{id}/cancel", Json),
    ("GET", "/api/ingestion/checkpoints", Json),
    ("GET", "/api/ingestion/checkpoints/{key}", Json),
    ("DELETE", "/api/ingestion/checkpoints/{key}", Json),
    ("GET", "/api/ingestion/quarantine", Json),
    ("POST", "/api/ingestion/quarantine/replay", Json),
    ("POST", "/api/ingestion/quarantine/discard", Json),
    ("GET", "/api/dashboards", Json),
    ("POST", "/api/dashboards", Json),
    ("GET", "/api/dashboards/{id}", Json),
    ("PUT", "/api/dashboards/{id}", Json),
    ("DELETE", "/api/dashboards/{id}", Json),
    ("GET", "/api/dashboard", Json),
    ("GET", "/api/review", Json),
    ("GET", "/api/review/audit", Json),
    ("PUT", "/api/review/{id}", Json),
    ("POST", "/api/review/{id}/approve", Json),
    ("POST", "/api/review/{id}/reject", Json),
    ("POST", "/api/embed/token", Credential),
    ("POST", "/api/embed/validate", Json),
    ("POST", "/api/embed/revoke", Json),
    ("GET", "/api/embed/keys", Json),
    ("GET", "/api/embed/audit", Json),
    ("POST", "/api/admin/token", Credential),
    ("GET", "/api/admin/ping", Json),
    ("GET", "/api/whoami", Json),
    ("GET", "/api/api-keys", Json),
    ("POST", "/api/api-keys", Credential),
    ("DELETE", "/api/api-keys/{id}", Json),
    ("GET", "/embed/v1/dashboards/{id}", Frame),
    ("POST", "/embed/v1/dashboards/{id}", Frame),
    ("GET", "/embed/v1/dashboards/{id}/content", Content),
    ("POST", "/embed/v1/session/renew", Credential),
    ("GET", "/embed/v1/frame.js", Script),
    ("GET", "/demo", Demo),
    ("POST", "/demo/token", Credential),
    ("POST", "/demo/revoke", Json),
];

/// Any value.
pub(super) const ANY: &str = "*";

const ALWAYS: &[(&str, &str)] = &[
    ("date", ANY),
    ("x-request-id", ANY),
    ("x-content-type-options", "nosniff"),
    (
        "access-control-expose-headers",
        "retry-after,x-request-id,x-ratelimit-limit,x-ratelimit-remaining,x-ratelimit-reset,grpc-status,grpc-message,\
         grpc-status-details-bin,grpc-retry-pushback-ms",
    ),
];
pub(super) const LIMITED: &[(&str, &str)] =
    &[("x-ratelimit-limit", ANY), ("x-ratelimit-remaining", ANY), ("x-ratelimit-reset", ANY)];
/// Nothing may be loaded, and nobody may frame it.
const CLOSED: &[(&str, &str)] =
    &[("x-frame-options", "DENY"), ("content-security-policy", "default-src 'none'; frame-ancestors 'none'")];
const SHORT_REFERRER: (&str, &str) = ("referrer-policy", "strict-origin-when-cross-origin");
const BY_ORIGIN: (&str, &str) = ("vary", "origin");
const LENGTH: (&str, &str) = ("content-length", ANY);
const UNSTORED: (&str, &str) = ("cache-control", "no-store");

/// The headers of a good answer of this class.
pub(super) fn headers_of(class: Class) -> BTreeMap<&'static str, &'static str> {
    let own: &[&[(&str, &str)]] = match class {
        Probe => &[CLOSED, &[("content-type", ANY), SHORT_REFERRER, BY_ORIGIN, LENGTH]],
        Report => &[CLOSED, &[("content-type", "application/json"), SHORT_REFERRER, BY_ORIGIN, LENGTH]],
        Json => &[CLOSED, LIMITED, &[("content-type", "application/json"), SHORT_REFERRER, BY_ORIGIN, LENGTH]],
        Credential => {
            &[CLOSED, LIMITED, &[("content-type", "application/json"), SHORT_REFERRER, BY_ORIGIN, LENGTH, UNSTORED]]
        }
        GrpcWeb => &[CLOSED, LIMITED, &[("content-type", "application/grpc-web+proto"), SHORT_REFERRER, BY_ORIGIN]],
        Script => &[
            CLOSED,
            &[
                ("content-type", "text/javascript; charset=utf-8"),
                ("cache-control", "no-cache"),
                ("etag", ANY),
                ("cross-origin-resource-policy", "same-origin"),
                SHORT_REFERRER,
                BY_ORIGIN,
                LENGTH,
            ],
        ],
        Content => &[
            CLOSED,
            LIMITED,
            &[
                ("content-type", "text/html; charset=utf-8"),
                UNSTORED,
                ("referrer-policy", "no-referrer"),
                ("x-robots-tag", "noindex"),
                ("cross-origin-resource-policy", "same-origin"),
                ("vary", "Embed-Session, origin"),
                LENGTH,
            ],
        ],
        Frame => &[
            LIMITED,
            &[
                ("content-type", "text/html; charset=utf-8"),
                UNSTORED,
                ("referrer-policy", "no-referrer"),
                ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
                ("cross-origin-resource-policy", "cross-origin"),
                ("cross-origin-embedder-policy", "require-corp"),
                ("x-robots-tag", "noindex"),
                ("vary", "Origin, Referer, Sec-Fetch-Dest, Sec-Fetch-Mode, Sec-Fetch-Site, origin"),
                (
                    "content-security-policy",
                    "default-src 'none'; script-src 'self' 'nonce-*'; style-src 'self' 'nonce-*'; img-src 'self' data:; \
                     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors https://partner.example; \
                     sandbox allow-scripts allow-same-origin allow-popups; require-trusted-types-for 'script'",
                ),
                LENGTH,
            ],
        ],
        Demo => &[
            LIMITED,
            &[
                ("content-type", "text/html; charset=utf-8"),
                UNSTORED,
                SHORT_REFERRER,
                BY_ORIGIN,
                ("x-frame-options", "DENY"),
                (
                    "content-security-policy",
                    "default-src 'none'; script-src 'nonce-*'; style-src 'nonce-*'; img-src 'self' data:; \
                     connect-src 'self'; frame-src FRAMES; form-action FRAMES; base-uri 'none'; frame-ancestors 'none'",
                ),
                LENGTH,
            ],
        ],
    };
    [ALWAYS].iter().chain(own).flat_map(|headers| headers.iter().copied()).collect()
}
