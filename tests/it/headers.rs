//! The security headers of every answer, and which sites may call from a browser.

use amber_tests::{Backend, TestServer};
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::wire::{Answer, grpc_web, opening};

mod every_route;
mod table;

/// What every answer but a frame carries, each exactly once.
const DEFAULT: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("x-frame-options", "DENY"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
];

#[track_caller]
fn assert_default(answer: &Answer, what: &str) {
    for (name, value) in DEFAULT {
        let values: Vec<_> = answer.headers.get_all(name).iter().collect();
        assert_eq!(values, [value], "{name} of {what}: {answer:?}");
    }
    assert!(!answer.headers.contains_key("set-cookie"), "{what}: {answer:?}");
    assert!(!answer.header("x-request-id").is_empty(), "{what}: {answer:?}");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let server = TestServer::start().await;
    let admin = server.token("admin").await;
    let ask =
        |method: &str, path: &str| server.http.request(method.parse().unwrap(), server.url(path)).bearer_auth(&admin);
    let no_leader = "/api/leaders/00000000-0000-4000-8000-000000000000";
    let cases: [(RequestBuilder, u16); 28] = [
        (ask("GET", "/livez"), 200),
        (ask("GET", "/readyz"), 200),
        (ask("GET", "/metrics"), 200),
        (ask("GET", "/api/health"), 200),
        (ask("HEAD", "/api/health"), 200),
        (ask("GET", "/api/metrics"), 200),
        (ask("GET", "/api/feed"), 200),
        (ask("GET", "/api/feed?page=x"), 400),
        (ask("GET", "/api/leaders"), 200),
        (ask("POST", "/api/leaders").json(&json!({ "name": "A" })), 201),
        (ask("POST", "/api/leaders").json(&json!({})), 400),
        (ask("POST", "/api/leaders").body(vec![b'{'; 10 << 20]), 413),
        (ask("POST", "/api/leaders").header("content-type", "text/plain").body("{}"), 415),
        (ask("DELETE", no_leader), 404),
        (ask("POST", &format!("{no_leader}/refresh")), 404),
        (ask("GET", "/api/ingestion/status"), 200),
        (ask("POST", "/api/ingestion/trigger"), 503),
        (ask("POST", "/api/embed/token").json(&json!({ "dashboardId": "d" })), 200),
        (ask("POST", "/api/embed/token").header("x-api-key", "two"), 401),
        (server.http.post(server.url("/api/admin/token")), 400),
        (server.http.post(server.url("/api/leaders")), 401),
        (ask("GET", "/embed/v1/dashboards/d/content"), 401),
        (ask("POST", "/embed/v1/session/renew"), 401),
        (ask("GET", "/api/dashboards"), 200),
        (ask("HEAD", "/embed/v1/dashboards/d"), 405),
        (ask("PUT", "/api/feed"), 405),
        (ask("OPTIONS", "/api/feed"), 200),
        (ask("GET", "/api/nope"), 404),
    ];
    for (request, status) in cases {
        let answer = Answer::to(request).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_default(&answer, &format!("a {status}"));
    }
    let list = || server.http.post(server.url("/amber.v1.FeedService/ListPosts"));
    for (request, what) in [(list(), "gRPC-web"), (list().bearer_auth("wrong"), "a refusal by gRPC-web")] {
        assert_default(&grpc_web(request, b"", false).await.answer, what);
    }
    let script = Answer::to(ask("GET", "/embed/v1/frame.js")).await;
    assert_eq!((script.status, script.header("x-content-type-options")), (200, "nosniff"));
    assert_eq!(script.header("x-frame-options"), "DENY");
    assert!(!script.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn a_refusal_for_haste_carries_the_security_headers() {
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let server = builder.env("REQUESTS_PER_MINUTE", "1").start().await;
    let ask = || Answer::to(server.http.get(server.url("/api/feed")));
    ask().await;
    let refused = ask().await;
    assert_eq!(refused.status, 429);
    assert_default(&refused, "a 429");
}

#[tokio::test]
async fn the_frame_and_its_error_page_may_be_framed_by_the_sites_of_the_token_alone() {
    let server = TestServer::start().await;
    let body = json!({ "dashboardId": "d", "allowedOrigins": ["https://partner.example"] });
    let issued = server.http.post(server.url("/api/embed/token")).bearer_auth(server.api_key()).json(&body);
    let token = Answer::to(issued).await.json()["token"].as_str().expect("a token").to_owned();
    let load = |token: &str| {
        let frame = server.http.post(server.url("/embed/v1/dashboards/d"));
        Answer::to(opening(frame, token))
    };
    let cases = [
        (load(&token).await, 200, "https://partner.example"),
        (load(&token).await, 401, "https://partner.example"),
        (load("a.b.c").await, 401, "https://partner.example https://other.example"),
    ];
    for (page, status, ancestors) in cases {
        assert_eq!(page.status, status, "{page:?}");
        let policy = page.header("content-security-policy");
        let (before, rest) = policy.split_once("script-src 'self' 'nonce-").expect("a nonce");
        let (nonce, rest) = rest.split_once('\'').expect("the end of the nonce");
        assert_eq!(before, "default-src 'none'; ");
        let expected = format!(
            "; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors {ancestors}; sandbox allow-scripts allow-same-origin allow-popups; \
             require-trusted-types-for 'script'"
        );
        assert_eq!(rest, expected);
        assert!(nonce.len() >= 22 && page.text().contains(nonce), "the nonce {nonce} is the page's");
        let fixed = [
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("cross-origin-embedder-policy", "require-corp"),
            ("x-robots-tag", "noindex"),
            ("content-type", "text/html; charset=utf-8"),
        ];
        for (name, value) in fixed {
            assert_eq!(page.header(name), value, "{name}");
        }
        assert!(page.header("vary").contains("Origin") && page.header("permissions-policy").contains("camera=()"));
        for absent in ["x-frame-options", "set-cookie"] {
            assert!(!page.headers.contains_key(absent), "{absent}: {page:?}");
        }
    }
}

/// A server that lets these sites call.
async fn with_cors(origins: Option<&str>) -> TestServer {
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let builder = builder.env("REQUESTS_PER_MINUTE", "3");
    match origins {
        Some(origins) => builder.env("CORS_ALLOWED_ORIGINS", origins).start().await,
        None => builder.start().await,
    }
}

fn preflight(server: &TestServer, origin: &str, path: &str, headers: &str) -> RequestBuilder {
    server
        .http
        .request(Method::OPTIONS, server.url(path))
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", headers)
}

#[tokio::test]
async fn a_listed_site_may_call_by_json_and_grpc_web() {
    let server = with_cors(Some("https://app.example,http://localhost:3000")).await;
    let grpc = "content-type,authorization,x-grpc-web,x-user-agent,grpc-timeout,x-request-id";
    for origin in ["https://app.example", "http://localhost:3000"] {
        for (path, headers) in [("/api/embed/token", "content-type"), ("/amber.v1.FeedService/ListPosts", grpc)] {
            let answer = Answer::to(preflight(&server, origin, path, headers)).await;
            assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, origin), "{answer:?}");
            let allowed = answer.header("access-control-allow-headers");
            assert!(headers.split(',').all(|name| allowed.split(',').any(|known| known == name)), "{allowed}");
            assert_eq!(answer.header("access-control-allow-methods"), "GET,POST,PUT,DELETE");
            assert!(answer.header("vary").to_lowercase().contains("origin"), "{answer:?}");
            assert!(!answer.headers.contains_key("access-control-allow-credentials"), "no cookies are used");
        }
        let get = |path: &str| server.http.get(server.url(path)).header("origin", origin);
        // The answers of every layer can be read by the page: a good one, a refused one, a limited one.
        let mut statuses = Vec::new();
        for path in ["/api/feed", "/api/nope", "/api/feed", "/api/feed", "/api/feed"] {
            let answer = Answer::to(get(path)).await;
            assert_eq!(answer.header("access-control-allow-origin"), origin, "{path}: {answer:?}");
            let exposed = answer.header("access-control-expose-headers");
            let wanted =
                ["x-request-id", "retry-after", "x-ratelimit-remaining", "grpc-status", "grpc-status-details-bin"];
            assert!(wanted.iter().all(|name| exposed.contains(name)), "{exposed}");
            statuses.push(answer.status);
        }
        assert!(statuses.contains(&429), "{statuses:?}");
    }
}

#[tokio::test]
async fn no_other_site_may_call_and_by_default_none() {
    let listed = with_cors(Some("https://app.example")).await;
    let none = with_cors(None).await;
    let strangers = ["https://evil.example", "https://app.example.evil.example", "http://app.example", "null"];
    let asked = strangers.map(|origin| (&listed, origin)).into_iter().chain([(&none, "https://app.example")]);
    for (server, origin) in asked {
        let answers = [
            Answer::to(preflight(server, origin, "/api/embed/token", "content-type")).await,
            Answer::to(server.http.get(server.url("/api/health")).header("origin", origin)).await,
        ];
        for answer in answers {
            assert!(!answer.headers.contains_key("access-control-allow-origin"), "{origin}: {answer:?}");
        }
    }
}
