//! The daily look from far back.

use std::time::Duration;

use super::hostile::page;
use super::rules::{end, id, token};
use super::scripted::Scripted;
use super::stage::{Errand, cut, stage};
use crate::store::StreamKind;

const DAY_MINUTES: i64 = 24 * 60;

#[tokio::test]
async fn once_a_day_the_head_is_asked_for_from_a_day_back() {
    let (stage, shelf) = stage().await;
    stage.clock.turn(Duration::from_hours(50));
    let errand = Errand::default();
    stage.walk(Scripted::new([Ok(page(&[id(3_000), id(0)], None))]), shelf.lease(), errand).await.1.unwrap();

    let mut asked = Vec::new();
    for hours in [1, 22, 1, 1, 23] {
        stage.clock.turn(Duration::from_hours(hours));
        let x = Scripted::new([Ok(page(&[id(3_000)], None)), Ok(end())]);
        stage.walk(x.clone(), shelf.lease(), errand).await.1.unwrap();
        asked.push(x.asked()[0].0.unwrap());
    }
    let (near, far) = (id(3_000 - 60), id(3_000 - DAY_MINUTES));
    assert_eq!(asked, [near, near, far, near, far]);
}

#[tokio::test]
async fn a_look_that_was_cut_before_its_page_was_stored_is_repeated() {
    let (stage, shelf) = stage().await;
    stage.clock.turn(Duration::from_hours(50));
    let errand = Errand::default();
    stage.walk(Scripted::new([Ok(page(&[id(3_000), id(0)], None))]), shelf.lease(), errand).await.1.unwrap();
    stage.clock.turn(Duration::from_hours(24));
    let far = Some(id(3_000 - DAY_MINUTES));

    let x = Scripted::new([Ok(page(&[id(3_000)], token("a")))]);
    let mut walking = stage.walk(x.clone(), shelf.lease(), errand);
    while x.calls() == 0 {
        assert!(cut(&mut walking, 1).await.is_none());
    }
    drop(walking);
    assert_eq!(x.asked()[0].0, far);

    let x = Scripted::new([Ok(page(&[id(3_000)], None)), Ok(end())]);
    stage.walk(x.clone(), shelf.lease(), errand).await.1.unwrap();
    assert_eq!(x.asked()[0].0, far);
    assert!(shelf.checkpoint(StreamKind::Posts).deep_at.is_some());
}

#[tokio::test]
async fn the_look_can_be_switched_off() {
    let (mut stage, shelf) = stage().await;
    stage.deps.settings.deep_every = None;
    let errand = Errand::default();
    stage.walk(Scripted::new([Ok(page(&[id(3_000), id(0)], None))]), shelf.lease(), errand).await.1.unwrap();
    stage.clock.turn(Duration::from_hours(240));
    let x = Scripted::new([Ok(end())]);
    stage.walk(x.clone(), shelf.lease(), errand).await.1.unwrap();
    assert_eq!(x.asked()[0].0, Some(id(3_000 - 60)));
}
