//! A random history of one leader: posts come and go, runs are cut at any point, and at the end nothing may be missing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::chance::Chance;
use super::hostile::{Hostile, Torture};
use super::shelf::Shelf;
use super::stage::{Errand, Stage, Walking, cut};
use crate::ingestion::walk::timeline::Timeline;
use crate::store::{Ingest, StreamKind};

/// How a history is to be played.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) torture: Torture,
    pub(super) overlap: Duration,
    pub(super) deep_every: Option<Duration>,
    /// Some runs read older posts as well; the last ones always do.
    pub(super) backfills: bool,
}

/// How a history ended.
#[derive(Debug)]
pub(super) struct Ending {
    /// Posts that can be seen and are not stored.
    pub(super) lost: BTreeSet<i64>,
    /// Nothing is left to do.
    pub(super) is_settled: bool,
}

/// What is between the walk and its two partners; by this mutants get in.
pub(super) type Between = fn(Hostile, Shelf) -> (Arc<dyn Timeline>, Arc<dyn Ingest>);

pub(super) fn nothing_between(x: Hostile, kept_in: Shelf) -> (Arc<dyn Timeline>, Arc<dyn Ingest>) {
    (Arc::new(x), Arc::new(kept_in))
}

impl Plan {
    /// Everything that the algorithm promises to stand.
    pub(super) fn of(seed: u64) -> Self {
        let mut chance = Chance::new(!seed);
        let torture = Torture {
            late: chance.percent(80),
            deletes: chance.percent(80),
            expires: chance.percent(80),
            shifts: chance.percent(50),
            short: chance.percent(80),
            inclusive: chance.percent(30),
            fails: chance.percent(50),
            wrong_ends: 0,
        };
        let deep_every = chance.percent(30).then_some(Duration::from_hours(1));
        Self { seed, torture, overlap: Duration::from_hours(1), deep_every, backfills: true }
    }

    /// Plays the history and tells how it ended.
    pub(super) async fn play(self, stage: &Stage, between: Between) -> Ending {
        let kept_in = Shelf::default();
        let mut stage = stage.again(Arc::new(kept_in.clone()));
        let x = Hostile::new(self.seed, self.torture, stage.clock.clone());
        let (timeline, ingest) = between(x.clone(), kept_in.clone());
        stage.deps.ingest = ingest;
        stage.deps.settings.overlap = self.overlap;
        stage.deps.settings.deep_every = self.deep_every;
        let mut chance = Chance::new(self.seed.wrapping_add(1 << 32));
        self.live(&stage, &x, &timeline, &kept_in, &mut chance).await;
        let is_settled = self.settle(&stage, &x, &timeline, &kept_in).await;
        let kept = kept_in.kept();
        assert!(kept.counters.balances(), "seed {}", self.seed);
        assert_eq!(kept.counters.inserted, kept.posts.len() as u64, "seed {}: a post was counted twice", self.seed);
        let lost = x.world().visible().filter(|id| !kept.posts.contains(id)).collect();
        Ending { lost, is_settled }
    }

    async fn live(
        self,
        stage: &Stage,
        x: &Hostile,
        timeline: &Arc<dyn Timeline>,
        kept_in: &Shelf,
        chance: &mut Chance,
    ) {
        let mut frozen: Option<Walking> = None;
        post_some(x, stage, chance, 40);
        for _ in 0..25 {
            post_some(x, stage, chance, 6);
            stage.clock.turn(Duration::from_mins(chance.below(10)));
            let errand = Errand {
                limit: chance.percent(60).then(|| u32::try_from(chance.below(30)).unwrap() + 1),
                backfill: chance.percent(15) && self.backfills,
                dry_run: chance.percent(3),
            };
            let mut walking = stage.walk(timeline.clone(), kept_in.lease(), errand);
            let polls = if chance.percent(60) { chance.below(60) } else { u64::MAX };
            let is_over = cut(&mut walking, polls).await.is_some();
            // A worker that stood still while another one took over wakes up.
            if let Some(mut late) = frozen.take() {
                cut(&mut late, u64::MAX).await;
            }
            frozen = (!is_over && chance.percent(25)).then_some(walking);
        }
    }

    /// Everything becomes visible, X calms down, and runs go on until nothing is left to do.
    async fn settle(self, stage: &Stage, x: &Hostile, timeline: &Arc<dyn Timeline>, kept_in: &Shelf) -> bool {
        x.world().quiet = true;
        stage.clock.turn(Duration::from_hours(2) + self.deep_every.unwrap_or_default());
        let errand = Errand { backfill: true, ..Errand::default() };
        for _ in 0..20 {
            let walking = stage.walk(timeline.clone(), kept_in.lease(), errand);
            let (_, outcome) = walking.await;
            let is_done = outcome.is_ok()
                && [StreamKind::Posts, StreamKind::Backfill].map(|kind| kept_in.checkpoint(kind).gaps.len()) == [0, 0];
            if is_done {
                return true;
            }
        }
        false
    }
}

fn post_some(x: &Hostile, stage: &Stage, chance: &mut Chance, most: u64) {
    for _ in 0..chance.below(most + 1) {
        stage.clock.turn(Duration::from_secs(chance.below(120)));
        x.world().post();
    }
}
