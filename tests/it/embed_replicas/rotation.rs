//! The keys are rotated by restarts while viewers come and go, and no frame is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use amber_sdk::v1::RenewEmbedSessionRequest;
use amber_tests::{Postgres, Program, Redis};
use serde_json::json;
use tokio::sync::RwLock;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::pair::{Door, FIRST, Replica, SECOND, pair_on, start};

/// Viewers at the same time.
const VIEWERS: usize = 4;
/// Frames that each of them opens between two steps.
const FRAMES: usize = 5;
const PATIENCE: Duration = Duration::from_mins(1);

/// The replicas, as a load balancer knows them: None while one is being restarted.
struct Balancer {
    replicas: [RwLock<Option<Arc<Replica>>>; 2],
}

/// What viewers saw.
#[derive(Default)]
struct Seen {
    opened: [AtomicUsize; VIEWERS],
    retried: AtomicUsize,
    is_over: AtomicBool,
}

impl Balancer {
    async fn of(programs: &[Program; 2]) -> Arc<Self> {
        let replicas = Replica::of(programs).await.map(|replica| RwLock::new(Some(Arc::new(replica))));
        Arc::new(Self { replicas })
    }

    /// The replica of this number, or the other one while it is away.
    async fn choose(&self, mut n: usize) -> Arc<Replica> {
        loop {
            if let Some(replica) = &*self.replicas[n % 2].read().await {
                return Arc::clone(replica);
            }
            n += 1;
        }
    }
}

/// Restarts one replica after the other with these keys; each is taken out of the balancer first and stopped softly.
async fn roll(balancer: &Balancer, programs: [Program; 2], database: &str, redis: &Redis, ring: &str) -> [Program; 2] {
    let mut rolled = Vec::new();
    for (seat, program) in balancer.replicas.iter().zip(programs) {
        *seat.write().await = None;
        let (database, redis, ring) = (database.to_owned(), redis.url(), ring.to_owned());
        let restart = tokio::task::spawn_blocking(move || {
            program.stop();
            start(&database, &redis, &ring)
        });
        let program = restart.await.expect("the replica comes back");
        *seat.write().await = Some(Arc::new(Replica::at(program.url()).await));
        rolled.push(program);
    }
    rolled.try_into().expect("two went in")
}

/// Opens frames for ever: a token from one replica, a page from the other. Only a connection that breaks is retried.
async fn view(balancer: Arc<Balancer>, seen: Arc<Seen>, viewer: usize) {
    let body = json!({ "dashboardId": "d" });
    for n in viewer.. {
        if seen.is_over.load(Ordering::Relaxed) {
            return;
        }
        let (mut token, mut status) = (None, None);
        for attempt in n.. {
            let issued = balancer.choose(attempt).await.issuing(&body).send().await;
            if let Ok(answer) = issued {
                assert_eq!(answer.status().as_u16(), 200, "a token is issued");
                let answer: serde_json::Value = answer.json().await.expect("JSON");
                token = answer["token"].as_str().map(str::to_owned);
                break;
            }
            seen.retried.fetch_add(1, Ordering::Relaxed);
        }
        let token = token.expect("a token");
        for attempt in n + 1.. {
            if let Ok(page) = balancer.choose(attempt).await.frame("d", &token).send().await {
                status = Some((page.status().as_u16(), page.text().await.unwrap_or_default()));
                break;
            }
            seen.retried.fetch_add(1, Ordering::Relaxed);
        }
        let (status, page) = status.expect("a page");
        assert_eq!(status, 200, "viewer {viewer} loses a frame: {page}");
        seen.opened[viewer].fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(5)).await;
    }
}

/// Every viewer has opened some frames since now, so that what was signed before is used.
async fn let_pass(seen: &Seen, viewers: &JoinSet<()>) {
    let counts = || seen.opened.iter().map(|count| count.load(Ordering::Relaxed));
    let before: Vec<_> = counts().collect();
    let passed = async {
        while !counts().zip(&before).all(|(now, before)| now >= before + FRAMES) {
            assert_eq!(viewers.len(), VIEWERS);
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, passed).await.expect("frames are opened");
}

/// Puts a fresh token in the place of the session's time.
async fn renew(replica: &Replica, session: String) -> String {
    let (token, _) = replica.issue().await;
    let renewed = replica.rpc().embed_tokens().renew_embed_session(RenewEmbedSessionRequest { session, token }).await;
    renewed.expect("the session stands").into_inner().session
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_rotated_under_load_without_the_loss_of_a_frame() {
    let Some(postgres) = Postgres::shared() else { return };
    let database = postgres.database().await;
    let Some((mut programs, redis)) = pair_on(&database) else { return };
    let balancer = Balancer::of(&programs).await;
    let first_key_token = balancer.choose(0).await.issue_for(&json!({ "dashboardId": "d", "ttl": 300 })).await.0;
    let (kept, _) = balancer.choose(0).await.issue().await;
    let mut session = balancer.choose(1).await.session(&kept).await.expect("a fresh token");

    let seen = Arc::new(Seen::default());
    let mut viewers = JoinSet::new();
    for viewer in 0..VIEWERS {
        viewers.spawn(view(Arc::clone(&balancer), Arc::clone(&seen), viewer));
    }
    let started = Instant::now();
    // The new key verifies everywhere before it signs anywhere, and the old one until nothing of it is in use.
    for ring in [format!("{FIRST},{SECOND}"), format!("{SECOND},{FIRST}"), SECOND.to_owned()] {
        let_pass(&seen, &viewers).await;
        programs = roll(&balancer, programs, &database, &redis, &ring).await;
        for n in 0..2 {
            session = renew(&*balancer.choose(n).await, session).await;
        }
    }
    let_pass(&seen, &viewers).await;
    seen.is_over.store(true, Ordering::Relaxed);
    viewers.join_all().await;

    let opened: usize = seen.opened.iter().map(|count| count.load(Ordering::Relaxed)).sum();
    let retried = seen.retried.load(Ordering::Relaxed);
    eprintln!(
        "{opened} frames opened over three rolls in {:?}, {retried} broken connections tried again",
        started.elapsed()
    );
    let withdrawn = balancer.choose(0).await.open(Door::Rpc, &first_key_token).await;
    assert_eq!(withdrawn, Err("TOKEN_BAD_SIGNATURE".to_owned()), "the first key is gone at last");
}
