//! Whatever is sent over HTTP, the answer says what was wrong with it, and is never the server's fault.

use amber_tests::{Backend, TestServer};
use reqwest::{Method, RequestBuilder};

use crate::wire::Answer;

mod fuzz;
mod rpc;

/// The routes that take a JSON object.
const BODIES: [&str; 5] =
    ["/api/leaders", "/api/posts", "/api/ingestion/trigger", "/api/embed/token", "/api/admin/token"];

/// A server, and a request to it with the rights of an admin.
struct Asked {
    server: TestServer,
    admin: String,
}

impl Asked {
    async fn on(backend: Backend) -> Option<Self> {
        let server = TestServer::on(backend).await?.start().await;
        let admin = server.token("admin").await;
        Some(Self { server, admin })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.server.http.request(method, self.server.url(path));
        if path == "/api/admin/token" { request } else { request.bearer_auth(&self.admin) }
    }

    fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.request(Method::POST, path).header("content-type", "application/json").body(body)
    }

    async fn refuses(&self, request: RequestBuilder, status: u16, what: &str) -> serde_json::Value {
        let answer = Answer::to(request).await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        answer.problem(what)
    }
}

fn deep(levels: usize) -> String {
    format!("{{\"name\":{}1{}}}", "[".repeat(levels), "]".repeat(levels))
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_on_every_route() {
    let asked = Asked::on(Backend::Sqlite).await.expect("SQLite is always there");
    let deep = deep(100_000);
    let bodies: [(&str, &[u8]); 12] = [
        ("an array", b"[1]"),
        ("an empty array", b"[]"),
        ("null", b"null"),
        ("a text", b"\"name\""),
        ("a number", b"5"),
        ("no JSON", b"{bad"),
        ("cut JSON", b"{\"name\": \"A\""),
        ("two objects", b"{}{}"),
        ("deep nesting", deep.as_bytes()),
        ("bad UTF-8", b"{\"name\": \"\xff\xfe\"}"),
        ("half a surrogate", b"{\"name\": \"\\ud800\"}"),
        ("a bare control character", b"{\"name\": \"\x07\"}"),
    ];
    for path in BODIES {
        for (what, body) in bodies {
            let refusal = asked.refuses(asked.post(path, body.to_vec()), 400, &format!("{what} to {path}")).await;
            assert!(refusal["message"].as_str().unwrap().contains("body"), "{path}: {refusal}");
        }
        let big = vec![b' '; 10 << 20];
        asked.refuses(asked.post(path, big), 413, &format!("10 MB to {path}")).await;
        let form = asked.request(Method::POST, path).header("content-type", "text/plain").body("{\"name\": \"A\"}");
        asked.refuses(form, 415, &format!("text to {path}")).await;
    }
}

/// Bad fields, by route: the body and the status.
fn fields() -> Vec<(&'static str, String, u16)> {
    let long = "x".repeat(10_000);
    let origins = |origin: &str| format!(r#"{{"dashboardId": "d", "allowedOrigins": [{origin}]}}"#);
    let ids = |count: usize| {
        format!(r#"{{"leaderIds": [{}]}}"#, vec![r#""00000000-0000-4000-8000-000000000000""#; count].join(","))
    };
    let topics = format!(r#"{{"name": "A", "trackingTopics": [{}]}}"#, vec!["\"t\""; 10_000].join(","));
    let mut cases: Vec<(&str, String, u16)> = Vec::new();
    let mut add =
        |path, bodies: &[&str], status| cases.extend(bodies.iter().map(|body| (path, (*body).to_owned(), status)));
    add("/api/leaders", &["", "{}", r#"{"name": null}"#, r#"{"name": ""}"#, r#"{"name": " \t"}"#], 400);
    add("/api/leaders", &[r#"{"name": []}"#, r#"{"name": {}}"#, r#"{"name": true}"#, r#"{"name": "a\u0000b"}"#], 400);
    add("/api/leaders", &[r#"{"name": "a\u0007b"}"#, &format!(r#"{{"name": "{long}"}}"#), &topics], 400);
    add("/api/leaders", &[r#"{"name": "A", "handles": []}"#, r#"{"name": "A", "handles": {"x": 5}}"#], 400);
    add(
        "/api/leaders",
        &[r#"{"name": "A", "handles": {"x": "a b"}}"#, r#"{"name": "A", "handles": {"x": "../../a"}}"#],
        400,
    );
    add(
        "/api/leaders",
        &[r#"{"name": "A", "handles": {"x": ""}}"#, r#"{"name": "A", "handles": {"y": "\u0000"}}"#],
        400,
    );
    add(
        "/api/leaders",
        &[r#"{"name": "A", "handles": {"\u0000": "y"}}"#, r#"{"name": "A", "trackingTopics": "a"}"#],
        400,
    );
    add(
        "/api/leaders",
        &[r#"{"name": "A", "trackingTopics": [1]}"#, r#"{"name": "A", "trackingTopics": ["\u0000"]}"#],
        400,
    );
    add(
        "/api/embed/token",
        &["", "{}", r#"{"dashboardId": null}"#, r#"{"dashboardId": ""}"#, r#"{"dashboardId": 5}"#],
        400,
    );
    add(
        "/api/embed/token",
        &[r#"{"dashboardId": {}}"#, r#"{"dashboardId": "../a"}"#, r#"{"dashboardId": "a/b"}"#],
        400,
    );
    add("/api/embed/token", &[r#"{"dashboardId": "डैश"}"#, r#"{"dashboardId": "a\u0000"}"#], 400);
    add("/api/embed/token", &[&format!(r#"{{"dashboardId": "{long}"}}"#), &origins("1"), &origins(r#""null""#)], 400);
    add(
        "/api/embed/token",
        &[&origins(r#""https://a.example; script-src *""#), &origins(r#""https://u@a.example""#)],
        400,
    );
    add(
        "/api/embed/token",
        &[&origins(r#""http://partner.example""#), r#"{"dashboardId": "d", "allowedOrigins": "x"}"#],
        400,
    );
    add("/api/embed/token", &[&origins(r#""https://evil.example""#)], 403);
    for ttl in ["-1", "0", "301", "99999", "18446744073709551615", "1e30", "1.5", "\"60\"", "[]"] {
        add("/api/embed/token", &[&format!(r#"{{"dashboardId": "d", "ttl": {ttl}}}"#)], 400);
    }
    add(
        "/api/embed/token",
        &[r#"{"dashboardId": "d", "userId": {}}"#, r#"{"dashboardId": "d", "userId": "\u0000"}"#],
        400,
    );
    add("/api/embed/token", &[&format!(r#"{{"dashboardId": "d", "userId": "{long}"}}"#)], 400);
    add(
        "/api/admin/token",
        &["", "{}", r#"{"adminId": "a"}"#, r#"{"secret": "s"}"#, r#"{"adminId": "a", "secret": 5}"#],
        400,
    );
    add(
        "/api/admin/token",
        &[r#"{"adminId": [], "secret": "s"}"#, r#"{"adminId": "a", "secret": "s", "role": "root"}"#],
        400,
    );
    add("/api/admin/token", &[r#"{"adminId": "a", "secret": "s", "role": 5}"#], 400);
    add(
        "/api/admin/token",
        &[r#"{"adminId": "a", "secret": "wrong"}"#, r#"{"adminId": "\u0000", "secret": "s"}"#],
        401,
    );
    add("/api/ingestion/trigger", &[r#"{"backfill": 7}"#, r#"{"backfill": []}"#, r#"{"leaderIds": "x"}"#], 400);
    add("/api/ingestion/trigger", &[r#"{"leaderIds": [1]}"#, r#"{"leaderIds": ["nope"]}"#, &ids(101)], 400);
    cases
}

#[tokio::test]
async fn a_bad_field_is_refused_with_its_rule_on_both_databases() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(asked) = Asked::on(backend).await else { continue };
        for (path, body, status) in fields() {
            let shown: String = body.chars().take(120).collect();
            asked.refuses(asked.post(path, body), status, &format!("{backend:?} {path} {shown}")).await;
        }
        for id in ["\\u0007", &"x".repeat(129)] {
            let body = format!(r#"{{"adminId": "{id}", "secret": "{}"}}"#, asked.server.bootstrap_secret());
            asked.refuses(asked.post("/api/admin/token", body), 400, &format!("the admin id {id}")).await;
        }
    }
}

#[tokio::test]
async fn a_bad_id_or_query_is_refused_on_both_databases() {
    let ids =
        ["nope", "%00", "%FF", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%2F..%2Fetc", "%27%3B%20DROP%20TABLE%20leader"];
    let long = "x".repeat(5_000);
    let no_leader = "00000000-0000-4000-8000-000000000000";
    let many = format!("leaders={}", ["nope"; 101].join(","));
    let queries = [
        "page=abc",
        "page=",
        "page=1.5",
        "page=1e3",
        "page=9223372036854775808",
        "page_size=abc",
        "page_size=%00",
        "cursor=garbage",
        "cursor=AAAA",
        "cursor=%FF",
        "cursor=%00",
        "cursor=..%2F",
        &format!("cursor={long}"),
        &many,
        "cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "cursor=AX__________________________________",
    ];
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(asked) = Asked::on(backend).await else { continue };
        for id in ids.into_iter().chain([long.as_str(), no_leader]) {
            for (method, path) in [(Method::DELETE, ""), (Method::POST, "/refresh")] {
                let path = format!("/api/leaders/{id}{path}");
                let answer = Answer::to(asked.request(method, &path)).await;
                assert!([400, 404].contains(&answer.status), "{backend:?} {path}: {answer:?}");
                answer.problem(&path);
            }
        }
        for query in queries {
            asked.refuses(asked.request(Method::GET, &format!("/api/feed?{query}")), 400, query).await;
            if query != many {
                asked.refuses(asked.request(Method::GET, &format!("/api/posts/paginated?{query}")), 400, query).await;
            }
        }
        for query in [
            "page=-1",
            "page=9223372036854775807",
            "page_size=0",
            "page_size=2147483648",
            "page_size=-5",
            "leaders=%00",
            "source=%FF",
            "%00=%00&&=&",
        ] {
            let answer = Answer::to(asked.request(Method::GET, &format!("/api/feed?{query}"))).await;
            assert_eq!(answer.status, 200, "{backend:?} {query}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_bad_frame_request_is_refused_and_never_the_servers_fault() {
    let asked = Asked::on(Backend::Sqlite).await.expect("SQLite is always there");
    let form = "application/x-www-form-urlencoded";
    let long = "x".repeat(3_000);
    for id in ["d", "..%2F..%2Fetc", "%00", "%FF", &long] {
        for token in ["", "token=", "token=a.b.c", "token=%00", "token=%FF", &format!("token={long}")] {
            let path = format!("/embed/v1/dashboards/{id}");
            let get = asked.server.http.get(asked.server.url(&format!("{path}?{token}")));
            let post =
                asked.server.http.post(asked.server.url(&path)).header("content-type", form).body(token.to_owned());
            for request in [get, post] {
                let answer = Answer::to(request).await;
                assert!((400..500).contains(&answer.status), "{id} {token}: {answer:?}");
                assert!(!answer.header("x-request-id").is_empty());
            }
        }
    }
    let path = "/embed/v1/dashboards/d";
    let post = |kind: &str, body: Vec<u8>| {
        asked.server.http.post(asked.server.url(path)).header("content-type", kind).body(body)
    };
    let both = asked.server.http.post(asked.server.url(&format!("{path}?token=a"))).header("content-type", form);
    for (request, status, what) in [
        (post(form, vec![b'x'; 10 << 20]), 413, "a form of 10 MB"),
        (post(form, vec![b'x'; 20_000]), 413, "a form of 20 kB"),
        (post("application/json", b"{}".to_vec()), 415, "JSON in place of a form"),
        (both.body("token=a"), 400, "two tokens"),
    ] {
        let page = Answer::to(request).await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (status, "text/html; charset=utf-8"),
            "{what}: {page:?}"
        );
        assert!(page.text().contains("data-reason="), "{what}: the host learns why");
    }
}

#[tokio::test]
async fn a_wrong_method_is_refused_with_those_that_are_right() {
    let asked = Asked::on(Backend::Sqlite).await.expect("SQLite is always there");
    let routes = [
        ("/livez", "GET,HEAD"),
        ("/readyz", "GET,HEAD"),
        ("/metrics", "GET,HEAD"),
        ("/api/health", "GET,HEAD"),
        ("/api/metrics", "GET,HEAD"),
        ("/api/feed", "GET,HEAD"),
        ("/api/posts", "GET,HEAD,POST"),
        ("/api/posts/paginated", "GET,HEAD"),
        ("/api/posts/nope", "GET,HEAD,PUT,DELETE"),
        ("/api/sentiment/batch", "POST"),
        ("/api/leaders", "GET,HEAD,POST"),
        ("/api/leaders/nope", "GET,HEAD,PUT,DELETE"),
        ("/api/leaders/nope/refresh", "POST"),
        ("/api/ingestion/trigger", "POST"),
        ("/api/ingestion/status", "GET,HEAD"),
        ("/api/ingestion/stop", "POST"),
        ("/api/ingestion/start", "POST"),
        ("/api/ingestion/runs", "GET,HEAD"),
        ("/api/ingestion/runs/nope", "GET,HEAD"),
        ("/api/ingestion/runs/nope/cancel", "POST"),
        ("/api/ingestion/checkpoints", "GET,HEAD"),
        ("/api/ingestion/checkpoints/x:a", "GET,HEAD,DELETE"),
        ("/api/ingestion/quarantine", "GET,HEAD"),
        ("/api/ingestion/quarantine/replay", "POST"),
        ("/api/ingestion/quarantine/discard", "POST"),
        ("/api/dashboard", "GET,HEAD"),
        ("/api/review", "GET,HEAD"),
        ("/api/review/audit", "GET,HEAD"),
        ("/api/review/nope", "PUT"),
        ("/api/review/nope/approve", "POST"),
        ("/api/review/nope/reject", "POST"),
        ("/api/embed/token", "POST"),
        ("/api/admin/token", "POST"),
        ("/api/admin/ping", "GET,HEAD"),
        ("/api/whoami", "GET,HEAD"),
        ("/embed/v1/dashboards/d", "GET,POST"),
        ("/embed/v1/frame.js", "GET,HEAD"),
    ];
    for (path, allowed) in routes {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"] {
            if allowed.split(',').any(|name| name == method) {
                continue;
            }
            let method: Method = method.parse().unwrap();
            let answer = Answer::to(asked.request(method.clone(), path)).await;
            assert_eq!(answer.status, 405, "{method} {path}: {answer:?}");
            assert_eq!(answer.header("allow"), allowed, "{method} {path}");
            if method != Method::HEAD {
                assert_eq!(answer.problem(path)["error"], "method_not_allowed");
            }
        }
        let options = Answer::to(asked.request(Method::OPTIONS, path)).await;
        assert_eq!(options.status, 200, "OPTIONS {path}: {options:?}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_as_json() {
    let asked = Asked::on(Backend::Sqlite).await.expect("SQLite is always there");
    for path in ["/", "/api", "/api/", "/api/nope", "/api/leaders/", "/API/HEALTH", "/embed/v1/", "//api/health"] {
        let refusal = asked.refuses(asked.request(Method::GET, path), 404, path).await;
        assert_eq!(refusal["error"], "not_found");
    }
    for target in ["/../../etc/passwd", "/api/../../etc/passwd", "/%00", "/embed/v1/dashboards/../../../etc/passwd"] {
        let request = format!("GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let answer = Answer::to_bytes(&asked.server, request.as_bytes()).await;
        assert_eq!(answer.status, 404, "{target}: {answer:?}");
        assert!(!answer.text().contains("root:"));
    }
}

#[tokio::test]
async fn a_usable_request_id_comes_back_and_any_other_is_replaced() {
    let asked = Asked::on(Backend::Sqlite).await.expect("SQLite is always there");
    let with = |id: &str| asked.request(Method::GET, "/api/nope").header("x-request-id", id.as_bytes());
    for id in ["12345678", "my.request_id-1", &"x".repeat(64)] {
        let refusal = asked.refuses(with(id), 404, id).await;
        assert_eq!(refusal["requestId"], id);
    }
    for id in ["", "1234567", &"x".repeat(65), "with space", "semi;colon", "<script>", "अनुरोध-१२३"] {
        let refusal = asked.refuses(with(id), 404, id).await;
        assert_ne!(refusal["requestId"], id);
        assert!(refusal["requestId"].as_str().unwrap().len() >= 8);
    }
    let answer = Answer::to(asked.request(Method::GET, "/livez").header("x-request-id", "fine-answer-1")).await;
    assert_eq!(answer.header("x-request-id"), "fine-answer-1", "good answers carry it too");
}
