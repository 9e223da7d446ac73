//! Answers of X that say the same in other words, and one that contradicts itself.

use amber_server::sandbox::{Fault, Torture, Twist};
use amber_tests::Backend;

use crate::stage::{Stage, on_both_databases, succeeded};

on_both_databases! {
    whatever_words_x_finds_the_posts_are_stored,
    a_post_whose_time_contradicts_its_id_is_quarantined,
}

async fn whatever_words_x_finds_the_posts_are_stored(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    for twist in Twist::HARMLESS {
        stage.write("ada", 4);
        stage.x.set_torture(Torture { faults: vec![(1.0, Fault::Twisted(twist))], gzip: true, ..Torture::default() });
        let counters = succeeded(&stage.run().await);
        assert_eq!((counters.inserted, counters.quarantined), (4, 0), "{twist:?}");
    }
    stage.assert_complete(&["ada"]).await;
}

async fn a_post_whose_time_contradicts_its_id_is_quarantined(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    let posts = stage.write("ada", 5);
    stage.x.fail_next(1, Fault::Twisted(Twist::WrongTime));
    let counters = succeeded(&stage.run().await);
    assert_eq!((counters.inserted, counters.quarantined), (4, 1));
    let stored: Vec<String> = stage.stored().await.into_iter().map(|post| post.external_id).collect();
    assert!(!stored.contains(&posts[2].to_string()), "{stored:?}");
}
