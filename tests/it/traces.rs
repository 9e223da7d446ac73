//! The traces that leave the program, as a collector gets them, and the lines of its log that belong to them.

use std::time::Duration;

use amber_sdk::v1::{IssueEmbedTokenRequest, ListLeadersRequest, ListPostsRequest};
use amber_sdk::{Amber, Credentials, Options, RetryPolicy, TraceContext};
use amber_server::domain::SystemClock;
use amber_tests::{Authority, Collector, FakeXApi, Program, TraceSpan, admin_token, http_client};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::Instant;

const JWT_SECRET: &str = "trace-test-jwt-secret-qpwoeiruty-alskdj";
const BOOTSTRAP: &str = "trace-test-bootstrap-zmxncbv-0192837465";
const API_KEY: &str = "trace-test-api-key-mznxbcv-5647382910";
const SIGNING_KEY: &str = "trace-test-signing-key-woeiruty-laksjdhf";

/// The program with a collector.
struct Traced {
    program: Program,
    _folder: TempDir,
}

impl Traced {
    fn start(collector: &str, x: Option<&FakeXApi>, more: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("the folder for temporary files is writable");
        let database = format!("sqlite://{}?mode=rwc", folder.path().join("amber.db").display());
        let x_url = x.map_or_else(|| "http://127.0.0.1:1".to_owned(), FakeXApi::url);
        let mut variables = vec![
            ("DATABASE_URL", database.as_str()),
            ("LISTEN_ADDR", "127.0.0.1:0"),
            ("ADMIN_JWT_SECRET", JWT_SECRET),
            ("ADMIN_BOOTSTRAP_SECRET", BOOTSTRAP),
            ("ADMIN_API_KEY", API_KEY),
            ("EMBED_ENABLED", "true"),
            ("EMBED_SIGNING_KEY", SIGNING_KEY),
            ("EMBED_ALLOWED_ORIGINS", "https://partner.example"),
            ("RATE_LIMITING_ENABLED", "false"),
            ("X_API_BASE_URL", x_url.as_str()),
            ("X_API_BEARER", FakeXApi::bearer()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector),
            ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ];
        variables.extend(more);
        let program = Program::serve(variables).expect("it listens");
        Self { program, _folder: folder }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.program.url())
    }

    async fn sdk(&self, trace: Option<TraceContext>) -> Amber {
        let options = Options::new(self.program.url()).credentials(Credentials::api_key(API_KEY));
        let options = options.retry(RetryPolicy::never()).trace(move || trace);
        Amber::connect(options).await.expect("it listens")
    }

    async fn get(&self, path: &str, trace: TraceContext) -> reqwest::Response {
        let request = http_client().get(self.url(path)).header("traceparent", trace.to_string());
        request.send().await.expect("an answer")
    }

    /// Follows a leader and reads its posts at once, as an admin.
    async fn refresh(&self, trace: Option<TraceContext>) {
        let admin = admin_token(self.program.url(), BOOTSTRAP, "admin").await;
        let leader = json!({ "name": "Asha", "handles": { "x": "asha" } });
        let post = |path: &str| http_client().post(self.url(path)).bearer_auth(&admin);
        let created = post("/api/leaders").json(&leader).send().await.expect("an answer");
        let created: Value = created.json().await.expect("JSON");
        let id = created["id"].as_str().expect("an id");
        let read = post(&format!("/api/leaders/{id}/refresh"));
        let read = trace.iter().fold(read, |read, trace| read.header("traceparent", trace.to_string()));
        let read = read.send().await.expect("an answer");
        assert_eq!(read.status(), 200, "{:?}", read.text().await);
    }
}

/// The place that a caller gives its call in a trace.
fn place(trace: u128, is_sampled: bool) -> TraceContext {
    TraceContext::new(trace, 0xabcd, is_sampled).expect("neither is zero")
}

fn of_trace(spans: &[TraceSpan], trace: u128) -> Vec<TraceSpan> {
    let trace = format!("{trace:032x}");
    spans.iter().filter(|span| span.trace == trace).cloned().collect()
}

/// The one server span of a trace, and what lies directly below it.
#[track_caller]
fn family(spans: &[TraceSpan], trace: u128) -> (TraceSpan, Vec<TraceSpan>) {
    let spans = of_trace(spans, trace);
    let servers: Vec<_> = spans.iter().filter(|span| span.kind == "server").collect();
    let [server] = servers[..] else { panic!("{spans:#?}") };
    let below = spans.iter().filter(|span| span.parent == server.id).cloned().collect();
    (server.clone(), below)
}

#[tokio::test]
async fn calls_are_spans_in_the_trace_of_their_caller_with_their_statements_below() {
    let collector = Collector::start().await;
    let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "x-collector-key=open%20sesame");
    let traced = Traced::start(&collector.url(), None, &[headers, ("OTEL_SERVICE_NAME", "amber-of-the-test")]);
    let (by_rpc, by_http, missing) = (0x11, 0x22, 0x33);
    let amber = traced.sdk(Some(place(by_rpc, true))).await;
    amber.leaders().list_leaders(ListLeadersRequest::default()).await.expect("anyone may");
    assert_eq!(traced.get("/api/feed?page_size=3", place(by_http, true)).await.status(), 200);
    assert_eq!(traced.get("/api/posts/not-an-id?token=hush", place(missing, true)).await.status(), 404);
    assert_eq!(traced.get("/livez", place(0x44, true)).await.status(), 200);
    let spans = collector
        .until("three calls", |spans| {
            [by_rpc, by_http, missing]
                .iter()
                .all(|trace| of_trace(spans, *trace).iter().any(|span| span.kind == "server"))
        })
        .await;

    let (server, below) = family(&spans, by_rpc);
    assert_eq!((server.service.as_str(), server.parent.as_str()), ("amber-of-the-test", "000000000000abcd"));
    assert_eq!(server.name, "amber.v1.LeaderService/ListLeaders");
    assert_eq!((server.says("rpc.system"), server.says("rpc.service")), ("grpc", "amber.v1.LeaderService"));
    assert_eq!((server.says("rpc.method"), server.says("rpc.grpc.status_code")), ("ListLeaders", "0"));
    assert_eq!((server.says("amber.caller"), server.failed, server.says("http.route")), ("key", false, ""));
    let statement = below.iter().find(|span| span.name == "SELECT leaders").expect("the statement is below the call");
    assert_eq!((statement.kind, statement.says("db.system.name")), ("client", "sqlite"));
    assert!(statement.says("db.query.text").starts_with("SELECT "), "{statement:?}");

    let (server, below) = family(&spans, by_http);
    assert_eq!((server.name.as_str(), server.says("http.route")), ("GET /api/feed", "/api/feed"));
    assert_eq!((server.says("http.request.method"), server.says("http.response.status_code")), ("GET", "200"));
    assert!(below.iter().any(|span| span.name.starts_with("SELECT ")), "{below:#?}");

    let (server, _) = family(&spans, missing);
    assert_eq!((server.name.as_str(), server.says("http.response.status_code")), ("GET /api/posts/{id}", "404"));
    assert!(!server.failed, "the caller is to blame");
    assert_eq!(of_trace(&spans, 0x44).len(), 0, "nobody looks for probes");
    assert_eq!(collector.shown("x-collector-key"), "open sesame");
}

#[tokio::test]
async fn a_caller_that_traces_decides_and_a_share_decides_about_the_others() {
    let collector = Collector::start().await;
    let never = ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
    let traced = Traced::start(&collector.url(), None, &[never, ("OTEL_TRACES_SAMPLER_ARG", "0")]);
    assert_eq!(traced.get("/api/feed", place(0x51, false)).await.status(), 200);
    assert_eq!(http_client().get(traced.url("/api/leaders")).send().await.expect("an answer").status(), 200);
    assert_eq!(traced.get("/api/feed", place(0x52, true)).await.status(), 200);
    let spans = collector.until("the call that is kept", |spans| of_trace(spans, 0x52).len() > 1).await;
    assert!(spans.iter().all(|span| span.trace.ends_with("52")), "{spans:#?}");
}

#[tokio::test]
async fn a_reading_shows_the_calls_of_x_and_what_is_stored_in_the_trace_of_who_asked_for_it() {
    let collector = Collector::start().await;
    let x = FakeXApi::start(SystemClock).await;
    x.add_user("Asha", "asha").unwrap();
    for n in 0..3 {
        x.post("asha", format!("Words that no trace may repeat, number {n}.")).unwrap();
    }
    let traced = Traced::start(&collector.url(), Some(&x), &[]);
    traced.refresh(Some(place(0x61, true))).await;
    let is_task = |span: &TraceSpan| span.name == "ingestion task";
    let spans = collector.until("the reading", |spans| spans.iter().any(is_task)).await;
    let task = spans.iter().find(|span| is_task(span)).expect("just seen");
    assert_eq!((task.kind, task.says("amber.trigger")), ("consumer", "refresh"));
    let is_call = |span: &TraceSpan| span.name == "POST /api/leaders/{id}/refresh";
    let spans = collector.until("the call", |spans| spans.iter().any(is_call)).await;
    let call = spans.iter().find(|span| is_call(span)).expect("just seen");
    assert_eq!((task.parent.as_str(), call.parent.as_str()), (call.id.as_str(), "000000000000abcd"));
    assert!([task, call].iter().all(|span| span.trace == format!("{:032x}", 0x61)), "{task:?} {call:?}");
    assert!(!task.says("amber.run_id").is_empty() && !task.says("amber.leader_id").is_empty(), "{task:?}");
    let below: Vec<_> = spans.iter().filter(|span| span.parent == task.id).collect();
    let timeline = below.iter().find(|span| span.name == "GET user_timeline").expect("the call of X");
    assert_eq!((timeline.kind, timeline.says("http.response.status_code")), ("client", "200"));
    assert_eq!(timeline.says("server.address"), "127.0.0.1");
    for statement in ["INSERT posts", "COMMIT"] {
        assert!(below.iter().any(|span| span.name == statement), "no {statement} in {below:#?}");
    }
}

#[tokio::test]
async fn a_collector_on_https_must_show_a_certificate_that_is_believed() {
    let Some(authority) = Authority::new() else { return };
    let collector = Collector::start_encrypted(&authority.certify("collector", 1)).await;
    let authority = authority.file().display().to_string();
    let stranger = Traced::start(&collector.url(), None, &[]);
    let known = Traced::start(&collector.url(), None, &[("OTEL_EXPORTER_OTLP_CERTIFICATE", &authority)]);
    for (traced, trace) in [(&stranger, 0x71), (&known, 0x72)] {
        assert_eq!(traced.get("/api/feed", place(trace, true)).await.status(), 200);
    }
    // Its end sends what it has, if it can.
    stranger.program.stop();
    let spans = collector.until("the call", |spans| !of_trace(spans, 0x72).is_empty()).await;
    assert_eq!(of_trace(&spans, 0x71).len(), 0, "nothing goes to a collector that nobody vouches for");
}

#[tokio::test]
async fn chores_begin_no_trace() {
    let collector = Collector::start().await;
    let traced = Traced::start(&collector.url(), None, &[("X_INGEST_ENABLED", "true")]);
    // Upkeep, leases and the schedule ask the database every second, and more when the program begins and ends.
    tokio::time::sleep(Duration::from_secs(3)).await;
    traced.program.stop();
    let chores: Vec<_> = collector.spans().into_iter().filter(|span| span.name != "ingestion run").collect();
    assert!(chores.iter().all(|span| !span.parent.is_empty()), "{chores:#?}");
}

#[tokio::test]
async fn spans_hold_no_secret_and_no_words_of_posts() {
    let collector = Collector::start().await;
    let x = FakeXApi::start(SystemClock).await;
    x.add_user("Asha", "asha").unwrap();
    x.post("asha", "Marmalade skies over the harbour.").unwrap();
    let traced = Traced::start(&collector.url(), Some(&x), &[]);
    traced.refresh(None).await;
    let amber = traced.sdk(None).await;
    let issue = IssueEmbedTokenRequest { dashboard_id: "main".to_owned(), ..Default::default() };
    let token = amber.embed_tokens().issue_embed_token(issue).await.expect("the key may").into_inner().token;
    let frame = traced.url(&format!("/embed/v1/dashboards/main?token={token}"));
    let _page =
        http_client().get(&frame).header("referer", "https://partner.example/").send().await.expect("an answer");
    let _form = http_client().post(traced.url("/embed/v1/dashboards/main")).body(format!("token={token}")).send().await;
    let search = ListPostsRequest { text: "Marmalade".to_owned(), ..Default::default() };
    let found = amber.feed().list_posts(search).await.expect("anyone may").into_inner().posts;
    assert_eq!(found.len(), 1, "the post was stored");
    let wrong = http_client().get(traced.url("/api/feed")).bearer_auth("not-a-key-but-kept-secret-all-the-same");
    assert_eq!(wrong.send().await.expect("an answer").status(), 401);
    traced.program.stop();
    let spans = collector.spans();
    assert!(
        spans.iter().any(|span| span.name.ends_with("IssueEmbedToken")),
        "the end of the program sends the last spans"
    );
    let told = format!("{spans:?}");
    for secret in [
        JWT_SECRET,
        BOOTSTRAP,
        API_KEY,
        SIGNING_KEY,
        FakeXApi::bearer(),
        &token,
        "kept-secret",
        "Marmalade",
        "marmalade",
    ] {
        assert!(!told.contains(secret), "{secret} is in a span");
    }
    assert!(spans.iter().all(|span| span.events == 0), "no line of the log goes with a span");
}

#[tokio::test]
async fn a_collector_that_is_dead_or_deaf_holds_nobody() {
    // A port on which somebody listens and never answers, and one on which nobody listens.
    let mute = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let dead = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addresses = [mute.local_addr().unwrap(), dead.local_addr().unwrap()];
    drop(dead);
    for address in addresses {
        let few = [("OTEL_BSP_MAX_QUEUE_SIZE", "16"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4")];
        let traced = Traced::start(&format!("http://{address}"), None, &few);
        let (http, url) = (http_client(), traced.url("/api/feed"));
        let mut slowest = Duration::ZERO;
        for _ in 0..200 {
            let started = Instant::now();
            assert_eq!(http.get(&url).send().await.expect("an answer").status(), 200);
            slowest = slowest.max(started.elapsed());
        }
        // Who waited for the collector would wait five seconds.
        assert!(slowest < Duration::from_secs(4), "{address}: {slowest:?}");
        let started = Instant::now();
        traced.program.stop();
        assert!(started.elapsed() < Duration::from_secs(12), "{address}: {:?}", started.elapsed());
    }
}
