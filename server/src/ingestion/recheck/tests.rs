//! When X is asked, when it is left alone, and for how long.

use std::sync::Mutex;

use async_trait::async_trait;
use secrecy::SecretString;

use super::*;
use crate::config::{Build, Config, MapEnv};
use crate::domain::{Clock, Entropy, OsEntropy, PostId, SystemClock};
use crate::ingestion::shared::lock;
use crate::resilience::{Backoff, BreakerSettings, RetryPolicy};
use crate::sentiment::Analyzer;
use crate::store::{Control, Drift, Settings, Store};
use crate::telemetry::Metrics;
use crate::x_api::tests::governor::LocalGovernor;

/// A queue that is never empty and remembers what it was asked.
#[derive(Default)]
struct Queue(Mutex<Vec<&'static str>>);

impl Queue {
    fn calls(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl Rechecks for Queue {
    async fn claim_due(&self, _: u32, _: Duration) -> Result<Vec<DueCheck>, store::Error> {
        self.0.lock().unwrap().push("claim");
        Ok(vec![due(7)])
    }

    async fn settle(&self, _: Vec<Checked>) -> Result<Settled, store::Error> {
        self.0.lock().unwrap().push("settle");
        Ok(Settled::default())
    }

    async fn first_due(&self) -> Result<Option<Timestamp>, store::Error> {
        Ok(Some(SystemClock.now() - Duration::from_mins(90)))
    }

    async fn drift(&self) -> Result<Drift, store::Error> {
        Ok(Drift::default())
    }
}

/// A fraction that is always nearly one.
#[derive(Debug)]
struct Late;

impl Entropy for Late {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0xff);
    }
}

fn due(id: i64) -> DueCheck {
    DueCheck { post: PostId(uuid::Uuid::nil()), external_id: ExternalId(id) }
}

/// The job with an X that nobody can reach.
async fn job(queue: &Arc<Queue>, variables: &[(&str, &str)], may_call: bool) -> Option<Recheck> {
    let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (Arc::new(SystemClock), Arc::new(OsEntropy));
    let mut env = MapEnv::default().with("ADMIN_JWT_SECRET", "kT9v+Qm2Lr7Zx4Wc8Yb1Nd6Hf3Js5Pg0");
    for (name, value) in variables {
        env = env.with(*name, *value);
    }
    let settings = Config::load(&env).unwrap().config.ingestion;
    let memory = Settings {
        url: "sqlite::memory:".into(),
        max_connections: 1,
        acquire_timeout: Duration::from_secs(5),
        lease_ttl: None,
    };
    let store = Store::connect(&memory, Arc::clone(&clock), Arc::clone(&entropy)).await.unwrap();
    let store = Arc::new(store);
    let backoff = Backoff { base: Duration::from_millis(1), factor: 2, cap: Duration::from_millis(1) };
    let retry = RetryPolicy { backoff, ..RetryPolicy::default() };
    let governor = LocalGovernor::new(Arc::clone(&clock), Arc::clone(&entropy), BreakerSettings::default(), None);
    let access = x_api::Settings::new("http://127.0.0.1:1", SecretString::from("token"));
    let x =
        Client::new(access, retry, Arc::new(governor), Arc::clone(&clock), Arc::clone(&entropy), Arc::new(())).unwrap();
    let build = Build { version: "1".into(), commit: "1".into(), build_time: "1".into() };
    let deps = Deps {
        leaders: store.clone(),
        ingest: store.clone(),
        runs: store.clone(),
        work: store.clone(),
        schedules: store,
        mirror: None,
        x: Some(Arc::new(x)),
        analyzer: Arc::new(Analyzer::new()),
        metrics: Metrics::new(&build, Arc::clone(&clock)),
        clock,
        entropy,
        settings,
    };
    let shared = Arc::new(Shared::new());
    let stopped_reason = (!may_call).then(|| "the credential is dead".to_owned());
    *lock(&shared.control) = Some(Control { stopped_reason, ..Control::default() });
    Recheck::over(deps, Arc::clone(queue) as _, shared)
}

#[tokio::test]
async fn the_job_can_be_switched_off_and_a_dry_run_has_none() {
    let queue = Arc::new(Queue::default());
    assert!(job(&queue, &[], true).await.is_some_and(|job| job.period == Duration::from_hours(24)));
    assert!(job(&queue, &[("X_RECHECK_HOURS", "0")], true).await.is_none());
    assert!(job(&queue, &[("INGESTION_DRY_RUN", "true")], true).await.is_none());
}

#[tokio::test]
async fn nothing_is_claimed_while_x_must_not_be_called() {
    let queue = Arc::new(Queue::default());
    assert_eq!(job(&queue, &[], false).await.unwrap().step().await, IDLE);
    assert_eq!(queue.calls(), [""; 0]);
}

#[tokio::test]
async fn an_x_that_does_not_answer_changes_nothing_and_is_left_alone() {
    let queue = Arc::new(Queue::default());
    let job = job(&queue, &[], true).await.unwrap();
    assert_eq!(job.step().await, FAILED);
    assert_eq!(queue.calls(), ["claim"], "nothing is settled without an answer");
    let text = job.deps.metrics.render();
    assert!(text.contains("amber_recheck_failures_total 1"), "{text}");
    let overdue = text.lines().find_map(|line| line.strip_prefix("amber_recheck_overdue_seconds "));
    assert!(overdue.unwrap().parse::<f64>().unwrap() >= 5_400.0, "{overdue:?}");

    while job.deps.breaker().open_for.is_none() {
        job.step().await;
    }
    let calls = queue.calls().len();
    let pause = job.step().await;
    assert!(pause > Duration::from_mins(4) && pause <= Duration::from_mins(5), "{pause:?}");
    assert_eq!(queue.calls().len(), calls, "while the breaker is open nothing is claimed");
}

#[tokio::test]
async fn checks_drift_apart_but_never_come_late() {
    let queue = Arc::new(Queue::default());
    let mut job = job(&queue, &[("X_RECHECK_HOURS", "20")], true).await.unwrap();
    let after = |job: &Recheck, finding: &Finding| {
        let wait = job.next_check(finding).duration_since(job.deps.clock.now());
        Duration::try_from(wait).unwrap().as_secs_f64().round() / 3_600.0
    };
    let waits: Vec<f64> = (0..100).map(|_| after(&job, &Finding::Gone(crate::domain::Removal::NotFound))).collect();
    assert!(waits.iter().all(|hours| (18.0..=20.0).contains(hours)), "{waits:?}");
    assert!(waits.iter().any(|hours| *hours < 19.0) && waits.iter().any(|hours| *hours > 19.0), "{waits:?}");
    job.deps.entropy = Arc::new(Late);
    assert!((after(&job, &Finding::Unclear) - 0.9).abs() < 0.01, "what is unclear is asked for again within the hour");
}

#[tokio::test]
async fn a_bill_or_a_dead_credential_is_not_knocked_at_every_few_minutes() {
    assert!(Failure::X(x_api::Error::Unauthorized).stays());
    let passing = x_api::Error::Unavailable { attempts: 7, last: x_api::Fault::Timeout };
    assert!(!Failure::X(passing).stays());
}
