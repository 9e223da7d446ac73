//! Lines of the audit: written together, in time or not at all, and none forgotten at the end.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::*;
use crate::config::Build;
use crate::domain::{AuditAction, AuditEvent};
use crate::store::{self, AuditFilter, EmbedAudit};
use crate::telemetry::Metrics;

/// Writes a batch whenever it is let to.
struct Slow {
    batches: Mutex<Vec<usize>>,
    turns: Semaphore,
    fails: AtomicBool,
}

impl Slow {
    fn new(turns: usize) -> Arc<Self> {
        Arc::new(Self { batches: Mutex::default(), turns: Semaphore::new(turns), fails: AtomicBool::new(false) })
    }

    fn batches(&self) -> Vec<usize> {
        self.batches.lock().unwrap().clone()
    }
}

#[async_trait]
impl EmbedAudit for Slow {
    async fn append(&self, events: &[AuditEvent]) -> Result<(), store::Error> {
        self.turns.acquire().await.unwrap().forget();
        if self.fails.load(Ordering::Relaxed) {
            return Err(store::Error::Unavailable { source: "down".into() });
        }
        self.batches.lock().unwrap().push(events.len());
        Ok(())
    }

    async fn events(&self, _: &AuditFilter, _: Option<i64>, _: u32) -> Result<Vec<(i64, AuditEvent)>, store::Error> {
        Ok(Vec::new())
    }

    async fn purge_events(&self, _: Timestamp) -> Result<u64, store::Error> {
        Ok(0)
    }
}

fn log(store: &Arc<Slow>) -> (AuditLog, AuditWriter, Metrics) {
    let build = Build { version: String::new(), commit: String::new(), build_time: String::new() };
    let metrics = Metrics::new(&build, HandClock::new());
    let (log, writer) = AuditLog::new(store.clone(), metrics.clone());
    (log, writer, metrics)
}

fn line() -> AuditEvent {
    let claims = issuer(&HandClock::new()).issue(request(), &registered()).unwrap().claims;
    event(Timestamp::UNIX_EPOCH, AuditAction::Issued, &claims, None, None)
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_written_together_and_everybody_is_answered() {
    let store = Slow::new(0);
    let (log, mut writer, _) = log(&store);
    let work = async {
        let first = log.record(line());
        let rest = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            let more = async {
                tokio::time::sleep(Duration::from_millis(10)).await;
                store.turns.add_permits(2);
            };
            tokio::join!(log.record(line()), log.record(line()), log.record(line()), more)
        };
        let (first, (a, b, c, ())) = tokio::join!(first, rest);
        assert_eq!([first, a, b, c], [Ok(()); 4]);
        drop(log);
    };
    tokio::join!(writer.run(), work);
    assert_eq!(store.batches(), [1, 3], "one statement for all that came meanwhile");
}

#[tokio::test(start_paused = true)]
async fn among_many_callers_a_line_waits_a_moment_for_the_next_ones() {
    let store = Slow::new(9);
    let (log, mut writer, _) = log(&store);
    let work = async {
        let (a, b) = tokio::join!(log.record(line()), log.record(line()));
        let late = async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            log.record(line()).await
        };
        let (c, d) = tokio::join!(log.record(line()), late);
        assert_eq!([a, b, c, d], [Ok(()); 4]);
        drop(log);
    };
    tokio::join!(writer.run(), work);
    assert_eq!(store.batches(), [2, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_is_alone_waits_for_nobody() {
    let store = Slow::new(9);
    let (log, mut writer, _) = log(&store);
    let work = async {
        let crowd = tokio::join!(log.record(line()), log.record(line()));
        assert_eq!(crowd, (Ok(()), Ok(())));
        assert_eq!(log.record(line()).await, Ok(()), "the crowd may go on");
        let started = tokio::time::Instant::now();
        for _ in 0..3 {
            assert_eq!(log.record(line()).await, Ok(()));
        }
        assert_eq!(started.elapsed(), Duration::ZERO);
        drop(log);
    };
    tokio::join!(writer.run(), work);
    assert_eq!(store.batches(), [2, 1, 1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_line_that_cannot_be_written_is_told_in_time() {
    let store = Slow::new(1);
    store.fails.store(true, Ordering::Relaxed);
    let (log, mut writer, _) = log(&store);
    let work = async {
        assert_eq!(log.record(line()).await, Err(NotWritten), "the database refuses");
        let started = tokio::time::Instant::now();
        assert_eq!(log.record(line()).await, Err(NotWritten), "the database does not answer");
        assert_eq!(started.elapsed(), Duration::from_secs(2));
        store.fails.store(false, Ordering::Relaxed);
        store.turns.add_permits(1);
        assert_eq!(log.record(line()).await, Ok(()), "all is well again");
        drop(log);
    };
    tokio::join!(writer.run(), work);
    assert_eq!(store.batches(), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_line_that_nobody_waits_for_any_more_is_not_written() {
    let store = Slow::new(0);
    let (log, mut writer, _) = log(&store);
    let work = async {
        let impatient = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            let line = log.record(line());
            assert!(tokio::time::timeout(Duration::from_millis(20), line).await.is_err());
            store.turns.add_permits(2);
        };
        let (first, ()) = tokio::join!(log.record(line()), impatient);
        assert_eq!((first, log.record(line()).await), (Ok(()), Ok(())));
        drop(log);
    };
    tokio::join!(work, writer.run());
    assert_eq!(store.batches(), [1, 1], "the first line and the last");
}

#[tokio::test]
async fn refusals_leave_room_for_those_who_wait_and_what_is_lost_is_counted() {
    let store = Slow::new(9);
    let (log, mut writer, metrics) = log(&store);
    for _ in 0..600 {
        log.note(line());
    }
    assert!(metrics.render().contains("amber_embed_audit_lost_total 88\n"), "half of 1,024 places are kept");
    let work = async {
        assert_eq!(log.record(line()).await, Ok(()));
        drop(log);
    };
    tokio::join!(work, writer.run());
    assert_eq!(store.batches(), [513]);
}
