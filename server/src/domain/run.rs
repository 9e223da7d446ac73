//! One round of ingestion and what it counted.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

/// Names a run; a UUID of version 7, so that ids sort by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub Uuid);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RunId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Why a run started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunTrigger {
    /// Its time had come.
    Schedule,
    /// Somebody asked for it.
    Manual,
    /// Somebody asked for one leader's posts.
    Refresh,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunStatus {
    /// Nobody has begun with it.
    Queued,
    /// Under way.
    Running,
    /// Every leader was read.
    Succeeded,
    /// Some leaders could not be read; `error` tells the first reason.
    Partial,
    /// No leader could be read.
    Failed,
    /// Somebody ended it; what was stored stays.
    Cancelled,
}

macro_rules! names {
    ($type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            /// The name in the store and in answers.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// Reads the name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

names!(RunTrigger { Schedule = "schedule", Manual = "manual", Refresh = "refresh" });
names!(RunStatus {
    Queued = "queued",
    Running = "running",
    Succeeded = "succeeded",
    Partial = "partial",
    Failed = "failed",
    Cancelled = "cancelled",
});

/// What a run or a page counted. Every fetched record is in exactly one of the other five counts:
/// `fetched = inserted + updated + unchanged + quarantined + duplicates`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunCounters {
    /// Records that X returned.
    pub fetched: u64,
    /// Posts that were new.
    pub inserted: u64,
    /// Posts whose content had changed.
    pub updated: u64,
    /// Posts that were known and equal.
    pub unchanged: u64,
    /// Records that were no valid post.
    pub quarantined: u64,
    /// Records that came twice in one page.
    pub duplicates: u64,
    /// Pages that were stored.
    pub pages: u64,
}

impl RunCounters {
    /// Adds the counts of a page.
    pub fn add(&mut self, page: Self) {
        self.fetched += page.fetched;
        self.inserted += page.inserted;
        self.updated += page.updated;
        self.unchanged += page.unchanged;
        self.quarantined += page.quarantined;
        self.duplicates += page.duplicates;
        self.pages += page.pages;
    }

    /// Whether every fetched record is accounted for.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.fetched == self.inserted + self.updated + self.unchanged + self.quarantined + self.duplicates
    }
}

impl RunStatus {
    /// Whether nothing will change any more.
    #[must_use]
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// One round of ingestion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Which run.
    pub id: RunId,
    /// Why it started.
    pub trigger: RunTrigger,
    /// How far it is.
    pub status: RunStatus,
    /// It reads older posts, not the newest.
    pub backfill: bool,
    /// It stores nothing.
    pub dry_run: bool,
    /// The tick of the schedule that it belongs to.
    pub tick: Option<Timestamp>,
    /// Grows with every change, so that a watcher knows what it has seen.
    pub seq: u64,
    /// Somebody asked it to end.
    pub cancel_requested: bool,
    /// When it was asked for.
    pub started_at: Timestamp,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// What it counted so far.
    pub counters: RunCounters,
    /// Leaders to read.
    pub leaders_total: u32,
    /// Leaders already read or given up.
    pub leaders_done: u32,
    /// Leaders that could not be read.
    pub leaders_failed: u32,
    /// The first reason why a leader could not be read.
    pub error: Option<String>,
}
