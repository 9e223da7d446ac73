//! The people on X, who post, edit and delete without regard for anybody, and the moods of X itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amber_server::domain::{Clock, SystemClock};
use amber_server::sandbox::{Allowance, Fault, PostId, RateLimits};
use amber_tests::FakeXApi;
use tokio::time::sleep;

use crate::dice::Dice;
use crate::tally::Tally;

/// Posts on a page; bursts are longer.
const PAGE: usize = 20;

/// What each of them wrote before Amber came.
const HISTORY: std::ops::Range<usize> = 10..70;

/// Posts show up so late at most, in milliseconds; less than the overlap with which Amber reads again.
const LATEST: usize = 40_000;

/// Pages that X gives out in one window: a few fewer than the processes would like.
const TIMELINES: u32 = 300;

/// How long X counts; its own windows last a quarter of an hour.
const WINDOW: Duration = Duration::from_secs(10);

/// Requests between two faults at least.
const CALM_REQUESTS: usize = 5;

/// People, and what becomes of their posts.
pub(crate) struct Cast {
    pub(crate) x: FakeXApi,
    pub(crate) handles: Vec<String>,
    tally: Arc<Tally>,
    written: Mutex<Vec<PostId>>,
    deleted: Mutex<BTreeSet<String>>,
}

/// What X shows, and what it showed once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Truth {
    /// The first version of each post and its newest one.
    pub(crate) shown: BTreeMap<String, String>,
    /// First versions of the posts that were deleted; whether they are stored is a matter of luck.
    pub(crate) deleted: BTreeSet<String>,
}

impl Cast {
    /// People with a past.
    pub(crate) async fn gather(leaders: usize, dice: &mut Dice, tally: Arc<Tally>) -> Self {
        let x = FakeXApi::with(SystemClock, |options| {
            options.page_cap = PAGE;
            let per_window = |requests| Allowance { requests, window: WINDOW };
            options.limits =
                RateLimits { users_by: per_window(60), timeline: per_window(TIMELINES), posts: per_window(60) };
            // It is the wire that is tested elsewhere; here time matters.
            options.tap = None;
        });
        let handles = (0..leaders).map(|n| format!("leader{n}")).collect();
        let (written, deleted) = (Mutex::default(), Mutex::default());
        let cast = Self { x: x.await, handles, tally, written, deleted };
        for handle in &cast.handles {
            cast.x.add_user(handle, handle).unwrap();
            for _ in 0..dice.within(HISTORY) {
                let days = dice.millis(86_400_000..14 * 86_400_000);
                cast.post(handle, days);
            }
        }
        cast
    }

    /// Writes for ever: single posts, bursts, late ones, edits and deletions.
    pub(crate) async fn write(&self, mut dice: Dice) {
        loop {
            sleep(dice.millis(30..200)).await;
            let handle = dice.one_of(&self.handles).clone();
            match dice.below(100) {
                0..70 => self.post(&handle, Duration::ZERO),
                70..85 => self.post(&handle, dice.millis(0..LATEST)),
                85..88 => {
                    for _ in 0..dice.within(PAGE..3 * PAGE) {
                        self.post(&handle, Duration::ZERO);
                    }
                }
                88..95 => self.edit(&mut dice),
                _ => self.delete(&mut dice),
            }
        }
    }

    /// Lets X misbehave for ever, each time for one or two requests: fewer than the attempts of one call.
    pub(crate) async fn misbehave(&self, mut dice: Dice) {
        let mut last = SystemClock.now();
        loop {
            sleep(dice.millis(300..1_500)).await;
            // Faults that pile up while nobody asks would all meet one call and hold it up for a minute.
            if self.x.requests().iter().rev().take_while(|seen| seen.at > last).count() < CALM_REQUESTS {
                continue;
            }
            last = SystemClock.now();
            let fault = match dice.below(9) {
                0 => Fault::Status(503, "{}".to_owned()),
                1 => Fault::Reset,
                2 => Fault::BrokenJson,
                3 => Fault::Html,
                4 => Fault::EmptyBody,
                5 => Fault::ShortPageWithToken,
                6 => Fault::EmptyPageWithToken,
                7 => Fault::RateLimited { retry_after: Some(Duration::from_secs(1)), reset: None },
                _ => Fault::Slow(dice.millis(50..800)),
            };
            self.x.fail_next(dice.within(1..3), fault);
            self.tally.faults.add(1);
        }
    }

    /// What is true now.
    pub(crate) fn truth(&self) -> Truth {
        let posts = self.handles.iter().flat_map(|handle| self.x.posts_of(handle).unwrap());
        let shown = posts.map(|post| (post.versions[0].to_string(), post.id.to_string()));
        Truth { shown: shown.collect(), deleted: self.deleted.lock().unwrap().clone() }
    }

    fn post(&self, handle: &str, late: Duration) {
        let id = self.x.post_at(handle, format!("{handle} says so."), SystemClock.now() - late).unwrap();
        self.written.lock().unwrap().push(id);
        self.tally.posts.add(1);
    }

    fn edit(&self, dice: &mut Dice) {
        let root = *dice.one_of(&self.written.lock().unwrap());
        self.x.edit(root, "It was never said.").unwrap();
        self.tally.edits.add(1);
    }

    fn delete(&self, dice: &mut Dice) {
        let mut written = self.written.lock().unwrap();
        let index = dice.below(written.len());
        let root = written.swap_remove(index);
        self.x.delete(root).unwrap();
        self.deleted.lock().unwrap().insert(root.to_string());
        self.tally.deletions.add(1);
    }
}
