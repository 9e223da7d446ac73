//! Holds every route of the router against the table; a route without a line there is found.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use amber_proto::FILE_DESCRIPTOR_SET;
use amber_server::http::frame::SCRIPT_PATH;
use amber_tests::{TestServer, http_client};
use prost::Message;
use prost_types::FileDescriptorSet;
use reqwest::RequestBuilder;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::table::{ANY, Class, Content, Credential, Frame, GrpcWeb, Json, LIMITED, TABLE, headers_of};
use crate::help::program;
use crate::wire::{Answer, grpc_web, opening};

/// The headers of an answer with everything that differs from answer to answer as [`ANY`].
fn told(answer: &Answer, class: Class) -> BTreeMap<String, String> {
    let expected = headers_of(class);
    let names = answer.headers.keys().map(|name| name.as_str().to_owned());
    let told = names.map(|name| {
        let values: Vec<_> = answer.headers.get_all(&name).iter().map(|value| value.to_str().expect("ASCII")).collect();
        let text = values.join(", ");
        let nonce = text.split_once("'nonce-").and_then(|(_, rest)| Some(rest.split_once('\'')?.0)).unwrap_or("?");
        let is_any = expected.get(name.as_str()) == Some(&ANY);
        let text = if is_any { ANY.to_owned() } else { text.replace(&format!("'nonce-{nonce}'"), "'nonce-*'") };
        (name, text)
    });
    told.collect()
}

#[track_caller]
fn assert_headers(answer: &Answer, class: Class, what: &str) {
    let expected = headers_of(class).into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(told(answer, class), expected.collect(), "{what}: {}", answer.text());
}

/// The routes that the router is made of, read where it is made.
fn routes_of_the_router() -> Vec<(String, String)> {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../server/src/http/routes/mod.rs");
    let source = std::fs::read_to_string(source).expect("the router is there");
    let (_, made) = source.split_once("fn router(").expect("the router is made by a function");
    let (made, _) = made.split_once("\n}").expect("the function ends");
    let mut routes = Vec::new();
    for route in made.split(".route(").skip(1) {
        let (path, methods) = route.split_once(',').expect("a path and its methods");
        let path = if path == "SCRIPT_PATH" { SCRIPT_PATH } else { path.trim_matches('"') };
        assert!(path.starts_with('/'), "{path} is no path; name the constant here");
        for method in ["get", "post", "put", "patch", "delete", "any"] {
            let call = format!("{method}(");
            let is_whole =
                |at: usize| !methods[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
            // `dashboards::get` is a handler; `get(` is a method.
            if methods.match_indices(&call).any(|(at, _)| is_whole(at)) {
                routes.push((method.to_uppercase(), path.to_owned()));
            }
        }
    }
    routes.sort();
    routes
}

#[test]
fn every_route_has_a_line_and_every_line_a_route() {
    let mut listed: Vec<_> = TABLE.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    listed.sort();
    assert_eq!(routes_of_the_router(), listed);
}

/// The request for a line of the table, with a body that is JSON and no more.
fn request(http: &reqwest::Client, url: &str, method: &str, path: &str) -> RequestBuilder {
    let path = path.replace("{id}", "00000000-0000-4000-8000-000000000000").replace("{key}", "x:nobody");
    let request = http.request(method.parse().expect("a method"), format!("{url}{path}"));
    if method == "GET" { request } else { request.json(&json!({})) }
}

#[tokio::test]
async fn every_route_answers_with_its_headers() {
    let server = TestServer::start().await;
    let admin = server.token("admin").await;
    let ask = |method, path| request(&server.http, &server.url(""), method, path);
    for (method, path, class) in TABLE.iter().filter(|(_, path, _)| !path.starts_with("/demo")) {
        let what = format!("{method} {path}");
        match class {
            Frame | Content | Credential => {}
            _ => assert_headers(&Answer::to(ask(method, path).bearer_auth(&admin)).await, *class, &what),
        }
        if matches!(class, Json | Content | Credential) {
            // Without a credential or a session it is a refusal, or the open list.
            let mut answer = Answer::to(ask(method, path)).await;
            // Where a credential would help, the refusal names its scheme.
            assert!(answer.headers.remove("www-authenticate").is_none_or(|scheme| scheme == "Bearer"), "{what}");
            assert_headers(&answer, Json, &format!("{what}, anonymous"));
        }
    }
}

#[tokio::test]
async fn the_frame_and_what_its_script_asks_for_answer_with_their_headers() {
    let server = TestServer::start().await;
    let issue = async || {
        let body = json!({ "dashboardId": "d", "allowedOrigins": ["https://partner.example"] });
        let issue = server.http.post(server.url("/api/embed/token")).bearer_auth(server.api_key()).json(&body);
        Answer::to(issue).await.json()["token"].as_str().expect("a token").to_owned()
    };
    let token = issue().await;
    let page = || Answer::to(opening(server.http.post(server.url("/embed/v1/dashboards/d")), &token));
    let opened = page().await;
    assert_eq!(opened.status, 200);
    assert_headers(&opened, Frame, "the page");
    let replayed = page().await;
    assert_eq!(replayed.status, 401);
    assert_headers(&replayed, Frame, "the error page");
    let by_address = server.http.get(server.url(&format!("/embed/v1/dashboards/d?token={}", issue().await)));
    let by_address = Answer::to(by_address.header("referer", "https://partner.example/")).await;
    assert_eq!(by_address.status, 200);
    assert_headers(&by_address, Frame, "the page by its address");

    let text = opened.text();
    let (_, session) = text.split_once(" data-session=\"").expect("the script is handed a session");
    let (session, _) = session.split_once('"').expect("an attribute ends");
    let content = server.http.get(server.url("/embed/v1/dashboards/d/content")).header("embed-session", session);
    let content = Answer::to(content).await;
    assert_eq!(content.status, 200);
    assert_headers(&content, Content, "the content");
    let renewal = server.http.post(server.url("/embed/v1/session/renew")).header("embed-session", session);
    let renewal = Answer::to(renewal.json(&json!({ "token": issue().await }))).await;
    assert_eq!(renewal.status, 200, "{}", renewal.text());
    assert_headers(&renewal, Credential, "the renewal");
}

#[tokio::test]
async fn no_cache_may_keep_a_credential() {
    let server = TestServer::start().await;
    let admin = server.token("admin").await;
    let asked = [
        ("/api/embed/token", json!({ "dashboardId": "d" }), 200, "token"),
        ("/api/admin/token", json!({ "adminId": "asha", "secret": server.bootstrap_secret() }), 200, "token"),
        ("/api/api-keys", json!({ "name": "web", "scopes": ["dashboard.read"] }), 201, "key"),
    ];
    for (path, body, status, credential) in asked {
        let request = server.http.post(server.url(path)).json(&body);
        let request = if path == "/api/admin/token" { request } else { request.bearer_auth(&admin) };
        let answer = Answer::to(request).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(answer.json()[credential].is_string(), "{path} gives a credential");
        assert_headers(&answer, Credential, path);
    }
}

#[tokio::test]
async fn every_call_by_grpc_web_answers_with_the_same_headers() {
    let server = TestServer::start().await;
    let admin = server.token("admin").await;
    let contract = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("the own contract");
    let services =
        contract.file.iter().flat_map(|file| file.service.iter().map(move |service| (file.package(), service)));
    let mut calls = 0;
    for (package, service) in services {
        for method in &service.method {
            let path = format!("/{package}.{}/{}", service.name(), method.name());
            let call = server.http.post(server.url(&path)).bearer_auth(&admin);
            // A stream without an end is asked by what is no message.
            let message = if method.name().starts_with("Watch") { vec![0xff] } else { Vec::new() };
            let mut answer = grpc_web(call, &message, false).await.answer;
            // A refusal may say so at once; how a body is measured is the business of HTTP.
            let free =
                ["grpc-status", "grpc-message", "grpc-status-details-bin", "content-length", "transfer-encoding"];
            for name in free {
                answer.headers.remove(name);
            }
            if ["HealthService", "MetricsService"].contains(&service.name()) {
                for (name, _) in LIMITED {
                    answer.headers.entry(*name).or_insert("0".parse().expect("a number"));
                }
            }
            assert_headers(&answer, GrpcWeb, &path);
            calls += 1;
        }
    }
    assert!(calls > 30, "{calls} calls");
}

/// The demo as a process of its own, which ends with the test.
struct DemoProcess(Child);

impl Drop for DemoProcess {
    fn drop(&mut self) {
        let kill = format!("kill -TERM {}", self.0.id());
        let told = Command::new("sh").args(["-c", &kill]).status();
        let _ = told.and_then(|_| self.0.wait());
    }
}

#[tokio::test]
async fn the_demo_page_answers_with_its_headers() {
    let mut command = Command::new(program());
    command.args(["demo", "--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut demo = DemoProcess(command.spawn().expect("it can be started"));
    let mut said = BufReader::new(demo.0.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
    let port = said.find_map(|line| {
        line.trim().strip_prefix("Open http://localhost:")?.strip_suffix("/demo")?.parse::<u16>().ok()
    });
    let (http, url) = (http_client(), format!("http://127.0.0.1:{}", port.expect("it says what to open")));
    let started = Instant::now();
    while http.get(format!("{url}/livez")).send().await.is_err() {
        assert!(started.elapsed() < Duration::from_secs(30), "the demo answers");
        sleep(Duration::from_millis(50)).await;
    }
    for (method, path, class) in TABLE.iter().filter(|(_, path, _)| path.starts_with("/demo")) {
        let mut answer = Answer::to(request(&http, &url, method, path)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let policy = answer.header("content-security-policy").to_owned();
        let frames = policy.split_once("frame-src ").and_then(|(_, rest)| Some(rest.split_once(';')?.0)).unwrap_or("?");
        let policy = policy.replace(frames, "FRAMES").parse().expect("ASCII");
        answer.headers.insert("content-security-policy", policy);
        assert_headers(&answer, *class, path);
    }
}
