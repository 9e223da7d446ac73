//! An X that does everything at once that it may do.

use std::collections::BTreeSet;
use std::time::Duration;

use amber_server::sandbox::Torture;
use amber_tests::Backend;

use crate::stage::{Stage, balanced, on_both_databases, succeeded};

on_both_databases! { a_hostile_x_costs_no_post }

const HANDLES: [&str; 3] = ["ada", "bob", "cyd"];

async fn a_hostile_x_costs_no_post(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    for handle in HANDLES {
        stage.add(handle).await;
    }
    stage.x.set_torture(Torture::hostile(11));
    for _ in 0..12 {
        for handle in HANDLES {
            stage.write(handle, 3);
        }
        balanced(&stage.run().await);
    }
    stage.x.set_torture(Torture::default());
    stage.advance(Duration::from_mins(6));
    stage.run_dry().await;
    succeeded(&stage.run().await);

    let stored: BTreeSet<String> = stage.stored().await.into_iter().map(|post| post.external_id).collect();
    let (mut left, mut ever) = (BTreeSet::new(), BTreeSet::new());
    for handle in HANDLES {
        left.extend(stage.x.posts_of(handle).unwrap().iter().map(|post| post.id.to_string()));
        ever.extend(stage.x.ever_seen_of(handle).unwrap().iter().map(|post| post.id.to_string()));
    }
    assert!(left.len() < ever.len(), "some were deleted");
    assert_eq!(left.difference(&stored).collect::<Vec<_>>(), [""; 0], "lost");
    assert_eq!(stored.difference(&ever).collect::<Vec<_>>(), [""; 0], "invented");
}
