//! What becomes of single posts: known ones, edited ones, broken ones, and those that nobody wants to keep.

use amber_sdk::v1::TriggerIngestionRequest;
use amber_server::sandbox::Fault;
use amber_tests::Backend;

use crate::stage::{Stage, on_both_databases, succeeded};

on_both_databases! {
    what_is_known_is_not_stored_again,
    an_edit_renews_the_one_row,
    a_malformed_record_is_set_aside_and_the_rest_is_stored,
    a_dry_run_counts_and_stores_nothing,
}

async fn what_is_known_is_not_stored_again(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    stage.add("bob").await;
    stage.write("ada", 6);
    stage.write("bob", 4);
    assert_eq!(succeeded(&stage.run().await).inserted, 10);
    for _ in 0..3 {
        let again = succeeded(&stage.run().await);
        assert_eq!((again.inserted, again.updated), (0, 0));
        assert!(again.unchanged >= 10, "the overlap is read again: {again:?}");
    }
    stage.assert_complete(&["ada", "bob"]).await;
}

async fn an_edit_renews_the_one_row(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    let written = stage.write("ada", 3);
    succeeded(&stage.run().await);
    let first = stage.stored().await.remove(1);
    let newest = stage.x.edit(written[1], "Now it is right.").unwrap();
    let run = succeeded(&stage.run().await);
    assert_eq!((run.inserted, run.updated), (0, 1), "{run:?}");
    stage.assert_complete(&["ada"]).await;
    let post = stage.stored().await.into_iter().find(|post| post.id == first.id).expect("the row stays");
    assert_eq!((post.external_id, post.text.as_str()), (newest.to_string(), "Now it is right."));
    assert!(post.edited && !first.edited);
    assert_eq!(post.post_time, first.post_time, "an edit does not move a post in the feed");
}

async fn a_malformed_record_is_set_aside_and_the_rest_is_stored(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    stage.write("ada", 7);
    stage.x.fail_next(1, Fault::MalformedRecord);
    let run = succeeded(&stage.run().await);
    assert_eq!((run.fetched, run.inserted, run.quarantined), (7, 6, 1), "{run:?}");
    assert_eq!(stage.stored().await.len(), 6);
    assert_eq!(succeeded(&stage.run().await).inserted, 1, "it is well again when it is read again");
    stage.assert_complete(&["ada"]).await;
}

async fn a_dry_run_counts_and_stores_nothing(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    stage.write("ada", 4);
    let run = stage.run_as(TriggerIngestionRequest { dry_run: true, ..Default::default() }).await;
    assert!(run.dry_run);
    let counted = succeeded(&run);
    assert_eq!((counted.fetched, counted.inserted), (4, 4));
    assert!(stage.stored().await.is_empty());
    let leader = stage.status().await.leaders.remove(0);
    assert_eq!((leader.high_water_mark.as_str(), leader.last_success_time), ("", None), "no checkpoint moved");
    assert_eq!(succeeded(&stage.run().await).inserted, 4, "a true run finds all of it new");
}
