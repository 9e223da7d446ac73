//! Gaps that cannot be closed: they wait a day, hold nothing up, and are given up.

use std::time::Duration;

use super::hostile::page;
use super::rules::{end, id, token};
use super::scripted::{Scripted, refused};
use super::shelf::Shelf;
use super::stage::{Errand, Stage, stage};
use crate::domain::GivenUp;
use crate::ingestion::walk::Stop;
use crate::store::StreamKind;

const ERRAND: Errand = Errand { limit: None, backfill: false, dry_run: false };
const DAY: Duration = Duration::from_hours(24);

/// A stage whose stream has a gap below the post of minute 80, at which the limit was spent.
async fn with_a_gap() -> (Stage, Shelf) {
    let (mut stage, shelf) = stage().await;
    stage.deps.settings.deep_every = None;
    stage.walk(Scripted::new([Ok(page(&[id(0)], None))]), shelf.lease(), ERRAND).await.1.unwrap();
    let errand = Errand { limit: Some(1), ..ERRAND };
    let x = Scripted::new([Ok(page(&[id(80)], token("a")))]);
    stage.walk(x, shelf.lease(), errand).await.1.unwrap();
    assert_eq!(shelf.checkpoint(StreamKind::Posts).gaps.len(), 1);
    (stage, shelf)
}

#[tokio::test]
async fn a_stuck_gap_does_not_hold_up_the_others() {
    let (stage, shelf) = with_a_gap().await;
    // The head opens a second gap; the first one is refused, the second one is closed.
    let x = Scripted::new([Ok(page(&[id(300)], None)), refused(), Ok(page(&[id(290)], None)), Ok(end())]);
    let (_, outcome) = stage.walk(x, shelf.lease(), ERRAND).await;
    assert!(matches!(outcome, Err(Stop::X(_))), "the leader is not read to the end: {outcome:?}");
    let checkpoint = shelf.checkpoint(StreamKind::Posts);
    assert_eq!(checkpoint.gaps.len(), 1);
    assert!(checkpoint.gaps[0].stuck_since.is_some() && checkpoint.gaps[0].cursor == id(80));
    assert!(shelf.kept().posts.contains(&id(290)));
}

#[tokio::test]
async fn a_gap_that_is_stuck_for_a_day_is_given_up_and_the_mark_rises() {
    let (stage, shelf) = with_a_gap().await;
    for _ in 0..2 {
        stage.walk(Scripted::new([Ok(end()), refused()]), shelf.lease(), ERRAND).await.1.unwrap_err();
        stage.clock.turn(DAY / 2);
    }
    assert_eq!(shelf.checkpoint(StreamKind::Posts).high_water, Some(id(0) - 1));
    stage.walk(Scripted::new([Ok(end()), refused()]), shelf.lease(), ERRAND).await.1.unwrap();
    let checkpoint = shelf.checkpoint(StreamKind::Posts);
    assert_eq!((checkpoint.gaps.len(), checkpoint.high_water), (0, Some(id(80))));
    let lost = checkpoint.unreachable[0];
    assert_eq!((lost.lo, lost.hi, lost.reason), (id(-60), id(80), GivenUp::Stuck));
    let metrics = stage.deps.metrics.render();
    assert!(metrics.contains(r#"amber_ingestion_unreachable_gaps_total{reason="stuck"} 1"#), "{metrics}");
}

#[tokio::test]
async fn a_gap_that_moves_again_is_not_given_up() {
    let (stage, shelf) = with_a_gap().await;
    stage.walk(Scripted::new([Ok(end()), refused()]), shelf.lease(), ERRAND).await.1.unwrap_err();
    stage.clock.turn(DAY / 2);
    let x = Scripted::new([Ok(end()), Ok(page(&[id(70)], None)), refused()]);
    stage.walk(x, shelf.lease(), ERRAND).await.1.unwrap_err();
    stage.clock.turn(DAY / 2);
    stage.walk(Scripted::new([Ok(end()), refused()]), shelf.lease(), ERRAND).await.1.unwrap_err();
    assert_eq!(shelf.checkpoint(StreamKind::Posts).unreachable, []);
}

#[tokio::test]
async fn a_day_without_amber_does_not_give_up_a_gap() {
    let (stage, shelf) = with_a_gap().await;
    stage.clock.turn(DAY * 30);
    stage.walk(Scripted::new([Ok(end()), refused()]), shelf.lease(), ERRAND).await.1.unwrap_err();
    assert_eq!(shelf.checkpoint(StreamKind::Posts).gaps.len(), 1);
}

#[tokio::test]
async fn posts_of_elsewhere_do_not_close_a_gap() {
    let (stage, shelf) = with_a_gap().await;
    let x = Scripted::new([Ok(end()), Ok(page(&[id(500)], None))]);
    let (_, outcome) = stage.walk(x, shelf.lease(), ERRAND).await;
    assert!(matches!(outcome, Err(Stop::Nowhere(_))), "{outcome:?}");
    assert!(shelf.checkpoint(StreamKind::Posts).gaps[0].stuck_since.is_some());
}

#[tokio::test]
async fn empty_pages_without_end_leave_a_gap_stuck() {
    let (stage, shelf) = with_a_gap().await;
    let endless = (0..32).map(|_| Ok(page(&[], token("a"))));
    let x = Scripted::new([Ok(end())].into_iter().chain(endless));
    let (_, outcome) = stage.walk(x, shelf.lease(), ERRAND).await;
    assert!(matches!(outcome, Err(Stop::Nowhere(32))), "{outcome:?}");
    assert!(shelf.checkpoint(StreamKind::Posts).gaps[0].stuck_since.is_some());
}

#[tokio::test]
async fn a_gap_that_ends_below_what_x_gives_is_given_up_at_once() {
    let (stage, shelf) = with_a_gap().await;
    shelf.kept().others = 3_100;
    stage.walk(Scripted::new([Ok(end()), Ok(end())]), shelf.lease(), ERRAND).await.1.unwrap();
    let checkpoint = shelf.checkpoint(StreamKind::Posts);
    assert_eq!((checkpoint.gaps.len(), checkpoint.unreachable[0].reason), (0, GivenUp::Limit));
    assert_eq!(checkpoint.high_water, Some(id(80)));
}
