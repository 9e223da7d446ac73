//! Several clients of X on one database: together they never call more often than X allows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use amber_server::app;
use amber_server::domain::{Clock, OsEntropy, UserId};
use amber_server::ingestion::SharedGovernor;
use amber_server::resilience::{BreakerSettings, RetryPolicy};
use amber_server::sandbox::Allowance;
use amber_server::x_api::{Client, Endpoint, Error, Fingerprint, Observer, Settings, TimelineRequest};
use amber_tests::{FakeXApi, TestClock};
use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::fresh::Fresh;

on_both_databases!(four_clients_use_every_window_up_without_one_refusal, a_refusal_rests_every_client);

const ALLOWED: u32 = 40;
const WINDOW: Duration = Duration::from_secs(20);

/// Counts answers and refusals.
#[derive(Debug, Default)]
struct Heard {
    answers: AtomicU32,
    refusals: AtomicU32,
}

impl Observer for Heard {
    fn on_response(&self, _: Endpoint, _: u16, _: Duration) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    fn on_rate_limited(&self, _: Endpoint, _: Timestamp) {
        self.refusals.fetch_add(1, Ordering::Relaxed);
    }
}

impl Heard {
    fn counts(&self) -> (u32, u32) {
        (self.answers.load(Ordering::Relaxed), self.refusals.load(Ordering::Relaxed))
    }
}

struct Stage {
    x: FakeXApi,
    user: UserId,
    clients: Vec<Arc<Client>>,
    heard: Arc<Heard>,
}

async fn stage(fresh: &Fresh) -> Stage {
    app::install_crypto();
    let x = FakeXApi::with(fresh.clock.clone(), |options| {
        options.limits.timeline = Allowance { requests: ALLOWED, window: WINDOW };
    })
    .await;
    let id = x.add_user("Ada", "ada").unwrap();
    x.post("ada", "Good morning.").unwrap();
    let heard = Arc::new(Heard::default());
    let clients = (0..4).map(|_| Arc::new(client(fresh, &x, &heard))).collect();
    Stage { user: UserId(id.to_string().parse().unwrap()), x, clients, heard }
}

fn client(fresh: &Fresh, x: &FakeXApi, heard: &Arc<Heard>) -> Client {
    let clock: Arc<dyn Clock> = Arc::new(fresh.clock.clone());
    let store = Arc::new(fresh.store.clone());
    let governor = SharedGovernor::new(store, Arc::clone(&clock), BreakerSettings::default(), None);
    let settings = Settings::new(x.url(), FakeXApi::bearer().into());
    let (retry, observer) = (RetryPolicy::default(), Arc::clone(heard));
    Client::new(settings, retry, Arc::new(governor), clock, Arc::new(OsEntropy), observer).unwrap()
}

impl Stage {
    /// Three workers on each client, until `work` ends for all of them.
    async fn work<F: Future<Output = ()> + Send + 'static>(&self, work: impl Fn(Arc<Client>, TimelineRequest) -> F) {
        let mut workers = JoinSet::new();
        for client in &self.clients {
            for _ in 0..3 {
                workers.spawn(work(Arc::clone(client), request(self.user)));
            }
        }
        workers.join_all().await;
    }
}

fn request(user: UserId) -> TimelineRequest {
    TimelineRequest { user, since: None, until: None, max_results: 5, token: None }
}

/// Calls until the window is used up; tells when the next one begins.
async fn use_up(client: &Client, request: &TimelineRequest) -> Timestamp {
    loop {
        match client.user_timeline(request.clone()).await {
            Ok(_) => {}
            Err(Error::RateLimited { until, .. }) => return until,
            Err(error) => panic!("{error}"),
        }
    }
}

async fn four_clients_use_every_window_up_without_one_refusal(fresh: Fresh) {
    let stage = stage(&fresh).await;
    for windows in 1..=3 {
        stage
            .work(async |client, request| {
                use_up(&client, &request).await;
            })
            .await;
        assert_eq!(stage.heard.counts(), (windows * ALLOWED, 0), "answers and refusals after {windows} windows");
        fresh.clock.advance(WINDOW + Duration::from_secs(1));
    }

    // The time moves on while calls are under way, which then fall into the next window.
    let begun = stage.x.requests().len();
    let clock = fresh.clock.clone();
    stage
        .work(move |client, request| {
            let clock = clock.clone();
            async move {
                for _ in 0..3 {
                    let until = use_up(&client, &request).await;
                    move_on(&clock, until);
                }
            }
        })
        .await;
    assert!(stage.x.requests().len() > begun);
    assert_eq!(stage.heard.counts().1, 0, "X refused a call");

    let kept = format!("{:?}", fresh.everything().await);
    assert!(kept.contains(Fingerprint::of(&FakeXApi::bearer().into()).as_str()), "{kept}");
    assert!(!kept.contains(FakeXApi::bearer()));
}

fn move_on(clock: &TestClock, until: Timestamp) {
    if until > clock.now() {
        clock.set(until);
    }
}

async fn a_refusal_rests_every_client(fresh: Fresh) {
    let stage = stage(&fresh).await;
    let wait = Duration::from_mins(3);
    stage.x.fail_next(1, amber_server::sandbox::Fault::RateLimited { retry_after: Some(wait), reset: None });
    let until = use_up(&stage.clients[0], &request(stage.user)).await;
    assert!(until >= fresh.clock.now() + wait);
    for client in &stage.clients {
        assert_eq!(use_up(client, &request(stage.user)).await, until);
        client.refresh().await.unwrap();
        assert_eq!(client.rate_limited_until(), [(Endpoint::UserTimeline, until)].into());
    }
    assert_eq!(stage.x.requests().len(), 1);
}
