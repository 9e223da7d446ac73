//! What happened in a storm.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, interval};

/// Counts, added to by everybody.
#[derive(Debug)]
pub(crate) struct Tally {
    started: Instant,
    pub(crate) kills: Count,
    pub(crate) freezes: Count,
    /// Connections to the database cut or stalled.
    pub(crate) cuts: Count,
    /// Restarts of the database.
    pub(crate) crashes: Count,
    pub(crate) faults: Count,
    pub(crate) posts: Count,
    pub(crate) edits: Count,
    pub(crate) deletions: Count,
    /// Runs that were asked for and granted.
    pub(crate) triggers: Count,
}

/// A number that grows.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

/// How often the tally is shown.
const PACE: Duration = Duration::from_secs(5);

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            kills: Count::default(),
            freezes: Count::default(),
            cuts: Count::default(),
            crashes: Count::default(),
            faults: Count::default(),
            posts: Count::default(),
            edits: Count::default(),
            deletions: Count::default(),
            triggers: Count::default(),
        }
    }

    /// Shows the tally on standard error, again and again.
    pub(crate) async fn show(&self, what: &str) {
        let mut pace = interval(PACE);
        loop {
            pace.tick().await;
            eprintln!("{what}: {self}");
        }
    }
}

impl Count {
    pub(crate) fn add(&self, more: usize) {
        self.0.fetch_add(more.try_into().expect("64 bits hold it"), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} s, {} kills, {} freezes, {} cuts, {} restarts of the database, {} faults of X, {} runs asked for, \
             {} posts, {} edits, {} deletions",
            self.started.elapsed().as_secs(),
            self.kills.get(),
            self.freezes.get(),
            self.cuts.get(),
            self.crashes.get(),
            self.faults.get(),
            self.triggers.get(),
            self.posts.get(),
            self.edits.get(),
            self.deletions.get(),
        )
    }
}
