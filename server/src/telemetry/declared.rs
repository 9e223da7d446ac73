//! Every metric that Amber exports: a metric that is not in this table cannot be recorded.

/// What is known about one metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name in Prometheus.
    pub name: &'static str,
    /// How its value moves.
    pub kind: Kind,
    /// The names of its labels, whose values come from small fixed sets.
    pub labels: &'static [&'static str],
    /// What it tells.
    pub help: &'static str,
}

/// How the value of a metric moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Observations, counted by size.
    Histogram,
}

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, labels, help }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, labels, help }
}

macro_rules! metrics {
    ($($name:ident = $metric:expr;)+) => {
        $(pub(super) const $name: Metric = $metric;)+

        /// Every metric, in the order of the modules that record them.
        pub const METRICS: &[Metric] = &[$($name),+];
    };
}

metrics! {
    UPTIME = gauge("amber_uptime_seconds", &[], "Time since this process began to serve.");
    BUILD_INFO = gauge("amber_build_info", &["version", "commit"], "What was built; always 1.");
    TASK_PANICS = counter(
        "amber_background_task_panics_total",
        &["task"],
        "Panics of tasks of the background, which are started again after them.",
    );
    REQUESTS = counter("amber_requests_total", &["kind", "route", "code"], "Requests by protocol, route and status.");
    REQUEST_SECONDS = Metric {
        name: "amber_request_duration_seconds",
        kind: Kind::Histogram,
        labels: &["kind", "route"],
        help: "Time from the head of a request to the head of its answer.",
    };
    CONNECTIONS = gauge("amber_connections", &[], "Connections of callers that are open.");
    CONNECTIONS_REFUSED = counter(
        "amber_connections_refused_total",
        &["bound"],
        "Connections that were closed at once, by the bound that they met.",
    );
    TLS_EXPIRY = gauge(
        "amber_tls_certificate_expiry_timestamp_seconds",
        &[],
        "When the TLS certificate ends, in seconds since 1970; absent without TLS.",
    );
    SECRET_READS = counter(
        "amber_secret_reads_total",
        &["outcome"],
        "Looks for new secrets, in files and in the store of a cloud, by whether all could be read.",
    );
    STORE_UP = gauge("amber_store_up", &[], "1 when the database answered its last probe.");
    STORE_CONNECTIONS = gauge("amber_store_connections", &["state"], "Connections to the database that are open.");
    STORE_CONNECTIONS_MAX =
        gauge("amber_store_connections_max", &[], "Connections to the database that this process may open.");
    REDIS_UP = gauge("amber_redis_up", &[], "1 when Redis answered its last probe; absent without Redis.");
    API_CALLS = counter("amber_x_api_calls_total", &["endpoint", "status"], "Calls to X by endpoint and outcome.");
    API_RETRIES = counter("amber_x_api_retries_total", &[], "Calls to X that were repeated after a failure.");
    API_RATE_LIMITED = counter("amber_x_api_rate_limited_total", &[], "Answers of X that say too many requests.");
    API_READS = counter("amber_x_api_reads_total", &["kind"], "Posts and users that X returned to this process and bills.");
    API_MONTH_READS =
        gauge("amber_x_api_reads_this_month", &["kind"], "Posts and users read from X in this UTC month by all replicas.");
    API_BUDGET_LEFT =
        gauge("amber_x_api_post_budget_left", &[], "Posts that may still be read this UTC month; +Inf without a budget.");
    BREAKER_STATE = gauge("amber_x_api_breaker_state", &["state"], "1 for the state that the circuit breaker is in.");
    INGESTION_ENABLED = gauge("amber_ingestion_enabled", &[], "1 when the configuration has runs scheduled.");
    INGESTION_TASKS =
        gauge("amber_ingestion_tasks_open", &[], "Leaders that open runs of all replicas have still to read.");
    INGESTION_RUNS = counter("amber_ingestion_runs_total", &["status"], "Finished runs by how they ended.");
    INGESTION_PAGES = counter("amber_ingestion_pages_total", &[], "Pages of a timeline that were stored.");
    INGESTION_FETCHED = counter("amber_ingestion_fetched_total", &[], "Records that X returned and bills.");
    INGESTION_POSTS = counter("amber_ingestion_posts_total", &["outcome"], "Fetched records by what became of them.");
    INGESTION_FAILURES = counter("amber_ingestion_failures_total", &[], "Leaders whose posts could not be read.");
    INGESTION_GIVEN_UP = counter(
        "amber_ingestion_unreachable_gaps_total",
        &["reason"],
        "Stretches of timelines that were given up, because X does not give their posts.",
    );
    INGESTION_STOPS = counter("amber_ingestion_stops_total", &["reason"], "Times that ingestion stopped by itself.");
    INGESTION_RUN_SECONDS = gauge("amber_ingestion_last_run_seconds", &[], "How long the last run took.");
    RECHECKED = counter("amber_recheck_posts_total", &["outcome"], "Stored posts of which X was asked again.");
    RECHECK_DELETED = counter("amber_recheck_deleted_total", &["reason"], "Stored posts that were gone from X.");
    RECHECK_FAILURES = counter("amber_recheck_failures_total", &[], "Batches of such posts without an answer.");
    RECHECK_OVERDUE = gauge("amber_recheck_overdue_seconds", &[], "For how long the oldest such check is due.");
    LEADER_POSTS = gauge("amber_leader_posts", &["counted"], "Posts of all leaders as counted by X, and as stored.");
    REVIEW_WAITING = gauge("amber_review_items_waiting", &[], "Items of the review queue that wait for a reviewer.");
    LIMIT_DECISIONS = counter(
        "amber_rate_limit_decisions_total",
        &["policy", "decision", "source"],
        "Limited calls by outcome and by who decided.",
    );
    LIMIT_FALLBACKS = counter(
        "amber_rate_limit_fallbacks_total",
        &["reason"],
        "Calls about which Redis did not decide, so that this process did by itself.",
    );
    LIMIT_BREAKER = gauge("amber_rate_limit_breaker_open", &[], "1 while Redis is not asked about calls, because it failed.");
    LIMIT_CALLERS = gauge("amber_rate_limit_local_callers", &[], "Callers whose buckets are in the memory of this process.");
    TOKENS_ISSUED = counter("amber_embed_tokens_issued_total", &[], "Embed tokens that were issued.");
    TOKENS_REFUSED = counter("amber_embed_tokens_refused_total", &["reason"], "Embed tokens that were not issued.");
    TOKENS_CHECKED = counter("amber_embed_tokens_checked_total", &["result"], "Embed tokens that were shown to Amber.");
    SESSIONS_OPENED = counter("amber_embed_sessions_opened_total", &[], "Frames that a token opened.");
    SESSIONS_RENEWED = counter("amber_embed_sessions_renewed_total", &[], "Sessions of frames that a token renewed.");
    EMBED_REFUSED = counter("amber_embed_refused_total", &["reason"], "Embed tokens and sessions that were refused in use.");
    TOKENS_REVOKED = counter("amber_embed_revocations_total", &["selector"], "Calls that revoked embed tokens.");
    AUDIT_WAITING = gauge("amber_embed_audit_lines_waiting", &[], "Lines about embed tokens that wait to be written.");
    AUDIT_LOST = counter("amber_embed_audit_lost_total", &[], "Lines about refused embed tokens that were not written.");
    RUNTIME_WORKERS = gauge("amber_runtime_workers", &[], "Threads that work off the tasks of this process.");
    RUNTIME_TASKS = gauge("amber_runtime_tasks", &[], "Tasks of this process that have not ended.");
    RUNTIME_QUEUE = gauge("amber_runtime_queue_depth", &[], "Tasks that could go on and wait for any free thread.");
    RUNTIME_BUSY = counter("amber_runtime_busy_seconds_total", &[], "Time for which those threads were busy, in whole seconds.");
    PROCESS_CPU = counter("process_cpu_seconds_total", &[], "Processor time of this process, in whole seconds.");
    PROCESS_MEMORY = gauge("process_resident_memory_bytes", &[], "Memory of this process that is in RAM.");
    PROCESS_FDS = gauge("process_open_fds", &[], "Files and connections that this process has open.");
    PROCESS_MAX_FDS = gauge("process_max_fds", &[], "Files and connections that it may have open; 0 without a bound.");
}
