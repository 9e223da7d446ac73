//! Nothing is lost and nothing is doubled, whatever X does and wherever a run is cut.

use std::time::Duration;

use tokio::runtime::Builder;

use super::history::{Between, Plan, nothing_between};
use super::hostile::Torture;
use super::mutants;
use super::stage::stage;
use crate::config::{Env, ProcessEnv};

const THREADS: u64 = 2;

/// Histories of the test; `AMBER_SEEDS` plays more.
fn seeds() -> u64 {
    let wanted = ProcessEnv.get("AMBER_SEEDS").and_then(|text| text.parse().ok());
    wanted.unwrap_or(1_000)
}

/// Plays every history whose seed leaves `rest` when it is divided by the number of the threads.
async fn play(rest: u64) {
    let (stage, _) = stage().await;
    for seed in (0..seeds()).filter(|seed| seed % THREADS == rest) {
        let ending = Plan::of(seed).play(&stage, nothing_between).await;
        assert!(ending.is_settled && ending.lost.is_empty(), "seed {seed}: {ending:?}");
    }
}

#[test]
fn no_history_loses_or_doubles_a_post() {
    std::thread::scope(|scope| {
        for rest in 0..THREADS {
            scope.spawn(move || Builder::new_current_thread().enable_all().build().unwrap().block_on(play(rest)));
        }
    });
}

/// In how many of 200 histories a mutant loses posts.
async fn losing(between: Between, change: fn(&mut Plan)) -> usize {
    let (stage, _) = stage().await;
    let mut losing = 0;
    for seed in 0..200 {
        let mut plan = Plan::of(seed);
        plan.deep_every = None;
        change(&mut plan);
        losing += usize::from(!plan.play(&stage, between).await.lost.is_empty());
    }
    losing
}

#[tokio::test]
async fn a_walk_that_moves_its_lower_bound_page_by_page_is_found_out() {
    let losing = losing(mutants::since_by_page, |_| {}).await;
    assert!(losing > 150, "{losing} of 200 histories");
}

#[tokio::test]
async fn a_walk_that_keeps_the_next_token_is_found_out() {
    let losing = losing(mutants::stored_token, |plan| plan.torture.expires = true).await;
    assert!(losing > 100, "{losing} of 200 histories");
}

#[tokio::test]
async fn a_walk_that_takes_a_short_page_for_the_last_one_is_found_out() {
    let losing = losing(mutants::short_is_last, |plan| plan.torture.short = true).await;
    assert!(losing > 100, "{losing} of 200 histories");
}

#[tokio::test]
async fn a_walk_that_does_not_look_back_is_found_out() {
    let losing = losing(nothing_between, |plan| {
        plan.torture.late = true;
        plan.overlap = Duration::ZERO;
    });
    let losing = losing.await;
    assert!(losing > 100, "{losing} of 200 histories");
}

/// In how many of 200 histories posts are missing after X wrongly said "nothing more" in 20 of 100 answers.
async fn losing_by_wrong_ends(deep_every: Option<Duration>) -> usize {
    let (stage, _) = stage().await;
    let mut losing = 0;
    for seed in 0..200 {
        let plan = Plan::of(seed);
        let torture = Torture { wrong_ends: 20, late: false, ..plan.torture };
        // The usual overlap would hide most of the damage.
        let plan = Plan { torture, deep_every, overlap: Duration::from_mins(1), backfills: false, ..plan };
        losing += usize::from(!plan.play(&stage, nothing_between).await.lost.is_empty());
    }
    losing
}

#[tokio::test]
async fn the_look_from_far_back_finds_what_wrong_ends_hid() {
    let without = losing_by_wrong_ends(None).await;
    assert!(without > 20, "without it {without} of 200 histories lose posts");
    assert_eq!(losing_by_wrong_ends(Some(Duration::from_hours(24))).await, 0);
}
