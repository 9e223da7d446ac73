//! Records metrics: one typed function per event, and no other way in.

mod resources;

pub use resources::Resources;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::declared::{self, Kind, METRICS, Metric};
use super::kept::Kept;
use super::totals::{Snapshot, Totals};
use crate::config::Build;
use crate::domain::{Background, Clock, PolicyName, Reads, Removal, RunCounters, RunStatus, Usage};

/// The metrics of one server. A clone is a handle to the same numbers; nothing is global, so that several servers can
/// live in one process.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    counters: Kept<Counter>,
    gauges: Kept<Gauge>,
    histograms: Kept<Histogram>,
    totals: Totals,
    last_error: Mutex<Option<String>>,
    clock: Arc<dyn Clock>,
    started_at: Timestamp,
}

/// Bucket bounds of request durations, in seconds.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Why a connection is closed at once.
const BOUNDS: [&str; 1] = ["address"];
const READ_KINDS: [&str; 2] = ["posts", "users"];
const OUTCOMES: [&str; 5] = ["inserted", "updated", "unchanged", "quarantined", "duplicate"];
const CHECK_OUTCOMES: [&str; 4] = ["unchanged", "changed", "deleted", "left"];
const BREAKER_STATES: [&str; 3] = ["closed", "open", "half_open"];
const GIVEN_UP: [&str; 2] = ["limit", "stuck"];
const SECRET_OUTCOMES: [&str; 2] = ["read", "failed"];
const FALLBACKS: [&str; 4] = ["timeout", "error", "queue_full", "breaker"];
const RESULTS: [&str; 3] = ["valid", "expired", "invalid"];
const ENDS: [RunStatus; 4] = [RunStatus::Succeeded, RunStatus::Partial, RunStatus::Failed, RunStatus::Cancelled];
/// Why ingestion stops by itself.
const STOPS: [&str; 6] =
    ["usage_cap", "payment_required", "credential_rejected", "forbidden", "monthly_budget", "setup"];
/// Why a token is not issued.
const TOKEN_REFUSALS: [&str; 12] = [
    "UNAUTHENTICATED",
    "CREDENTIAL_INVALID",
    "ROLE_MISSING",
    "SCOPE_MISSING",
    "ORIGIN_INVALID",
    "ORIGIN_NOT_REGISTERED",
    "TTL_TOO_LONG",
    "DASHBOARD_NOT_FOUND",
    "FIELD_INVALID",
    "FEATURE_DISABLED",
    "DATABASE_UNAVAILABLE",
    "REPLAY_STORE_UNAVAILABLE",
];

/// Gauges of parts that may not be there; zero would be a lie.
const WHEN_KNOWN: [&str; 5] = [
    declared::TLS_EXPIRY.name,
    declared::REDIS_UP.name,
    declared::PROCESS_MEMORY.name,
    declared::PROCESS_FDS.name,
    declared::PROCESS_MAX_FDS.name,
];

static METADATA: Metadata<'static> = Metadata::new("amber", Level::INFO, None);

impl Metrics {
    /// Metrics that all stand at zero.
    ///
    /// # Panics
    /// Never: the bucket bounds are not empty.
    #[must_use]
    pub fn new(build: &Build, clock: Arc<dyn Clock>) -> Self {
        let builder = PrometheusBuilder::new().set_buckets(SECONDS).expect("the bucket bounds are not empty");
        let recorder = builder.build_recorder();
        for metric in METRICS {
            let name = metric.name.into();
            match metric.kind {
                Kind::Counter => recorder.describe_counter(name, None, metric.help.into()),
                Kind::Gauge => recorder.describe_gauge(name, None, metric.help.into()),
                Kind::Histogram => recorder.describe_histogram(name, None, metric.help.into()),
            }
        }
        let handle = recorder.handle();
        let (totals, last_error, started_at) = (Totals::default(), Mutex::new(None), clock.now());
        let (counters, gauges, histograms) = (Kept::of(METRICS), Kept::of(METRICS), Kept::of(METRICS));
        let inner = Inner { recorder, handle, counters, gauges, histograms, totals, last_error, clock, started_at };
        let metrics = Self(Arc::new(inner));
        metrics.begin_at_zero(build);
        metrics
    }

    /// Shows what has not happened yet as zero, so that alerts see the first event as a rise.
    fn begin_at_zero(&self, build: &Build) {
        self.gauge(declared::BUILD_INFO, &[&build.version, &build.commit]).set(1);
        let has_zero = |metric: &&Metric| metric.labels.is_empty() && !WHEN_KNOWN.contains(&metric.name);
        for metric in METRICS.iter().filter(has_zero) {
            match metric.kind {
                Kind::Counter => self.counter(*metric, &[]).increment(0),
                Kind::Gauge => self.gauge(*metric, &[]).set(0),
                Kind::Histogram => {}
            }
        }
        let (removals, ends) = (Removal::ALL.map(Removal::as_str), ENDS.map(RunStatus::as_str));
        let tasks = Background::ALL.map(Background::as_str);
        let families = [
            (declared::TASK_PANICS, &tasks[..]),
            (declared::CONNECTIONS_REFUSED, &BOUNDS[..]),
            (declared::INGESTION_RUNS, &ends[..]),
            (declared::INGESTION_STOPS, &STOPS[..]),
            (declared::INGESTION_POSTS, &OUTCOMES[..]),
            (declared::INGESTION_GIVEN_UP, &GIVEN_UP[..]),
            (declared::RECHECKED, &CHECK_OUTCOMES[..]),
            (declared::RECHECK_DELETED, &removals[..]),
            (declared::SECRET_READS, &SECRET_OUTCOMES[..]),
            (declared::TOKENS_CHECKED, &RESULTS[..]),
            (declared::TOKENS_REFUSED, &TOKEN_REFUSALS[..]),
            (declared::LIMIT_FALLBACKS, &FALLBACKS[..]),
        ];
        for (family, values) in families {
            for value in values {
                self.counter(family, &[value]).increment(0);
            }
        }
        self.breaker("closed");
        self.api_reads(Reads::default());
        self.api_usage(&Usage::default());
    }

    /// A request was answered. `kind` is `grpc` or `http`, `route` the pattern that matched and never the path itself,
    /// `code` the status.
    pub fn request(&self, kind: &'static str, route: &str, code: &str, took: Duration) {
        self.counter(declared::REQUESTS, &[kind, route, code]).increment(1);
        self.histogram(declared::REQUEST_SECONDS, &[kind, route]).record(took);
    }

    /// A task of the background panicked.
    pub fn task_panicked(&self, task: Background) {
        self.counter(declared::TASK_PANICS, &[task.as_str()]).increment(1);
    }

    /// A connection was closed at once. `bound` is `address`: there are as many of its address as there may be.
    pub fn connection_refused(&self, bound: &'static str) {
        self.counter(declared::CONNECTIONS_REFUSED, &[bound]).increment(1);
    }

    /// The certificate that is shown ends then, in seconds since 1970; None when that cannot be told.
    pub fn tls_expiry(&self, at: Option<i64>) {
        let Some(at) = at else { return };
        self.gauge(declared::TLS_EXPIRY, &[]).set(gauge_of(u64::try_from(at).unwrap_or_default()));
    }

    /// New secrets were looked for.
    pub fn secrets_read(&self, is_read: bool) {
        self.counter(declared::SECRET_READS, &[if is_read { "read" } else { "failed" }]).increment(1);
    }

    /// The database answered a probe, or did not.
    pub fn store_up(&self, is_up: bool) {
        self.gauge(declared::STORE_UP, &[]).set(u32::from(is_up));
    }

    /// Redis answered a probe, or did not.
    pub fn redis_up(&self, is_up: bool) {
        self.gauge(declared::REDIS_UP, &[]).set(u32::from(is_up));
    }

    /// X was called. `status` is the HTTP status, or the kind of failure when there is none.
    pub fn api_call(&self, endpoint: &'static str, status: &str) {
        self.counter(declared::API_CALLS, &[endpoint, status]).increment(1);
    }

    /// A call to X is repeated after a failure.
    pub fn api_retry(&self) {
        self.counter(declared::API_RETRIES, &[]).increment(1);
    }

    /// X said that it was called too often.
    pub fn api_rate_limited(&self) {
        self.counter(declared::API_RATE_LIMITED, &[]).increment(1);
        self.0.totals.rate_limited.add(1);
    }

    /// X returned what it bills.
    pub fn api_reads(&self, reads: Reads) {
        for (kind, count) in READ_KINDS.iter().zip([reads.posts, reads.users]) {
            self.counter(declared::API_READS, &[kind]).increment(count);
        }
    }

    /// So much was read from X by all replicas.
    pub fn api_usage(&self, usage: &Usage) {
        for (kind, count) in READ_KINDS.iter().zip([usage.month.posts, usage.month.users]) {
            self.gauge(declared::API_MONTH_READS, &[kind]).set(gauge_of(count));
        }
        self.gauge(declared::API_BUDGET_LEFT, &[]).set(usage.left().map_or(f64::INFINITY, gauge_of));
    }

    /// The circuit breaker is in `state`: `closed`, `open` or `half_open`.
    pub fn breaker(&self, state: &'static str) {
        for known in BREAKER_STATES {
            self.gauge(declared::BREAKER_STATE, &[known]).set(u32::from(known == state));
        }
    }

    /// A page was stored.
    pub fn page_stored(&self, page: &RunCounters) {
        self.0.totals.add_page(page);
        self.counter(declared::INGESTION_PAGES, &[]).increment(page.pages);
        self.counter(declared::INGESTION_FETCHED, &[]).increment(page.fetched);
        let counts = [page.inserted, page.updated, page.unchanged, page.quarantined, page.duplicates];
        for (outcome, count) in OUTCOMES.iter().zip(counts) {
            self.counter(declared::INGESTION_POSTS, &[outcome]).increment(count);
        }
    }

    /// The configuration has runs scheduled, or has not.
    pub fn ingestion_enabled(&self, is_enabled: bool) {
        self.gauge(declared::INGESTION_ENABLED, &[]).set(u32::from(is_enabled));
    }

    /// A stretch of a timeline was given up. `reason` is `limit` or `stuck`.
    pub fn gap_given_up(&self, reason: &'static str) {
        self.counter(declared::INGESTION_GIVEN_UP, &[reason]).increment(1);
    }

    /// Ingestion stopped by itself. `reason` is one of a few words.
    pub fn ingestion_stopped(&self, reason: &'static str) {
        self.counter(declared::INGESTION_STOPS, &[reason]).increment(1);
    }

    /// The posts of a leader could not be read.
    pub fn leader_failed(&self) {
        self.counter(declared::INGESTION_FAILURES, &[]).increment(1);
        self.0.totals.failed.add(1);
    }

    /// A run is over. `error` tells why it failed, without secrets; None clears the last one.
    pub fn run_finished(&self, status: RunStatus, took: Duration, error: Option<String>) {
        self.counter(declared::INGESTION_RUNS, &[status.as_str()]).increment(1);
        self.gauge(declared::INGESTION_RUN_SECONDS, &[]).set(took);
        self.0.totals.ingests.add(1);
        self.0.totals.last_ingest_ms.set(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        *self.0.last_error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    /// X was asked again for stored posts: so many are as they were, have changed, or are left as they were because X
    /// was unclear.
    pub fn posts_rechecked(&self, unchanged: u64, changed: u64, left: u64) {
        for (outcome, count) in [("unchanged", unchanged), ("changed", changed), ("left", left)] {
            self.counter(declared::RECHECKED, &[outcome]).increment(count);
        }
    }

    /// Stored posts were gone from X and are deleted.
    pub fn posts_deleted(&self, reason: Removal, count: u64) {
        self.counter(declared::RECHECKED, &["deleted"]).increment(count);
        self.counter(declared::RECHECK_DELETED, &[reason.as_str()]).increment(count);
    }

    /// X gave no answer for a batch of stored posts.
    pub fn recheck_failed(&self) {
        self.counter(declared::RECHECK_FAILURES, &[]).increment(1);
    }

    /// For how long the oldest check of a stored post is due; zero when none is.
    pub fn recheck_overdue(&self, by: Duration) {
        self.gauge(declared::RECHECK_OVERDUE, &[]).set(by);
    }

    /// How many posts X counts of all leaders, and how many of theirs are stored.
    #[expect(clippy::cast_precision_loss, reason = "posts are counted below 2^53")]
    pub fn leader_posts(&self, at_x: u64, stored: u64) {
        for (counted, posts) in [("x", at_x), ("stored", stored)] {
            self.gauge(declared::LEADER_POSTS, &[counted]).set(posts as f64);
        }
    }

    /// Calls will be limited, and these decide: shows their decisions from zero on.
    pub fn limits_begin(&self, sources: &[&'static str]) {
        for policy in PolicyName::ALL {
            for (decision, source) in
                ["allowed", "refused"].into_iter().flat_map(|told| sources.iter().map(move |by| (told, by)))
            {
                self.counter(declared::LIMIT_DECISIONS, &[policy.as_str(), decision, source]).increment(0);
            }
        }
        self.counter(declared::LIMIT_DECISIONS, &[PolicyName::Edge.as_str(), "refused", "local"]).increment(0);
    }

    /// The limiter decided about a call. `decision` is `allowed`, `refused`, or `shadowed` when a policy that only counts
    /// would have refused; `source` is who decided.
    pub fn limit_decision(&self, policy: &'static str, decision: &'static str, source: &'static str) {
        self.counter(declared::LIMIT_DECISIONS, &[policy, decision, source]).increment(1);
    }

    /// Redis did not decide about a call. `reason` is `timeout`, `error`, `queue_full`, or `breaker` when it was not asked, or no
    /// longer waited for.
    pub fn limit_fallback(&self, reason: &'static str) {
        self.counter(declared::LIMIT_FALLBACKS, &[reason]).increment(1);
    }

    /// Redis is not asked about calls for now, or is again.
    pub fn limit_breaker(&self, is_open: bool) {
        self.gauge(declared::LIMIT_BREAKER, &[]).set(u32::from(is_open));
    }

    /// So many callers have buckets in this process.
    pub fn limit_callers(&self, callers: usize) {
        self.gauge(declared::LIMIT_CALLERS, &[]).set(gauge_of(callers as u64));
    }

    /// An embed token was issued.
    pub fn token_issued(&self) {
        self.counter(declared::TOKENS_ISSUED, &[]).increment(1);
        self.0.totals.embed_issued.add(1);
    }

    /// An embed token was refused to a known caller.
    pub fn token_refused(&self, reason: &'static str) {
        self.counter(declared::TOKENS_REFUSED, &[reason]).increment(1);
        self.0.totals.embed_failed.add(1);
    }

    /// An embed token was asked for without a valid credential.
    pub fn token_denied(&self) {
        self.counter(declared::TOKENS_REFUSED, &["UNAUTHENTICATED"]).increment(1);
        self.0.totals.embed_denied.add(1);
    }

    /// A valid embed token was shown.
    pub fn token_validated(&self) {
        self.counter(declared::TOKENS_CHECKED, &["valid"]).increment(1);
        self.0.totals.embed_validated.add(1);
    }

    /// An expired embed token was shown.
    pub fn token_expired(&self) {
        self.counter(declared::TOKENS_CHECKED, &["expired"]).increment(1);
        self.0.totals.embed_expired.add(1);
    }

    /// An embed token was shown that is refused for another reason.
    pub fn token_invalid(&self) {
        self.counter(declared::TOKENS_CHECKED, &["invalid"]).increment(1);
        self.0.totals.embed_invalid.add(1);
    }

    /// A token opened a session.
    pub fn session_opened(&self) {
        self.counter(declared::SESSIONS_OPENED, &[]).increment(1);
    }

    /// A token renewed a session.
    pub fn session_renewed(&self) {
        self.counter(declared::SESSIONS_RENEWED, &[]).increment(1);
    }

    /// A token or a session was refused in use. `reason` is one of the contract's.
    pub fn embed_refused(&self, reason: &'static str) {
        self.counter(declared::EMBED_REFUSED, &[reason]).increment(1);
    }

    /// Tokens were revoked. `selector` is the kind of selector.
    pub fn tokens_revoked(&self, selector: &'static str) {
        self.counter(declared::TOKENS_REVOKED, &[selector]).increment(1);
    }

    /// Lines of the audit were not written.
    pub fn audit_lost(&self, lines: u64) {
        self.counter(declared::AUDIT_LOST, &[]).increment(lines);
    }

    /// The plain numbers.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let last_error = self.0.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.0.totals.snapshot(last_error, self.uptime())
    }

    /// Every metric in the Prometheus text format 0.0.4, for `/metrics`.
    #[must_use]
    pub fn render(&self) -> String {
        self.gauge(declared::UPTIME, &[]).set(self.uptime());
        self.0.handle.render()
    }

    /// The old names in the same format, for `/api/metrics`.
    #[must_use]
    pub fn render_old(&self) -> String {
        self.snapshot().to_old_text()
    }

    /// Frees what observations hold; call it about every five seconds.
    pub fn run_upkeep(&self) {
        self.0.handle.run_upkeep();
    }

    fn uptime(&self) -> Duration {
        self.0.clock.now().duration_since(self.0.started_at).try_into().unwrap_or_default()
    }

    fn counter(&self, metric: Metric, values: &[&str]) -> Counter {
        let make = || self.0.recorder.register_counter(&key(metric, values), &METADATA);
        self.0.counters.get(metric, values, make)
    }

    fn gauge(&self, metric: Metric, values: &[&str]) -> Gauge {
        let make = || self.0.recorder.register_gauge(&key(metric, values), &METADATA);
        self.0.gauges.get(metric, values, make)
    }

    fn histogram(&self, metric: Metric, values: &[&str]) -> Histogram {
        let make = || self.0.recorder.register_histogram(&key(metric, values), &METADATA);
        self.0.histograms.get(metric, values, make)
    }
}

/// A count as a gauge has it; it stands still beyond 2^32.
fn gauge_of(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

fn key(metric: Metric, values: &[&str]) -> Key {
    debug_assert_eq!(metric.labels.len(), values.len(), "{} takes {:?}", metric.name, metric.labels);
    let labels = metric.labels.iter().zip(values).map(|(name, value)| Label::new(*name, (*value).to_owned()));
    Key::from_parts(metric.name, labels.collect::<Vec<_>>())
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Metrics").field(&self.snapshot()).finish()
    }
}

#[cfg(test)]
mod tests;
