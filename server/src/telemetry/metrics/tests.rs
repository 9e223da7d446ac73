//! What is recorded is what is shown.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use super::super::process::Process;
use super::*;

#[derive(Debug)]
struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Timestamp::UNIX_EPOCH)))
    }

    fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now += by;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

fn metrics_at(clock: Arc<FixedClock>) -> Metrics {
    let build = Build { version: "1.2.3".into(), commit: "abc\"def\\".into(), build_time: "unknown".into() };
    Metrics::new(&build, clock)
}

fn metrics() -> Metrics {
    metrics_at(FixedClock::new())
}

/// Calls every recording function once.
fn record_everything(metrics: &Metrics) {
    metrics.request("http", "/api/leaders/{id}", "200", Duration::from_millis(3));
    metrics.task_panicked(Background::Upkeep);
    metrics.connection_refused("address");
    metrics.store_up(true);
    metrics.redis_up(true);
    metrics.ingestion_enabled(true);
    metrics.limits_begin(&["local"]);
    metrics.tls_expiry(Some(1_800_000_000));
    metrics.api_call("users_by", "200");
    metrics.api_retry();
    metrics.api_rate_limited();
    metrics.api_reads(Reads { posts: 12, users: 3 });
    metrics.api_usage(&Usage { month: Reads { posts: 70, users: 9 }, budget: Some(100), ..Usage::default() });
    metrics.breaker("half_open");
    let page =
        RunCounters { fetched: 31, inserted: 1, updated: 2, unchanged: 4, quarantined: 8, duplicates: 16, pages: 1 };
    assert!(page.balances());
    metrics.page_stored(&page);
    metrics.leader_failed();
    metrics.gap_given_up("limit");
    metrics.ingestion_stopped("usage_capped");
    metrics.run_finished(RunStatus::Partial, Duration::from_millis(115), Some("X answered 503".to_owned()));
    metrics.posts_rechecked(5, 2, 1);
    metrics.posts_deleted(Removal::Suspended, 3);
    metrics.recheck_failed();
    metrics.recheck_overdue(Duration::from_secs(90));
    metrics.leader_posts(3_200, 3_100);
    metrics.limit_decision("anonymous", "allowed", "local");
    metrics.limit_fallback("timeout");
    metrics.limit_breaker(true);
    metrics.limit_callers(7);
    for _ in 0..3 {
        metrics.token_issued();
    }
    metrics.token_refused("TTL_TOO_LONG");
    metrics.token_denied();
    metrics.token_validated();
    metrics.token_expired();
    metrics.token_invalid();
    metrics.session_opened();
    metrics.session_renewed();
    metrics.embed_refused("TOKEN_REPLAYED");
    metrics.tokens_revoked("subject");
    metrics.audit_lost(1);
    metrics.resources(&Resources { connections: 9, store_used: 3, store_idle: 2, store_max: 10, audit_waiting: 4 });
    metrics.queues(6, 5);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    metrics.runtime(&runtime.metrics());
    metrics.process(&Process { cpu: Duration::from_millis(2_900), memory: 5 << 30, open_files: 8, max_files: 1_024 });
}

fn has_line(text: &str, line: &str) -> bool {
    text.lines().any(|known| known == line)
}

/// What promtool says about a text; None where it is not installed and need not be.
#[expect(clippy::disallowed_methods, reason = "tests are told by their environment what they may use")]
fn promtool(text: &str) -> Option<(bool, String)> {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        assert!(std::env::var("AMBER_REQUIRE_TOOLS").is_err(), "promtool is not installed; install prometheus");
        eprintln!("skipped: promtool is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Some((output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned()))
}

#[test]
fn every_declared_metric_is_exported_with_its_type_help_and_labels() {
    let metrics = metrics();
    record_everything(&metrics);
    let text = metrics.render();
    for metric in METRICS {
        let kind = format!("{:?}", metric.kind).to_lowercase();
        assert!(has_line(&text, &format!("# TYPE {} {kind}", metric.name)), "{} is missing in {text}", metric.name);
        assert!(has_line(&text, &format!("# HELP {} {}", metric.name, metric.help)), "{}", metric.name);
        let suffix = if metric.kind == Kind::Histogram { "_count" } else { "" };
        let start = format!("{}{suffix}", metric.name);
        let sample =
            text.lines().find(|line| line.starts_with(&format!("{start}{{")) || line.starts_with(&format!("{start} ")));
        let labels: Vec<_> = sample.unwrap().split(['{', ',']).filter_map(|part| part.split_once("=\"")).collect();
        assert_eq!(labels.iter().map(|(name, _)| *name).collect::<Vec<_>>(), metric.labels, "{}", metric.name);
    }
}

#[test]
fn nothing_undeclared_is_exported() {
    let metrics = metrics();
    record_everything(&metrics);
    let text = metrics.render();
    let shown: BTreeSet<_> = text.lines().filter_map(|l| l.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert_eq!(shown, METRICS.iter().map(|metric| metric.name).collect());
}

#[test]
fn promtool_has_nothing_against_the_text() {
    let metrics = metrics();
    record_everything(&metrics);
    for text in [metrics.render(), super::tests::metrics().render()] {
        let Some((is_fine, complaint)) = promtool(&text) else { return };
        assert!(is_fine, "{complaint}");
    }
    let (is_fine, _) = promtool(&metrics.render_old()).unwrap();
    assert!(!is_fine, "if promtool accepts the old names, they can stand in /metrics too");
}

#[test]
fn the_old_text_is_what_older_dashboards_read() {
    let clock = FixedClock::new();
    let metrics = metrics_at(clock.clone());
    record_everything(&metrics);
    clock.advance(Duration::from_millis(61_999));
    let expected = "\
# HELP ingestion_processed Total number of posts processed
# TYPE ingestion_processed counter
ingestion_processed 7
# HELP ingestion_failed Total number of ingestion failures
# TYPE ingestion_failed counter
ingestion_failed 9
# HELP ingestion_rate_limited Total number of rate limit hits
# TYPE ingestion_rate_limited counter
ingestion_rate_limited 1
# HELP embed_token_requested Total number of embed token requests
# TYPE embed_token_requested counter
embed_token_requested 4
# HELP embed_token_failed Total number of embed token failures
# TYPE embed_token_failed counter
embed_token_failed 1
# HELP embed_token_validated Total number of successful token validations
# TYPE embed_token_validated counter
embed_token_validated 1
# HELP uptime_seconds Application uptime in seconds
# TYPE uptime_seconds counter
uptime_seconds 61
";
    assert_eq!(metrics.render_old(), expected);
}

#[test]
fn the_old_text_of_a_fresh_server_equals_the_recorded_one() {
    use crate::config::{Env, ProcessEnv};
    let Some(data) = ProcessEnv.get("AMBER_TEST_DATA") else {
        eprintln!("skipped: AMBER_TEST_DATA is not set");
        return;
    };
    let recorded = std::fs::read_to_string(format!("{data}/seed-wire/metrics.json")).unwrap();
    let recorded: serde_json::Value = serde_json::from_str(&recorded).unwrap();
    let cases = recorded["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["id"] == "metrics/text_plain" && case["profile"] == "embed").unwrap();
    assert_eq!(metrics().render_old(), case["response"]["body"].as_str().unwrap());
}

#[test]
fn the_snapshot_tells_the_same_numbers() {
    let clock = FixedClock::new();
    let metrics = metrics_at(clock.clone());
    assert_eq!(metrics.snapshot(), Snapshot::default());
    record_everything(&metrics);
    clock.advance(Duration::from_secs(5));
    let expected = Snapshot {
        processed: 7,
        failed: 9,
        rate_limited: 1,
        skipped_duplicates: 20,
        total_ingests: 1,
        last_ingest_ms: 115,
        last_error: Some("X answered 503".to_owned()),
        embed_requested: 4,
        embed_failed: 1,
        embed_denied: 1,
        embed_validated: 1,
        embed_expired: 1,
        embed_invalid: 1,
        uptime: Duration::from_secs(5),
    };
    assert_eq!(metrics.snapshot(), expected);
    metrics.run_finished(RunStatus::Succeeded, Duration::from_millis(7), None);
    assert_eq!((metrics.snapshot().last_error, metrics.snapshot().last_ingest_ms), (None, 7));
}

#[test]
fn the_text_holds_the_recorded_values() {
    let clock = FixedClock::new();
    let metrics = metrics_at(clock.clone());
    record_everything(&metrics);
    clock.advance(Duration::from_secs(5));
    let text = metrics.render();
    for line in [
        "amber_uptime_seconds 5",
        r#"amber_build_info{version="1.2.3",commit="abc\"def\\"} 1"#,
        r#"amber_requests_total{kind="http",route="/api/leaders/{id}",code="200"} 1"#,
        r#"amber_request_duration_seconds_bucket{kind="http",route="/api/leaders/{id}",le="0.0025"} 0"#,
        r#"amber_request_duration_seconds_bucket{kind="http",route="/api/leaders/{id}",le="0.005"} 1"#,
        r#"amber_x_api_breaker_state{state="closed"} 0"#,
        r#"amber_x_api_reads_total{kind="posts"} 12"#,
        r#"amber_x_api_reads_this_month{kind="users"} 9"#,
        "amber_x_api_post_budget_left 30",
        r#"amber_x_api_breaker_state{state="half_open"} 1"#,
        r#"amber_ingestion_posts_total{outcome="duplicate"} 16"#,
        "amber_ingestion_fetched_total 31",
        "amber_ingestion_last_run_seconds 0.115",
        "amber_embed_tokens_issued_total 3",
        "amber_connections 9",
        r#"amber_store_connections{state="used"} 3"#,
        r#"amber_store_connections{state="idle"} 2"#,
        "amber_store_connections_max 10",
        "amber_embed_audit_lines_waiting 4",
        "amber_review_items_waiting 6",
        "amber_ingestion_tasks_open 5",
        "amber_runtime_workers 1",
        "process_cpu_seconds_total 2",
        "process_resident_memory_bytes 5368709120",
        "process_open_fds 8",
        r#"amber_embed_tokens_refused_total{reason="UNAUTHENTICATED"} 1"#,
    ] {
        assert!(has_line(&text, line), "{line} is missing in {text}");
    }
}

#[test]
fn what_has_not_happened_yet_is_shown_as_zero() {
    let text = metrics().render();
    for line in [
        "amber_ingestion_failures_total 0",
        "amber_embed_tokens_issued_total 0",
        r#"amber_ingestion_posts_total{outcome="quarantined"} 0"#,
        r#"amber_x_api_breaker_state{state="closed"} 1"#,
        "amber_store_up 0",
        r#"amber_x_api_reads_total{kind="users"} 0"#,
        "amber_x_api_post_budget_left inf",
    ] {
        assert!(has_line(&text, line), "{line} is missing in {text}");
    }
}

#[test]
fn two_servers_in_one_process_count_apart_and_a_clone_counts_along() {
    let (one, other) = (metrics(), metrics());
    one.clone().token_issued();
    assert_eq!((one.snapshot().embed_requested, other.snapshot().embed_requested), (1, 0));
    assert!(has_line(&other.render(), "amber_embed_tokens_issued_total 0"));
}

#[test]
fn upkeep_loses_no_observation() {
    let metrics = metrics();
    for _ in 0..3 {
        metrics.request("grpc", "/amber.v1.HealthService/GetHealth", "OK", Duration::from_millis(1));
        metrics.run_upkeep();
    }
    let line = r#"amber_request_duration_seconds_count{kind="grpc",route="/amber.v1.HealthService/GetHealth"} 3"#;
    assert!(has_line(&metrics.render(), line));
}

#[test]
fn every_name_follows_the_convention() {
    for metric in METRICS {
        // Of a process the names are those that every client of Prometheus uses.
        assert!(metric.name.starts_with("amber_") || metric.name.starts_with("process_"), "{}", metric.name);
        assert_eq!(metric.name.ends_with("_total"), metric.kind == Kind::Counter, "{}", metric.name);
        assert!(metric.help.ends_with('.'), "{}", metric.name);
    }
}
