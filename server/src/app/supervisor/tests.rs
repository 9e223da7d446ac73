//! What becomes of tasks that panic, on the paused clock of the runtime.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::time::advance;

use super::*;
use crate::config::Build;
use crate::domain::{OsEntropy, SystemClock};
use crate::health::TaskCheck;

const NAME: Background = Background::Scheduler;

async fn supervisor() -> Supervisor {
    let build = Build { version: "0".into(), commit: "0".into(), build_time: "0".into() };
    let metrics = Metrics::new(&build, Arc::new(SystemClock));
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    Supervisor::new(&CancellationToken::new(), &Tasks::default(), &Serving::new().await, &metrics, &entropy)
}

/// Begins, and panics at its first `falls` beginnings; it counts them over its panics.
struct Clumsy {
    begun: Arc<AtomicU32>,
    falls: u32,
}

impl Clumsy {
    async fn run(&mut self, stop: CancellationToken) {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let falls = self.falls;
        self.falls = falls.saturating_sub(1);
        assert!(falls == 0, "a password that was in the way");
        stop.cancelled().await;
    }

    fn keep(falls: u32, supervisor: &Supervisor) -> Arc<AtomicU32> {
        let begun = Arc::new(AtomicU32::new(0));
        let clumsy = Self { begun: Arc::clone(&begun), falls };
        supervisor.keep(NAME, clumsy, |clumsy, stop| Box::pin(clumsy.run(stop)));
        begun
    }
}

/// Lets every task that can go on do so.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_panics_is_told_counted_and_started_again() {
    let supervisor = supervisor().await;
    let begun = Clumsy::keep(2, &supervisor);
    settle().await;
    assert_eq!(begun.load(Ordering::SeqCst), 1);
    assert_eq!(supervisor.tasks.check(), TaskCheck { down: [NAME].into(), restarts: 0 });

    advance(Duration::from_secs(1)).await;
    settle().await;
    assert_eq!(begun.load(Ordering::SeqCst), 2);
    assert_eq!(supervisor.tasks.check(), TaskCheck { down: [NAME].into(), restarts: 1 });

    advance(Duration::from_millis(900)).await;
    settle().await;
    assert_eq!(begun.load(Ordering::SeqCst), 2, "the second pause is at least a second");
    advance(Duration::from_millis(1_100)).await;
    settle().await;
    assert_eq!(begun.load(Ordering::SeqCst), 3);
    assert_eq!(supervisor.tasks.check(), TaskCheck { restarts: 2, ..TaskCheck::default() });
    let text = supervisor.metrics.render();
    assert!(text.contains("amber_background_task_panics_total{task=\"scheduler\"} 2"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_panics_at_every_start_is_tried_once_a_minute() {
    let supervisor = supervisor().await;
    let begun = Clumsy::keep(u32::MAX, &supervisor);
    for _ in 0..3_600 {
        settle().await;
        advance(Duration::from_secs(1)).await;
    }
    let tries = begun.load(Ordering::SeqCst);
    assert!((60..=135).contains(&tries), "{tries} in an hour");
    assert!(supervisor.tasks.check().down.contains(&NAME));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_started_again_once_the_process_stops() {
    let supervisor = supervisor().await;
    let begun = Clumsy::keep(1, &supervisor);
    settle().await;
    supervisor.stop.cancel();
    supervisor.tracker.close();
    supervisor.tracker.wait().await;
    assert_eq!(begun.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_without_which_nothing_goes_ends_the_process() {
    let supervisor = supervisor().await;
    supervisor.need(Background::Upkeep, async {});
    settle().await;
    assert!(supervisor.lost.task().now_or_never().is_none(), "an orderly end is none");
    supervisor.need(Background::Listener, async { panic!("the port is gone") });
    assert_eq!(supervisor.lost.task().await, Background::Listener);
    assert!(supervisor.tasks.check().down.contains(&Background::Listener));
}
