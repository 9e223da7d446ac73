//! The line that the program writes for each request.

use std::time::Duration;

use amber_sdk::v1::DeleteLeaderRequest;
use amber_sdk::{Amber, Credentials, Options, RetryPolicy, TraceContext};
use amber_tests::{Program, http_client};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::stage::PATIENCE;

const API_KEY: &str = "log-test-api-key-mznxbcv-5647382910";
const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn serve(filter: &str) -> Program {
    let program = Program::serve([
        ("DATABASE_URL", "sqlite::memory:"),
        ("LISTEN_ADDR", "127.0.0.1:0"),
        ("ADMIN_JWT_SECRET", "log-test-jwt-secret-qpwoeiruty-alskdj"),
        ("ADMIN_API_KEY", API_KEY),
        ("RUST_LOG", filter),
    ]);
    program.expect("it listens")
}

/// The lines about requests, as JSON.
fn requests(program: &Program) -> Vec<Value> {
    let lines = program.last_words().into_iter();
    let lines = lines.map(|line| serde_json::from_str::<Value>(&line).unwrap_or_else(|_| panic!("no JSON: {line}")));
    lines.filter(|line| !line["route"].is_null()).collect()
}

/// The line of the request with this id, once it is there.
async fn line(program: &Program, id: &str) -> Value {
    let found = async {
        loop {
            if let Some(line) = requests(program).into_iter().find(|line| line["span"]["request_id"] == id) {
                return line;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("no line of {id}: {:?}", program.last_words()))
}

async fn get(program: &Program, path: &str, id: &str) -> u16 {
    let request = http_client().get(format!("{}{path}", program.url()));
    let request = request.header("x-request-id", id).header("traceparent", TRACE);
    request.send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn each_request_leaves_one_line_that_tells_who_asked_for_what_and_how_it_went() {
    let program = serve("info,amber_server::app=info");
    assert_eq!(get(&program, "/api/posts/none-such?token=hush", "request-by-http").await, 404);
    let trace = TraceContext::parse(TRACE);
    let options = Options::new(program.url()).credentials(Credentials::api_key(API_KEY)).retry(RetryPolicy::never());
    let amber = Amber::connect(options.trace(move || trace)).await.expect("it listens");
    let mut call = tonic::Request::new(DeleteLeaderRequest { leader_id: "none-such".to_owned() });
    call.metadata_mut().insert("x-request-id", "request-by-grpc".parse().expect("ASCII"));
    let refused = amber.leaders().delete_leader(call).await.expect_err("a key is no admin");
    assert_eq!(refused.code(), tonic::Code::PermissionDenied);

    let by_http = line(&program, "request-by-http").await;
    let told = |line: &Value| ["method", "route", "code", "caller", "kind", "level"].map(|field| line[field].clone());
    assert_eq!(told(&by_http), ["GET", "/api/posts/{id}", "404", "anonymous", "http", "INFO"].map(|text| json!(text)));
    assert_eq!(by_http["span"]["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    assert!(by_http["took_ms"].as_f64().is_some_and(|took| took > 0.0 && took < 60_000.0), "{by_http}");
    let by_grpc = line(&program, "request-by-grpc").await;
    let method = "/amber.v1.LeaderService/DeleteLeader";
    assert_eq!(told(&by_grpc), ["POST", method, "7", "key", "grpc", "INFO"].map(|text| json!(text)));
    assert_eq!(by_grpc["span"]["trace_id"], "0af7651916cd43dd8448eb211c80319c");

    assert_eq!(requests(&program).iter().filter(|line| line["span"]["request_id"] == "request-by-http").count(), 1);
    let all = program.last_words().concat();
    assert!(!all.contains("hush") && !all.contains(API_KEY), "{all}");
}

#[tokio::test]
async fn probes_are_silent_and_the_level_switches_the_lines_off() {
    let program = serve("info");
    for path in ["/livez", "/readyz", "/metrics", "/api/health"] {
        assert_eq!(get(&program, path, "request-of-probe").await, 200, "{path}");
    }
    assert_eq!(get(&program, "/api/feed", "request-of-feed").await, 200);
    line(&program, "request-of-feed").await;
    assert_eq!(requests(&program).len(), 1, "{:?}", requests(&program));

    let program = serve("info,amber_server::http::layers::observe=warn");
    assert_eq!(get(&program, "/api/feed", "request-unlogged").await, 200);
    // A warning of the same request comes all the same, and knows its id.
    let wrong = http_client().get(format!("{}/api/feed", program.url())).bearer_auth("no-such-credential");
    assert_eq!(wrong.header("x-request-id", "request-refused").send().await.expect("an answer").status(), 401);
    let warned = async {
        while !program.last_words().iter().any(|line| line.contains("request-refused")) {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, warned).await.expect("the refusal is told");
    assert_eq!(requests(&program).len(), 0, "{:?}", requests(&program));

    let program = serve("debug,hyper=warn,h2=warn,sqlx=warn,amber_server=debug");
    assert_eq!(get(&program, "/livez", "request-of-probe").await, 200);
    assert_eq!(line(&program, "request-of-probe").await["level"], "DEBUG");
}
