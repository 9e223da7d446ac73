//! The same histories on a real database, cut at any await: also inside a transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::chance::Chance;
use super::history::Plan;
use super::hostile::Hostile;
use super::stage::{Stage, cut};
use crate::domain::{FeedFilter, LeaderId, NewLeader, RunCounters, RunTrigger};
use crate::store::{Claim, Leaders, Posts, RunRequest, Runs, TaskEnd, Want, Work, WorkerId};

/// The next task, by a worker of its own: that of a run that was cut, or of a new one.
async fn claim(stage: &Stage, leader: LeaderId, backfill: bool) -> Claim {
    let request = RunRequest { trigger: RunTrigger::Manual, backfill, dry_run: false, leaders: vec![leader] };
    stage.store.release_orphans().await.unwrap();
    stage.store.open_run(&request).await.unwrap();
    let want = Want { tasks: 1, everywhere: 1, ttl: Duration::from_secs(20) };
    let worker = WorkerId(Uuid::from_u128(u128::from(stage.clock.ms().unsigned_abs())));
    stage.store.claim(worker, want).await.unwrap().remove(0)
}

/// Reads until nothing is left or the walk is cut after `polls`.
async fn walk(stage: &Stage, x: &Hostile, claim: Claim, limit: Option<u32>, polls: u64) -> bool {
    let mut walking = stage.walk_for(Arc::new(x.clone()), claim.clone(), limit, Duration::from_hours(1));
    let Some((_, outcome)) = cut(&mut walking, polls).await else { return false };
    drop(walking);
    let end = TaskEnd { error: None, dry_counters: RunCounters::default() };
    stage.store.end_task(&claim, &end).await.unwrap();
    outcome.is_ok()
}

/// How often each post is stored.
async fn stored(stage: &Stage) -> BTreeMap<i64, u32> {
    let (mut stored, mut after) = (BTreeMap::new(), None);
    loop {
        let page = stage.store.page(&FeedFilter::default(), after, FeedFilter::MAX_PAGE_SIZE).await.unwrap();
        for post in page.posts {
            *stored.entry(post.external_id.parse().unwrap()).or_default() += 1;
        }
        after = page.next;
        if after.is_none() {
            return stored;
        }
    }
}

#[tokio::test]
async fn a_database_that_is_left_at_any_point_loses_and_doubles_nothing() {
    for seed in 0..8 {
        let plan = Plan::of(seed);
        let stage = Stage::new(None).await;
        let x = Hostile::new(seed, plan.torture, stage.clock.clone());
        let handles = BTreeMap::from([("x".to_owned(), "ada".to_owned())]);
        let new = NewLeader { name: "Ada".to_owned(), handles, tracking_topics: Vec::new() };
        let leader = stage.store.create(new).await.unwrap().id;
        let mut chance = Chance::new(seed);
        for _ in 0..15 {
            for _ in 0..chance.below(15) {
                stage.clock.turn(Duration::from_secs(chance.below(120)));
                x.world().post();
            }
            stage.clock.turn(Duration::from_mins(chance.below(10)));
            let claim = claim(&stage, leader, chance.percent(20)).await;
            let limit = chance.percent(60).then(|| u32::try_from(chance.below(30)).unwrap() + 1);
            walk(&stage, &x, claim, limit, chance.below(300)).await;
        }
        x.world().quiet = true;
        stage.clock.turn(Duration::from_hours(2));
        // The first of these may only end what was cut.
        for _ in 0..20 {
            let claim = claim(&stage, leader, true).await;
            walk(&stage, &x, claim, None, u64::MAX).await;
        }
        let stored = stored(&stage).await;
        let lost: BTreeSet<i64> = x.world().visible().filter(|id| !stored.contains_key(id)).collect();
        assert!(lost.is_empty(), "seed {seed} lost {lost:?}");
        assert!(stored.len() > 20 && stored.values().all(|times| *times == 1), "seed {seed}: {stored:?}");
    }
}
