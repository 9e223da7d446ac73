//! The frame over the wire: its page, its content, its renewals, and what it shows when there is nothing to show.

use std::time::Duration;

use amber_sdk::v1::{CreateDashboardRequest, Dashboard, DashboardSection, DashboardTheme, DeleteDashboardRequest};
use amber_server::sandbox::Draft;
use amber_tests::{Backend, TestServer};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::stage::{Stage, succeeded};
use crate::wire::{Answer, opening};

const PARTNER: &str = "https://partner.example";

/// An open frame.
pub(crate) struct Frame {
    pub(crate) page: Answer,
}

impl Frame {
    /// The value of an attribute that the page hands to its script.
    pub(crate) fn handed(&self, name: &str) -> String {
        let text = self.page.text();
        let (_, rest) = text.split_once(&format!(" data-{name}=\"")).unwrap_or_else(|| panic!("no {name} in {text}"));
        rest.split_once('"').unwrap().0.to_owned()
    }

    pub(crate) fn session(&self) -> String {
        self.handed("session")
    }
}

pub(crate) async fn token(server: &TestServer, dashboard: &str) -> String {
    let body = json!({ "dashboardId": dashboard, "allowedOrigins": [PARTNER] });
    let issue = server.http.post(server.url("/api/embed/token")).bearer_auth(server.api_key()).json(&body);
    Answer::to(issue).await.json()["token"].as_str().expect("a token").to_owned()
}

fn page(server: &TestServer, path: &str) -> RequestBuilder {
    server.http.post(server.url(&format!("/embed/v1/dashboards/{path}")))
}

/// Opens a frame as the browser of a viewer does.
pub(crate) async fn open(server: &TestServer, dashboard: &str) -> Frame {
    let token = token(server, dashboard).await;
    let page = Answer::to(opening(page(server, dashboard), &token)).await;
    assert_eq!(page.status, 200, "{}", page.text());
    Frame { page }
}

async fn content(server: &TestServer, path: &str, session: &str) -> Answer {
    let request = server.http.get(server.url(&format!("/embed/v1/dashboards/{path}")));
    Answer::to(request.header("embed-session", session)).await
}

async fn renew(server: &TestServer, session: &str, token: &str) -> Answer {
    let request = server.http.post(server.url("/embed/v1/session/renew")).header("embed-session", session);
    Answer::to(request.json(&json!({ "token": token }))).await
}

#[track_caller]
fn refusal(answer: &Answer, what: &str) -> (u16, String) {
    let problem = answer.problem(what);
    (answer.status, problem["reason"].as_str().expect("a reason").to_owned())
}

async fn create(server: &TestServer, dashboard: Dashboard) {
    let request = CreateDashboardRequest { dashboard: Some(dashboard) };
    server.sdk_as_admin().await.dashboards().create_dashboard(request).await.unwrap();
}

#[tokio::test]
async fn a_session_fetches_the_content_of_its_own_dashboard_until_it_ends() {
    let server = TestServer::start().await;
    let frame = open(&server, "main").await;
    assert_eq!(frame.handed("parents"), PARTNER);
    assert_eq!(frame.handed("expires-in-ms"), "600000");
    let session = frame.session();
    let fresh = content(&server, "main/content", &session).await;
    assert_eq!(fresh.status, 200);
    assert!(fresh.text().starts_with("<main id=\"dashboard\""), "{}", fresh.text());
    assert!(frame.page.text().contains(&fresh.text()), "at one instant, page and content are the same");
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("x-robots-tag", "noindex"),
        ("vary", "Embed-Session"),
    ] {
        assert!(fresh.header(name).contains(value), "{name}: {fresh:?}");
    }
    assert!(!fresh.headers.contains_key("access-control-allow-origin") && !fresh.headers.contains_key("set-cookie"));

    let elsewhere = content(&server, "other/content", &session).await;
    assert_eq!(refusal(&elsewhere, "another dashboard"), (404, "WRONG_DASHBOARD".to_owned()));
    let ended = (401, "SESSION_ENDED".to_owned());
    for odd in ["", "a.b.c", &token(&server, "main").await] {
        assert_eq!(refusal(&content(&server, "main/content", odd).await, "no session"), ended, "{odd:?}");
    }
    server.clock.advance(Duration::from_secs(599));
    assert_eq!(content(&server, "main/content", &session).await.status, 200);
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(refusal(&content(&server, "main/content", &session).await, "an old session"), ended);
}

#[tokio::test]
async fn a_fresh_token_renews_a_session_once() {
    let server = TestServer::start().await;
    let first = open(&server, "main").await.session();
    server.clock.advance(Duration::from_secs(500));
    let fresh = token(&server, "main").await;
    let renewed = renew(&server, &first, &fresh).await;
    assert_eq!((renewed.status, renewed.header("cache-control")), (200, "no-store"), "{renewed:?}");
    assert_eq!(renewed.json()["expiresIn"], 600);
    let second = renewed.json()["session"].as_str().unwrap().to_owned();
    let replayed = renew(&server, &second, &fresh).await;
    assert_eq!(refusal(&replayed, "a used token"), (401, "TOKEN_REPLAYED".to_owned()));
    let elsewhere = renew(&server, &second, &token(&server, "other").await).await;
    assert_eq!(refusal(&elsewhere, "a token of another dashboard"), (404, "WRONG_DASHBOARD".to_owned()));
    let nothing = renew(&server, &second, "").await;
    assert_eq!(refusal(&nothing, "no token"), (401, "TOKEN_MALFORMED".to_owned()));
    server.clock.advance(Duration::from_secs(200));
    let late = renew(&server, &first, &token(&server, "main").await).await;
    assert_eq!(refusal(&late, "a session that is over"), (401, "SESSION_ENDED".to_owned()));
    assert_eq!(content(&server, "main/content", &second).await.status, 200, "the renewed one lives on");
    let request = server.http.post(server.url("/embed/v1/session/renew")).header("embed-session", &second);
    let wrong = Answer::to(request.json(&json!({ "token": ["x"] }))).await;
    assert_eq!(wrong.problem("a list in place of a token")["fields"][0]["field"], "token");
}

#[tokio::test]
async fn the_host_page_chooses_the_look_and_the_dashboard_has_the_rest() {
    let server = TestServer::start().await;
    let dashboard = Dashboard {
        id: "main".to_owned(),
        title: "Ministers".to_owned(),
        locale: "hi".to_owned(),
        theme: DashboardTheme::Dark.into(),
        ..Dashboard::default()
    };
    create(&server, dashboard).await;
    let look = |answer: &Answer| {
        let text = answer.text();
        let (_, main) = text.split_once("<main id=\"dashboard\" ").unwrap();
        main.split_once(" data-title").unwrap().0.to_owned()
    };
    let frame = open(&server, "main").await;
    assert_eq!(look(&frame.page), r#"lang="hi" data-theme="dark""#);
    assert!(frame.page.text().contains("<html lang=\"hi\" data-theme=\"dark\" data-state=\"live\">"));
    assert!(frame.page.text().contains("<h1><bdi>Ministers</bdi></h1>"));
    let asked = Answer::to(opening(page(&server, "main?theme=light"), &token(&server, "main").await)).await;
    assert_eq!(look(&asked), r#"lang="hi" data-theme="light""#);
    let session = frame.session();
    for (query, expected) in [
        ("", r#"lang="hi" data-theme="dark""#),
        ("?locale=en&theme=auto", r#"lang="en" data-theme="auto""#),
        ("?locale=xx&theme=pink", r#"lang="hi" data-theme="dark""#),
    ] {
        let shown = content(&server, &format!("main/content{query}"), &session).await;
        assert_eq!(look(&shown), expected, "{query}");
    }
}

#[tokio::test]
async fn a_deleted_dashboard_ends_its_frames() {
    let server = TestServer::start().await;
    create(&server, Dashboard { id: "main".to_owned(), title: "Main".to_owned(), ..Dashboard::default() }).await;
    let session = open(&server, "main").await.session();
    let unused = token(&server, "main").await;
    let request = DeleteDashboardRequest { dashboard_id: "main".to_owned() };
    server.sdk_as_admin().await.dashboards().delete_dashboard(request).await.unwrap();
    let gone = (404, "DASHBOARD_NOT_FOUND".to_owned());
    assert_eq!(refusal(&content(&server, "main/content", &session).await, "a frame of it"), gone);
    let loaded = Answer::to(opening(page(&server, "main"), &unused)).await;
    assert_eq!(loaded.status, 404);
    assert!(loaded.text().contains("data-reason=\"DASHBOARD_NOT_FOUND\""), "{}", loaded.text());
}

#[tokio::test]
async fn what_is_refused_before_a_token_is_read_is_told_in_the_frame() {
    let server = TestServer::start().await;
    let unused = token(&server, "main").await;
    let get = |query: &str| server.http.get(server.url(&format!("/embed/v1/dashboards/main{query}")));
    let referred = |query: &str| get(query).header("referer", "https://partner.example/");
    let form =
        |text: String| page(&server, "main").header("content-type", "application/x-www-form-urlencoded").body(text);
    let twice = opening(page(&server, &format!("main?token={unused}")), &unused);
    let cases = [
        (referred(&format!("?token={unused}")).header("sec-purpose", "prefetch"), 425, "PREFETCH_REFUSED"),
        (twice, 400, "FIELD_INVALID"),
        (form(format!("token={}", "x".repeat(10_000))), 413, "BODY_TOO_LARGE"),
        (page(&server, "main").json(&json!({ "token": unused })), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (get(&format!("?token={unused}")), 403, "ORIGIN_UNKNOWN"),
        (referred(&format!("?token={unused}")).header("sec-fetch-dest", "object"), 403, "ORIGIN_UNKNOWN"),
        (referred(""), 401, "TOKEN_MALFORMED"),
    ];
    for (request, status, reason) in cases {
        let answer = Answer::to(request.header("x-request-id", "request-of-the-test")).await;
        let text = answer.text();
        assert_eq!(answer.status, status, "{reason}: {text}");
        assert!(text.contains(&format!("data-reason=\"{reason}\"")), "{reason}: {text}");
        assert!(
            text.contains("data-request-id=\"request-of-the-test\"") && text.contains("data-state=\"error\""),
            "{text}"
        );
        assert!(!text.contains(&unused), "{reason} repeats the token");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors https://partner.example"), "{reason}: {policy}");
        assert!(!answer.headers.contains_key("x-frame-options"), "{reason}");
    }
    let opened = Answer::to(opening(page(&server, "main"), &unused)).await;
    assert_eq!(opened.status, 200, "none of that used the token up");
    let head = Answer::to(server.http.request(Method::HEAD, server.url("/embed/v1/dashboards/main"))).await;
    assert_eq!((head.status, head.header("x-frame-options")), (405, "DENY"));
}

#[tokio::test]
async fn haste_is_refused_in_the_frame_with_how_long_to_wait() {
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let server = builder.env("RATE_LIMIT_TOKEN_REDEEM", "1/60").start().await;
    let load = || Answer::to(opening(page(&server, "main?locale=hi"), "a.b.c"));
    load().await;
    let refused = load().await;
    assert_eq!((refused.status, refused.header("x-ratelimit-remaining")), (429, "0"), "{refused:?}");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    let text = refused.text();
    assert!(
        text.contains(&format!("data-reason=\"RATE_LIMITED\" data-request-id=\"{}\"", refused.header("x-request-id"))),
        "{text}"
    );
    assert!(
        text.contains(&format!("data-retry-after-ms=\"{}\"", wait * 1_000)) && text.contains("<html lang=\"hi\""),
        "{text}"
    );
    let content = content(&server, "main/content", "x").await;
    let problem = content.problem("content in haste");
    // Less than before, when a second has passed since.
    let wait: u64 = content.header("retry-after").parse().unwrap();
    assert_eq!((&problem["reason"], &problem["retryAfterMs"]), (&json!("RATE_LIMITED"), &json!(wait * 1_000)));
}

#[tokio::test]
async fn posts_are_shown_as_text_where_the_dashboard_lists_them_and_the_operator_allows_it() {
    const HOSTILE: &str = "<script>alert(1)</script> \u{202e}javascript:alert(2) <a href=\"javascript:alert(3)\">x</a>";
    for (allowed, listed) in [("true", true), ("false", true), ("true", false)] {
        let stage = Stage::with(Backend::Sqlite, |builder| builder.env("EMBED_SHOW_POSTS", allowed)).await.unwrap();
        stage.add("ada").await;
        stage.x.post("ada", Draft::new(HOSTILE)).unwrap();
        succeeded(&stage.run().await);
        if listed {
            let sections = vec![DashboardSection::Posts.into(), DashboardSection::Totals.into()];
            let dashboard =
                Dashboard { id: "main".to_owned(), title: "Main".to_owned(), sections, ..Dashboard::default() };
            create(&stage.server, dashboard).await;
        }
        let text = open(&stage.server, "main").await.page.text();
        let is_shown = allowed == "true" && listed;
        assert_eq!(text.contains("alert(1)"), is_shown, "{allowed} {listed}: {text}");
        assert_eq!(text.matches("<script").count(), 1, "only the page's own: {text}");
        assert_eq!(text.matches("<a ").count(), usize::from(is_shown), "the link to X alone: {text}");
        if is_shown {
            assert!(text.contains("&lt;script&gt;alert(1)&lt;/script&gt; \u{202e}javascript:alert(2)"), "{text}");
            assert!(text.contains("<a href=\"https://x.com/ada/status/"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_refused_session_is_not_repeated_in_the_answer() {
    let server = TestServer::start().await;
    let session = open(&server, "main").await.session();
    let foreign = content(&server, "other/content", &session).await;
    let told: Value = foreign.json();
    assert!(!told.to_string().contains(&session));
}
