//! What a walk needs around it, and ways to cut it short.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::chance::Hands;
use super::shelf::Shelf;
use crate::config::{Build, IngestRun, MapEnv};
use crate::domain::{OsEntropy, RunCounters, RunId, RunTrigger, UserId};
use crate::ingestion::Deps;
use crate::ingestion::keeper::Trust;
use crate::ingestion::walk::timeline::Timeline;
use crate::ingestion::walk::{Stop, Walk};
use crate::sentiment::Analyzer;
use crate::store::{self, Claim, Ingest, Lease, Store};
use crate::telemetry::Metrics;

/// What is to be read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Errand {
    /// New posts at most.
    pub(super) limit: Option<u32>,
    pub(super) backfill: bool,
    pub(super) dry_run: bool,
}

/// What a walk needs around it.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) deps: Deps,
    pub(super) clock: Arc<Hands>,
    pub(super) store: Store,
    /// Holds the file of the database.
    folder: Option<Arc<TempDir>>,
}

pub(super) type Outcome = (RunCounters, Result<(), Stop>);
pub(super) type Walking = Pin<Box<dyn Future<Output = Outcome>>>;

impl Stage {
    /// A stage with an empty database, whose posts are kept in `ingest` or in the database itself. That one is a file: a
    /// walk that is cut may take its connection along, and with the last one a database in memory goes.
    pub(super) async fn new(ingest: Option<Arc<dyn Ingest>>) -> Self {
        let clock = Arc::new(Hands::new());
        let folder = ingest.is_none().then(|| Arc::new(TempDir::new().unwrap()));
        let file = folder.as_ref().map(|folder| format!("sqlite://{}/amber.db?mode=rwc", folder.path().display()));
        let settings = store::Settings {
            url: file.unwrap_or_else(|| "sqlite::memory:".to_owned()).into(),
            max_connections: 1,
            acquire_timeout: Duration::from_secs(5),
            lease_ttl: None,
        };
        let store = Store::connect(&settings, clock.clone(), Arc::new(OsEntropy)).await.unwrap();
        store.migrate().await.unwrap();
        let env = MapEnv::default().with("TWITTER_BEARER_TOKEN", "b".repeat(40));
        let build = Build { version: "1".into(), commit: "1".into(), build_time: "1".into() };
        let all = Arc::new(store.clone());
        let deps = Deps {
            leaders: all.clone(),
            ingest: ingest.unwrap_or_else(|| all.clone()),
            runs: all.clone(),
            work: all.clone(),
            schedules: all,
            mirror: None,
            x: None,
            analyzer: Arc::new(Analyzer::new()),
            clock: clock.clone(),
            entropy: Arc::new(OsEntropy),
            metrics: Metrics::new(&build, clock.clone()),
            settings: IngestRun::load(&env).unwrap().ingestion,
        };
        Self { deps, clock, store, folder }
    }

    /// The same stage with its own clock and with posts kept in `ingest`.
    pub(super) fn again(&self, ingest: Arc<dyn Ingest>) -> Self {
        let clock = Arc::new(Hands::new());
        let deps = Deps { ingest, clock: clock.clone(), ..self.deps.clone() };
        Self { deps, clock, store: self.store.clone(), folder: self.folder.clone() }
    }

    pub(super) fn walk(&self, x: Arc<dyn Timeline>, lease: Lease, errand: Errand) -> Walking {
        let claim = Claim {
            lease,
            run: RunId(Uuid::nil()),
            trigger: RunTrigger::Schedule,
            backfill: errand.backfill,
            dry_run: errand.dry_run,
            taken_over: false,
        };
        self.walk_for(x, claim, errand.limit, Duration::from_hours(1))
    }

    /// A walk for `claim` whose lease is sure for `trusted`.
    pub(super) fn walk_for(
        &self,
        x: Arc<dyn Timeline>,
        claim: Claim,
        limit: Option<u32>,
        trusted: Duration,
    ) -> Walking {
        let mut deps = self.deps.clone();
        deps.settings.limit = limit.unwrap_or(u32::MAX);
        deps.settings.backfill_count = limit;
        Box::pin(async move {
            let trust = Trust::new(Instant::now() + trusted, &CancellationToken::new());
            let mut walk = Walk::new(&deps, &*x, &claim, &trust, UserId(7));
            let outcome = walk.read().await;
            (walk.counters, outcome)
        })
    }
}

/// A stage whose posts are kept on a shelf.
pub(super) async fn stage() -> (Stage, Shelf) {
    let shelf = Shelf::default();
    (Stage::new(Some(Arc::new(shelf.clone()))).await, shelf)
}

/// Polls `walking` at most `polls` times; None when it is not over by then.
pub(super) async fn cut<F: Future + Unpin>(walking: &mut F, polls: u64) -> Option<F::Output> {
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        Pin::new(&mut *walking).poll(context).map(Some)
    })
    .await
}
