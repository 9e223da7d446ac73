//! More posts than one run may read: what is left is found later.

use std::time::Duration;

use amber_server::sandbox::Fault;
use amber_tests::Backend;

use crate::stage::{Stage, on_both_databases, succeeded};

on_both_databases! {
    what_does_not_fit_into_a_run_is_read_by_the_next_ones,
    a_page_that_is_short_or_empty_is_no_end,
    a_post_that_becomes_visible_late_is_found,
    a_deletion_during_the_walk_takes_no_other_post_along,
    repeated_backfills_reach_the_first_post,
    a_leader_whose_timeline_is_empty_at_first_loses_nothing_later,
}

/// A server that reads five posts per leader and run.
async fn slow_reader(backend: Backend) -> Option<Stage> {
    Stage::with(backend, |builder| builder.env("X_INGEST_LIMIT", "5").env("X_BACKFILL_COUNT", "10")).await
}

async fn what_does_not_fit_into_a_run_is_read_by_the_next_ones(backend: Backend) {
    let Some(stage) = slow_reader(backend).await else { return };
    stage.add("ada").await;
    stage.write("ada", 3);
    assert_eq!(succeeded(&stage.run().await).inserted, 3);
    stage.advance(Duration::from_hours(2));
    stage.write("ada", 23);
    assert_eq!(succeeded(&stage.run().await).inserted, 5);
    assert_eq!(stage.status().await.leaders[0].gaps, 1);

    stage.advance(Duration::from_hours(2));
    let newest = *stage.write("ada", 13).last().unwrap();
    assert_eq!(succeeded(&stage.run().await).inserted, 5);
    assert_eq!(stage.status().await.leaders[0].gaps, 2, "the old gap waits below the new one");
    assert!(stage.run_dry().await >= 5, "no run takes more than its limit");
    stage.assert_complete(&["ada"]).await;
    let leader = stage.status().await.leaders.remove(0);
    assert_eq!((leader.gaps, leader.high_water_mark), (0, newest.to_string()));

    assert_eq!(succeeded(&stage.run().await).inserted, 0);
    stage.assert_complete(&["ada"]).await;
}

async fn a_page_that_is_short_or_empty_is_no_end(backend: Backend) {
    let set = |builder: amber_tests::Builder| builder.env("X_INGEST_LIMIT", "50").env("X_INGEST_OVERLAP_MINUTES", "0");
    let Some(stage) = Stage::with(backend, set).await else { return };
    stage.add("ada").await;
    stage.write("ada", 12);
    stage.x.fail_next(2, Fault::EmptyPageWithToken);
    stage.x.fail_next(1, Fault::ShortPageWithToken);
    assert_eq!(succeeded(&stage.run().await).inserted, 12, "the first read goes on behind such pages");
    for fault in [Fault::EmptyPageWithToken, Fault::ShortPageWithToken] {
        stage.advance(Duration::from_hours(2));
        stage.write("ada", 12);
        stage.x.fail_next(4, fault);
        stage.run_dry().await;
        stage.assert_complete(&["ada"]).await;
    }
}

async fn a_post_that_becomes_visible_late_is_found(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    stage.write("ada", 2);
    succeeded(&stage.run().await);
    stage.advance(Duration::from_mins(50));
    stage.write("ada", 1);
    succeeded(&stage.run().await);
    let half_an_hour_ago = amber_server::domain::Clock::now(&stage.server.clock) - Duration::from_mins(30);
    stage.x.post_at("ada", "Held back for a while.", half_an_hour_ago).unwrap();
    assert_eq!(succeeded(&stage.run().await).inserted, 1);
    stage.assert_complete(&["ada"]).await;
}

async fn a_deletion_during_the_walk_takes_no_other_post_along(backend: Backend) {
    let Some(stage) = slow_reader(backend).await else { return };
    stage.add("ada").await;
    stage.write("ada", 1);
    succeeded(&stage.run().await);
    stage.advance(Duration::from_hours(2));
    let written = stage.write("ada", 20);
    assert_eq!(succeeded(&stage.run().await).inserted, 5);
    // The oldest of the page, from which the walk goes on, and the next one below it, which is not stored yet.
    let (stored, unread) = (written[15], written[14]);
    stage.x.delete(stored).unwrap();
    stage.x.delete(unread).unwrap();
    stage.run_dry().await;
    let mut kept: Vec<_> = stage.stored().await.into_iter().map(|post| post.external_id).collect();
    let deleted = kept.iter().position(|id| *id == stored.to_string()).expect("it was stored before it was deleted");
    kept.remove(deleted);
    let truth: Vec<_> = stage.x.posts_of("ada").unwrap().iter().map(|post| post.id.to_string()).collect();
    assert_eq!(kept, truth);
}

async fn repeated_backfills_reach_the_first_post(backend: Backend) {
    let set = |builder: amber_tests::Builder| {
        let builder = builder.env("X_INGEST_LIMIT", "5").env("X_BACKFILL_COUNT", "10");
        builder.env("X_INGEST_OVERLAP_MINUTES", "0")
    };
    let Some(stage) = Stage::with(backend, set).await else { return };
    stage.add("ada").await;
    stage.write("ada", 37);
    assert_eq!(succeeded(&stage.run().await).inserted, 5);
    assert_eq!(stage.run_dry().await, 0, "older posts are the matter of a backfill");
    let mut backfills = 0;
    while succeeded(&stage.backfill().await).inserted > 0 {
        backfills += 1;
    }
    assert!((4..=6).contains(&backfills), "32 older posts in {backfills} backfills of 10");
    stage.assert_complete(&["ada"]).await;
    stage.write("ada", 7);
    stage.run_dry().await;
    stage.assert_complete(&["ada"]).await;
}

async fn a_leader_whose_timeline_is_empty_at_first_loses_nothing_later(backend: Backend) {
    let Some(stage) = slow_reader(backend).await else { return };
    stage.add("ada").await;
    assert_eq!(succeeded(&stage.run().await).fetched, 0);
    stage.advance(Duration::from_hours(5));
    stage.write("ada", 17);
    assert!(stage.run_dry().await >= 3);
    stage.assert_complete(&["ada"]).await;
}
